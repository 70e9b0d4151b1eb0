import { expect, test } from "vitest";
import { scanned, shortOf, totalOf, unitsIn, withQuantity } from "./basket";

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

test("scanned again, it is one more of it, and stands first", () => {
  const basket = [product("a"), product("b"), product("a")].reduce(scanned, [] as ReturnType<typeof scanned>);
  expect(basket.map(({ productId, quantity }) => [productId, quantity])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(unitsIn(basket)).toBe(3);
  expect(totalOf(basket)).toBe(750);
});

test("none of it takes it off the list", () => {
  expect(withQuantity(scanned([], product("a")), "a", 0)).toEqual([]);
});

test("more than there is stands out", () => {
  const basket = withQuantity(scanned(scanned([], product("a")), product("b")), "a", 3);
  expect(shortOf(basket).map(({ productId }) => productId)).toEqual(["a"]);
});
