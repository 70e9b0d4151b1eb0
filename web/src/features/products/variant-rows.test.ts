import { expect, test } from "vitest";
import { evenly, leftAt, spreadBody, withShare } from "./spreading";
import { rowKey, rowsOf, typedOptions, variantsBody, whyNoVariants } from "./variant-rows";

const OPTIONS = [
  { name: "color", values: ["red", "blue"] },
  { name: "size", values: ["S", "M"] },
];

test("options are read as they are typed", () => {
  expect(
    typedOptions([
      { name: " color ", values: "red, blue,, red" },
      { name: "", values: "x" },
      { name: "size", values: " " },
    ]),
  ).toEqual([{ name: "color", values: ["red", "blue"] }]);
});

test("a row stays as it was typed while the options change", () => {
  const [first, ...rest] = rowsOf(OPTIONS, [], new Set());
  if (!first) throw new Error("no rows");
  expect(rest).toHaveLength(3);
  const typed = [{ ...first, quantity: "7", price: "12" }, ...rest];
  const more = rowsOf([...OPTIONS.slice(0, 1), { name: "size", values: ["S", "M", "L"] }], typed, new Set());
  expect(more).toHaveLength(6);
  expect(more[0]).toEqual({ ...first, quantity: "7", price: "12" });
  const fewer = rowsOf(OPTIONS, typed, new Set([rowKey({ color: "red", size: "S" })]));
  expect(fewer.map(({ options }) => Object.values(options).join(" "))).toEqual(["red M", "blue S", "blue M"]);
});

test("too many options or combinations are no variants", () => {
  expect(whyNoVariants(OPTIONS)).toBeNull();
  expect(whyNoVariants([..."abcd"].map((name) => ({ name, values: ["x"] })))).toMatch(/At most 3/);
  const many = { name: "a", values: Array.from({ length: 16 }, (_, index) => String(index)) };
  expect(whyNoVariants([many, { ...many, name: "b" }])).toMatch(/256 combinations/);
});

test("variants are sent with a SKU, and a price of their own only where one is typed", () => {
  const rows = [
    { options: { color: "red" }, sku: "", barcode: " 4006381333931 ", price: "", quantity: "3" },
    { options: { color: "blue" }, sku: " B-1 ", barcode: " ", price: "12.50", quantity: "" },
  ];
  expect(variantsBody(rows, { sku: "SH", currency: "USD" })).toEqual([
    { options: { color: "red" }, sku: "SH-RED", quantity: 3, barcode: "4006381333931" },
    { options: { color: "blue" }, sku: "B-1", quantity: 0, price: 1250 },
  ]);
});

test("a shared stock is given out to the unit, at each location", () => {
  const rows = [{ color: "red" }, { color: "blue" }, { color: "green" }];
  const levels = [
    { location: "default", available: 8 },
    { location: "shop", available: 3 },
  ];
  const shares = evenly(rows, levels);
  expect(levels.map((level) => leftAt(rows, level, shares))).toEqual([0, 0]);
  expect(spreadBody(rows, levels, shares, { [rowKey({ color: "red" })]: "R-1" })).toEqual([
    {
      options: { color: "red" },
      sku: "R-1",
      locations: [
        { location: "default", quantity: 3 },
        { location: "shop", quantity: 1 },
      ],
    },
    {
      options: { color: "blue" },
      locations: [
        { location: "default", quantity: 3 },
        { location: "shop", quantity: 1 },
      ],
    },
    {
      options: { color: "green" },
      locations: [
        { location: "default", quantity: 2 },
        { location: "shop", quantity: 1 },
      ],
    },
  ]);
  const [level] = levels;
  if (!level) throw new Error("no level");
  expect(leftAt(rows, level, withShare(shares, { color: "red" }, "default", "9"))).toBe(-6);
  expect(leftAt(rows, level, withShare(shares, { color: "red" }, "default", "x"))).toBeNull();
  expect(leftAt(rows, level, {})).toBe(8);
});
