import { expect, test } from "vitest";
import { rowsOf, type SteadyRow, steadyRows } from "./steady";

const keyOf = (row: string) => row.charAt(0);
const show = (rows: SteadyRow<string>[]) => rows.map(({ row, gone }) => (gone ? `(${row})` : row)).join(" ");

test.each([
  ["nothing changed", "a b c", "a b c", "a b c"],
  ["a new one in front waits", "a b", "n a b", "a b"],
  ["a new one between waits", "a b", "a n b", "a b"],
  ["a new one behind moves nothing", "a b", "a b n", "a b n"],
  ["what left keeps its place", "a b c", "a c", "a (b) c"],
  ["what changed shows how it is now", "a1 b1", "a2 b1", "a2 b1"],
  ["another order waits", "a b c", "c b a", "a b c"],
  ["all left, and others came", "a b", "x y", "(a) (b)"],
  ["all left", "a b", "", "(a) (b)"],
  ["the first one comes", "", "a", "a"],
])("%s", (_, before, now, shown) => {
  const words = (text: string) => text.split(" ").filter(Boolean);
  expect(show(steadyRows(rowsOf(words(before), keyOf), words(now), keyOf))).toBe(shown);
});

test("a removed row stays in its position until the list is released", () => {
  const left = steadyRows(rowsOf(["a", "b"], keyOf), ["b"], keyOf);
  expect(show(steadyRows(left, ["b", "c"], keyOf))).toBe("(a) b c");
  expect(show(steadyRows(left, ["a", "b"], keyOf))).toBe("a b");
});
