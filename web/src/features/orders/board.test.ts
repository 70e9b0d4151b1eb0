import { expect, test } from "vitest";
import type { Order, OrderStatus } from "@/api/types";
import { type Board, movedOn, nextStep, returnable, returnItems } from "./board";

const order = (id: string): Order => ({ id, status: "CONFIRMED" }) as Order;
const board = (...ids: string[][]): Board => ({
  pages: ids.map((page) => ({ items: page.map(order), count: page.length, nextToken: null })),
  pageParams: ids.map(() => null),
});
const idsOf = (found: Board | undefined) => found?.pages.map((page) => page.items.map(({ id }) => id));

test("an order leaves its column from any page", () => {
  expect(idsOf(movedOn(board(["a", "b"], ["c"]), order("c"), null))).toEqual([["a", "b"], []]);
});

test("an order comes first in its new column, once", () => {
  expect(idsOf(movedOn(board(["a"], ["b"]), order("b"), order("b")))).toEqual([["b", "a"], []]);
});

test("a column that was never read stays unread", () => {
  expect(movedOn(undefined, order("a"), order("a"))).toBeUndefined();
});

test("a return is requested by line, at most the units left of it", () => {
  const lines = [
    { lineId: "line_1", quantity: 3, returned: 1 },
    { lineId: "line_2", quantity: 1, returned: 1 },
    { lineId: "line_3", quantity: 2, returned: 0 },
  ];
  expect(lines.map(returnable)).toEqual([2, 0, 2]);
  expect(returnItems(lines, [9, 1, 1])).toEqual([
    { lineId: "line_1", quantity: 2 },
    { lineId: "line_3", quantity: 1 },
  ]);
  expect(returnItems(lines, [0, 0, 0])).toEqual([]);
});

test.each<[OrderStatus, string | null]>([
  ["PENDING", "PACKED"],
  ["CONFIRMED", "PACKED"],
  ["PACKED", "DELIVERED"],
  ["DELIVERED", null],
  ["CANCELLED", null],
])("after %s comes %s", (status, next) => {
  expect(nextStep({ status })).toBe(next);
});
