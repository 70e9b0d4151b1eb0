import { expect, test } from "vitest";
import type { Product } from "@/api/types";
import {
  bodyOf,
  describeField,
  EMPTY_PRODUCT,
  formOf,
  isNameless,
  mayBePicture,
  merged,
  type ProductForm,
  valuesOf,
} from "./form";

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

test("a picture is loaded by https; one that the product has already may stay", () => {
  expect(mayBePicture("", "")).toBe(true);
  expect(mayBePicture(" https://shop.example/chair.png ", "")).toBe(true);
  expect(mayBePicture("HTTPS://shop.example/chair.png", "")).toBe(true);
  expect(mayBePicture("http://shop.example/chair.png", "")).toBe(false);
  expect(mayBePicture("chair.png", "")).toBe(false);
  expect(mayBePicture("https://shop.example/my chair.png", "")).toBe(false);
  expect(mayBePicture("http://shop.example/old.png", "http://shop.example/old.png")).toBe(true);
});

test("a number is sent as it is displayed, with any digit grouping", () => {
  expect(bodyOf({ ...base, lowStockThreshold: "1 200", reorderPoint: "+7" })).toMatchObject({
    lowStockThreshold: 1200,
    reorderPoint: 7,
  });
});

test("unchanged options keep their values", () => {
  const options = { finish: ["Red, matte", "Blue"], size: [40, 41], one: "single" };
  const product = { price: 1, currency: "USD", options, imageUrl: null, images: [] } as unknown as Product;
  const known = { ...base, options: formOf(product).options };
  const [finish, size, one] = known.options;
  if (!finish || !size || !one) throw new Error("three options");
  expect(bodyOf(known).options).toEqual(options);
  const edited = { ...known, options: [finish, { ...size, values: "40, 41, 42" }, { ...one, name: "kind" }] };
  expect(bodyOf(edited, known).options).toEqual({
    finish: ["Red, matte", "Blue"],
    size: ["40", "41", "42"],
    kind: "single",
  });
});

test("values need a name", () => {
  expect(isNameless({ name: " ", values: "red" })).toBe(true);
  expect(isNameless({ name: "", values: " " })).toBe(false);
  expect(isNameless({ name: "color", values: "" })).toBe(false);
});

test("an edit sends only the changed fields", () => {
  expect(bodyOf(base, base)).toEqual({});
  expect(bodyOf({ ...base, name: "Stool", options: [{ name: "color", values: "red,blue" }] }, base)).toEqual({
    name: "Stool",
  });
  expect(bodyOf({ ...base, currency: "JPY", price: "10" }, base)).toEqual({ currency: "JPY", price: 10 });
});

test("what a product need not have is sent as null where it was cleared", () => {
  const known = { ...base, barcode: "4006381333931", cost: "4.10", weightGrams: "950", taxRate: "19" };
  expect(bodyOf(known, base)).toEqual({
    barcode: "4006381333931",
    cost: 410,
    weightGrams: 950,
    taxRate: 1900,
  });
  expect(bodyOf(base, known)).toEqual({ barcode: null, cost: null, weightGrams: null, taxRate: null });
  expect(bodyOf({ ...known, currency: "JPY", price: "10", cost: "4" }, known)).toMatchObject({ cost: 4 });
  const product = {
    barcode: null,
    cost: 0,
    weightGrams: 0,
    taxRate: 550,
    options: {},
    images: [],
    imageUrl: null,
  };
  expect(formOf({ ...product, currency: "USD" } as unknown as Product)).toMatchObject({
    barcode: "",
    cost: "0.00",
    weightGrams: "0",
    taxRate: "5.5",
  });
});

test("a price keeps its amount where the currency has no cents", () => {
  const product = {
    price: 1200,
    currency: "JPY",
    options: {},
    imageUrl: null,
    images: [],
  } as unknown as Product;
  expect(formOf(product).price).toBe("1200");
});

test("values are separated by commas, without duplicates", () => {
  expect(valuesOf(" red, blue,, red ")).toEqual(["red", "blue"]);
});

test("a field that only one of two people changed is merged", () => {
  const mine = { ...base, name: "Stool" };
  const theirs = { ...base, price: "12.00", brand: "acme" };
  expect(merged(base, mine, theirs)).toEqual({
    form: { ...base, name: "Stool", price: "12.00", brand: "acme" },
    conflicts: [],
    taken: ["brand", "price"],
  });
});

test("a field that both changed to the same value is merged", () => {
  const both = { ...base, name: "Stool" };
  expect(merged(base, both, { ...both })).toMatchObject({ conflicts: [], taken: [] });
});

test("a field that both changed differently keeps my value until somebody chooses", () => {
  const mine = { ...base, name: "Stool", options: [{ name: "color", values: "green" }] };
  const theirs = { ...base, name: "Bench", options: [] };
  const result = merged(base, mine, theirs);
  expect(result.conflicts).toEqual(["name", "options"]);
  expect(result.form).toEqual(mine);
  expect(describeField(theirs, "options")).toBe("none");
  expect(describeField(mine, "options")).toBe("color: green");
});

test("the address of an uploaded picture is not one that somebody typed", () => {
  const picture = { id: "img_1", url: "/media/img_1-800.webp", widths: [800], alt: "", position: 1 };
  const product = { price: 1, currency: "USD", options: {}, imageUrl: picture.url, images: [picture] };
  expect(formOf(product as unknown as Product).imageUrl).toBe("");
  const own = { ...product, imageUrl: "https://example.com/a.png" };
  expect(formOf(own as unknown as Product).imageUrl).toBe("https://example.com/a.png");
});
