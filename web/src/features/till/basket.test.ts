import { expect, test } from "vitest";
import { idOf, parseBasket, scanned, shortOf, totalOf, unitsIn, without, withQuantity } from "./basket";

const product = (productId: string, price = 250, available = 2) => ({
  productId,
  sku: productId,
  name: productId,
  category: "",
  imageUrl: null,
  price,
  currency: "USD",
  available,
});

test("a product scanned again gets one more unit and moves to the top", () => {
  const basket = [product("a"), product("b"), product("a")].reduce(scanned, [] as ReturnType<typeof scanned>);
  expect(basket.map(({ productId, quantity }) => [productId, quantity])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(unitsIn(basket)).toBe(3);
  expect(totalOf(basket)).toBe(750);
});

test("two variants of a product are two lines", () => {
  const [coral, mint] = ["coral", "mint"].map((variantId) => ({ ...product("phone"), variantId }));
  if (!coral || !mint) throw new Error("two variants");
  const basket = [coral, mint, coral].reduce(scanned, [] as ReturnType<typeof scanned>);
  expect(basket.map(({ variantId, quantity }) => [variantId, quantity])).toEqual([
    ["coral", 2],
    ["mint", 1],
  ]);
  expect(withQuantity(basket, "mint", 0).map(idOf)).toEqual(["coral"]);
  expect(without(basket, scanned([], coral)).map(({ quantity }) => quantity)).toEqual([1, 1]);
  expect(parseBasket(JSON.stringify(basket))).toEqual(basket);
});

test("a quantity of zero removes the line", () => {
  expect(withQuantity(scanned([], product("a")), "a", 0)).toEqual([]);
});

test("a quantity above the stock is marked", () => {
  const basket = withQuantity(scanned(scanned([], product("a")), product("b")), "a", 3);
  expect(shortOf(basket).map(({ productId }) => productId)).toEqual(["a"]);
});

test("a sale removes its units from the list; units scanned meanwhile stay", () => {
  const sold = scanned(scanned([], product("a")), product("b"));
  const basket = scanned(scanned(sold, product("a")), product("c"));
  expect(without(basket, sold).map(({ productId, quantity }) => [productId, quantity])).toEqual([
    ["c", 1],
    ["a", 1],
  ]);
  expect(without(sold, sold)).toEqual([]);
});

test("a stored list is read, and invalid text is an empty list", () => {
  const basket = scanned([], product("a"));
  expect(parseBasket(JSON.stringify(basket))).toEqual(basket);
  for (const malformed of [null, "{", "{}", '[null, 3, {"productId": "a"}]'])
    expect(parseBasket(malformed)).toEqual([]);
});
