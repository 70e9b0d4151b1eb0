import { expect, test } from "vitest";
import type { Product } from "@/api/types";
import { bodyOf, EMPTY_PRODUCT, formOf, merged, type ProductForm, told, valuesOf } from "./form";

const base: ProductForm = {
  ...EMPTY_PRODUCT,
  name: "Chair",
  sku: "CH-1",
  price: "10.00",
  options: [{ name: "color", values: "red, blue" }],
};

test("a form sends whole numbers, minor units and lists of values", () => {
  expect(bodyOf({ ...base, imageUrl: " ", lowStockThreshold: " 5 " })).toMatchObject({
    name: "Chair",
    price: 1000,
    imageUrl: null,
    lowStockThreshold: 5,
    options: { color: ["red", "blue"] },
  });
});

test("an edit sends only what is different", () => {
  expect(bodyOf(base, base)).toEqual({});
  expect(bodyOf({ ...base, name: "Stool", options: [{ name: "color", values: "red,blue" }] }, base)).toEqual({
    name: "Stool",
  });
  expect(bodyOf({ ...base, currency: "JPY", price: "10" }, base)).toEqual({ currency: "JPY", price: 10 });
});

test("a price keeps its amount where the currency has no cents", () => {
  const product = { price: 1200, currency: "JPY", options: {}, imageUrl: null } as unknown as Product;
  expect(formOf(product).price).toBe("1200");
});

test("values are told apart by commas, each once", () => {
  expect(valuesOf(" red, blue,, red ")).toEqual(["red", "blue"]);
});

test("what only one of two changed needs no choice", () => {
  const mine = { ...base, name: "Stool" };
  const theirs = { ...base, price: "12.00", brand: "acme" };
  expect(merged(base, mine, theirs)).toEqual({
    form: { ...base, name: "Stool", price: "12.00", brand: "acme" },
    conflicts: [],
    taken: ["brand", "price"],
  });
});

test("what both changed to the same needs no choice either", () => {
  const both = { ...base, name: "Stool" };
  expect(merged(base, both, { ...both })).toMatchObject({ conflicts: [], taken: [] });
});

test("what both changed differently stays mine until somebody chooses", () => {
  const mine = { ...base, name: "Stool", options: [{ name: "color", values: "green" }] };
  const theirs = { ...base, name: "Bench", options: [] };
  const result = merged(base, mine, theirs);
  expect(result.conflicts).toEqual(["name", "options"]);
  expect(result.form).toEqual(mine);
  expect(told(theirs, "options")).toBe("none");
  expect(told(mine, "options")).toBe("color: green");
});
