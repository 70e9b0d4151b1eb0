import { expect, test } from "vitest";
import {
  combinations,
  findVariant,
  firstOptions,
  leftOf,
  smallVariantUrl,
  suggestedSku,
  type Variant,
  withChoice,
} from "./variants";

const variant = (color: string, size: string, quantity: number): Variant => ({
  id: `${color}-${size}`,
  sku: `${color}-${size}`,
  options: { color, size },
  price: 100,
  imageUrl: null,
  inStock: quantity > 0,
  isLow: false,
  quantity,
});
const SHIRTS = [
  variant("red", "S", 0),
  variant("red", "M", 3),
  variant("blue", "M", 0),
  variant("blue", "L", 2),
];
const OPTIONS = { color: ["red", "blue"], size: ["S", "M", "L"] };

test("the first variant that can be bought is chosen", () => {
  expect(firstOptions({ options: OPTIONS, variants: SHIRTS })).toEqual({ color: "red", size: "M" });
  expect(firstOptions({ options: OPTIONS, variants: [SHIRTS[0] as Variant] })).toEqual({
    color: "red",
    size: "S",
  });
  expect(firstOptions({ options: { color: ["red"], size: 42 }, variants: [] })).toEqual({
    color: "red",
    size: "42",
  });
});

test("a variant has all of the options, and no others", () => {
  expect(findVariant(SHIRTS, { size: "L", color: "blue" })?.id).toBe("blue-L");
  expect(findVariant(SHIRTS, { color: "red", size: "L" })).toBeNull();
  expect(findVariant(SHIRTS, { color: "red" })).toBeNull();
});

test("another choice gives way where no variant has both", () => {
  expect(withChoice(SHIRTS, { color: "red", size: "M" }, "color", "blue")).toEqual({
    color: "blue",
    size: "M",
  });
  expect(withChoice(SHIRTS, { color: "red", size: "S" }, "color", "blue")).toEqual({
    color: "blue",
    size: "L",
  });
  expect(withChoice([], { color: "red" }, "color", "blue")).toEqual({ color: "blue" });
});

test("what is left of a value is that of the variant with the other choices", () => {
  const chosen = { color: "red", size: "M" };
  expect(leftOf(SHIRTS, chosen, "size", "M")).toEqual({ quantity: 3, gone: "no", beside: ["red"] });
  expect(leftOf(SHIRTS, chosen, "size", "S").gone).toBe("all");
  expect(leftOf(SHIRTS, chosen, "size", "L")).toEqual({ quantity: 0, gone: "here", beside: ["red"] });
  expect(leftOf(SHIRTS, chosen, "color", "blue").gone).toBe("here");
});

test("a variant shows its own picture, else its product's", () => {
  const images = [1, 2].map((id) => ({
    id: String(id),
    url: `/media/${String(id)}-800.webp`,
    widths: [320, 800],
    alt: "",
  }));
  const goods = { imageUrl: "/media/1-800.webp", images };
  expect(smallVariantUrl(goods, { imageUrl: "/media/2-800.webp" })).toBe("/media/2-320.webp");
  expect(smallVariantUrl(goods, { imageUrl: "https://example.com/3.png" })).toBe("https://example.com/3.png");
  expect(smallVariantUrl(goods, null)).toBe("/media/1-320.webp");
});

test("options make their combinations, in their order", () => {
  expect(combinations([])).toEqual([]);
  expect(
    combinations([
      { name: "color", values: ["red", "blue"] },
      { name: "size", values: ["S", "M"] },
    ]).map((each) => Object.values(each).join(" ")),
  ).toEqual(["red S", "red M", "blue S", "blue M"]);
});

test("a SKU is made of the product's and the values", () => {
  expect(suggestedSku("PH-1", { color: "Felt grey", size: "M" })).toBe("PH-1-FELT-GREY-M");
  expect(suggestedSku(" SHIRT ", { color: "Crème" })).toBe("SHIRT-CREME");
  expect(suggestedSku("", { size: "40" })).toBe("40");
});
