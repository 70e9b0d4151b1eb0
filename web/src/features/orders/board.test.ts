import { expect, test } from "vitest";
import type { Order } from "@/api/types";
import { type Board, byProduct, movedOn, nextStep, returnable, returnItems } from "./board";

const order = (id: string): Order => ({ id, status: "CONFIRMED" }) as Order;
const board = (...ids: string[][]): Board => ({
  pages: ids.map((page) => ({ items: page.map(order), count: page.length, nextToken: null })),
  pageParams: ids.map(() => null),
});
const idsOf = (found: Board | undefined) => found?.pages.map((page) => page.items.map(({ id }) => id));

test("an order leaves its column, on whichever page it stood", () => {
  expect(idsOf(movedOn(board(["a", "b"], ["c"]), order("c"), null))).toEqual([["a", "b"], []]);
});

test("an order comes first in its new column, once", () => {
  expect(idsOf(movedOn(board(["a"], ["b"]), order("b"), order("b")))).toEqual([["b", "a"], []]);
});

test("a column that was never read stays unread", () => {
  expect(movedOn(undefined, order("a"), order("a"))).toBeUndefined();
});

test("what comes back is asked for by product, whatever its options", () => {
  const [midnight, mouse, ivory] = [
    { productId: "p", quantity: 3, returned: 1 },
    { productId: "q", quantity: 1, returned: 1 },
    { productId: "p", quantity: 2, returned: 0 },
  ] as const;
  const sold = byProduct([midnight, mouse, ivory]);
  expect(sold).toEqual([
    { productId: "p", quantity: 5, returned: 1, lines: [midnight, ivory] },
    { ...mouse, lines: [mouse] },
  ]);
  expect(sold.map(returnable)).toEqual([4, 0]);
  expect(returnItems(sold, [9, 1])).toEqual([{ productId: "p", quantity: 4 }]);
  expect(returnItems(sold, [0, 0])).toEqual([]);
});

test.each([
  ["PENDING", "PACKED"],
  ["CONFIRMED", "PACKED"],
  ["PACKED", "DELIVERED"],
  ["DELIVERED", null],
  ["CANCELLED", null],
])("after %s comes %s", (status, next) => {
  expect(nextStep({ status })).toBe(next);
});
