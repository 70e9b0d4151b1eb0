import { expect, test } from "vitest";
import { choicesOf, describeOptions, notOffered } from "./options";

test("options that offer values are choices; anything else is not", () => {
  const choices = choicesOf({
    color: ["red", "blue", "red"],
    size: 42,
    waterproof: true,
    none: [],
    deep: { a: 1 },
  });
  expect(choices).toEqual([
    { name: "color", values: ["red", "blue"] },
    { name: "size", values: ["42"] },
  ]);
});

test("chosen options are described in a few words", () => {
  expect(describeOptions({ color: "felt grey", size: 40, gift: { wrapped: true } })).toBe("Felt grey, 40");
});

test("options chosen before the shop changed them are described", () => {
  const options = { color: ["red", "blue"], size: [40, 41] };
  expect(notOffered({ color: "red", size: "41" }, options)).toEqual([]);
  expect(notOffered({ color: "green", size: "41", finish: "matte" }, options)).toEqual(["Green", "Matte"]);
});
