import { expect, test } from "vitest";
import { cameFrom, landing, queryOf } from "./landing";

const at = (search: string) => cameFrom(new URLSearchParams(search));

test.each([
  ["", "admin", "/admin"],
  ["", "customer", "/products"],
  ["from=/products/prd_1", "admin", "/admin"],
  ["from=/products/prd_1", "customer", "/products/prd_1"],
  ["next=/cart", "admin", "/cart"],
  ["next=/cart&from=/products", "customer", "/cart"],
  ["next=//evil.example", "admin", "/admin"],
  ["next=https://evil.example", "customer", "/products"],
  ["from=/\\evil.example", "customer", "/products"],
])("%j leads %s to %s", (search, role, path) => {
  expect(landing(at(search), role)).toBe(path);
});

test("the target is passed from one page of the sign-in to the next", () => {
  expect(queryOf(at("next=/cart"))).toBe("?next=%2Fcart");
  expect(queryOf(at("from=/products?type=phone"))).toBe("?from=%2Fproducts%3Ftype%3Dphone");
  expect(queryOf(at("next=//evil.example"))).toBe("");
});
