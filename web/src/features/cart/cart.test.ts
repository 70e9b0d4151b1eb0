import { expect, test } from "vitest";
import {
  add,
  type CartLine,
  countOf,
  lineKey,
  orderItems,
  otherCurrency,
  parseCart,
  setQuantity,
  totalsOf,
  trimToStock,
  unitsOf,
  without,
} from "./cart";

const line = (
  productId: string,
  quantity: number,
  options: Record<string, string> = {},
  price = 1000,
): CartLine => ({
  productId,
  sku: productId,
  name: productId,
  category: "other",
  imageUrl: null,
  price,
  currency: "USD",
  options,
  quantity,
});

test("the same product with the same options is one line", () => {
  const cart = add(
    add([], line("a", 1, { color: "red", size: "m" }), null),
    line("a", 2, { size: "m", color: "red" }),
    null,
  );
  expect(cart).toHaveLength(1);
  expect(countOf(cart)).toBe(3);
});

test("other options are another line, and both share one stock", () => {
  const cart = add(add([], line("a", 3, { color: "red" }), 5), line("a", 4, { color: "blue" }), 5);
  expect(cart.map(({ quantity }) => quantity)).toEqual([3, 2]);
  expect(unitsOf(cart, "a")).toBe(5);
  expect(add(cart, line("a", 1), 5)).toBe(cart);
});

test("a line gets the newest price", () => {
  expect(add([line("a", 1)], line("a", 1, {}, 900), null)[0]).toMatchObject({ price: 900, quantity: 2 });
});

test("a quantity of zero removes the line", () => {
  const cart = [line("a", 1), line("b", 1)];
  expect(setQuantity(cart, lineKey(line("a", 1)), 0).map(({ productId }) => productId)).toEqual(["b"]);
  expect(countOf(setQuantity(cart, lineKey(line("b", 1)), 7))).toBe(8);
});

test("totals are summed by currency", () => {
  const cart = [line("a", 3), { ...line("b", 2, {}, 500), currency: "EUR" }, line("c", 1, {}, 1)];
  expect(totalsOf(cart)).toEqual([
    { currency: "USD", minor: 3001 },
    { currency: "EUR", minor: 1000 },
  ]);
});

test("when a cart is reduced to the stock, later lines of a product shrink first", () => {
  const cart = [line("a", 3, { color: "red" }), line("a", 3, { color: "blue" }), line("b", 9), line("c", 2)];
  const trimmed = trimToStock(
    cart,
    new Map([
      ["a", 4],
      ["c", 0],
    ]),
  );
  expect(trimmed.map(({ productId, quantity }) => [productId, quantity])).toEqual([
    ["a", 3],
    ["a", 1],
    ["b", 9],
  ]);
});

test("an order contains only products, quantities and chosen options", () => {
  expect(orderItems([line("a", 2, { color: "red" }), line("b", 1)])).toEqual([
    { productId: "a", quantity: 2, options: { color: "red" } },
    { productId: "b", quantity: 1 },
  ]);
});

test("an order removes its own lines from the cart; lines added meanwhile stay", () => {
  const ordered = [line("a", 2, { color: "red" }), line("b", 1)];
  const cart = [line("a", 3, { color: "red" }), line("a", 1, { color: "blue" }), line("b", 1), line("c", 1)];
  expect(without(cart, ordered)).toEqual([
    line("a", 1, { color: "red" }),
    line("a", 1, { color: "blue" }),
    line("c", 1),
  ]);
  expect(without(ordered, ordered)).toEqual([]);
});

test("a stored cart is read, and invalid text is an empty cart", () => {
  const cart = [line("a", 2, { color: "red" })];
  expect(parseCart(JSON.stringify(cart))).toEqual(cart);
  for (const malformed of [
    null,
    "",
    "{",
    "{}",
    "[1]",
    '[{"productId":"a"}]',
    JSON.stringify([{ ...cart[0], quantity: -1 }]),
  ]) {
    expect(parseCart(malformed)).toEqual([]);
  }
});

test("another currency is detected before it is in the cart", () => {
  expect(otherCurrency([], "EUR")).toBeNull();
  expect(otherCurrency([line("a", 1)], "USD")).toBeNull();
  expect(otherCurrency([line("a", 1)], "EUR")).toBe("USD");
  expect(otherCurrency([{ ...line("b", 1), currency: "EUR" }, line("a", 1)], "EUR")).toBe("USD");
});

test("units of a variant are counted by themselves", () => {
  const coral = { ...line("phone", 2, { color: "coral" }), variantId: "v1" };
  const mint = { ...line("phone", 3, { color: "mint" }), variantId: "v2" };
  const cart = add(add([], coral, 2), mint, 3);
  expect(unitsOf(cart, "v1")).toBe(2);
  expect(add(cart, coral, 2)).toBe(cart);
  expect(trimToStock(cart, new Map([["v2", 1]])).map(({ quantity }) => quantity)).toEqual([2, 1]);
});
