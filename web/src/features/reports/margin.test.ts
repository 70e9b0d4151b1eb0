import { expect, test } from "vitest";
import { formatMoney } from "@/lib/money";
import { knownShare, type Margin, marginInWords } from "./margin";

const dollars: Margin = { currency: "USD", revenue: 1000, cost: 600, amount: 400, shareOfRevenue: 7500 };
const euros: Margin = { currency: "EUR", revenue: 0, cost: 50, amount: -50, shareOfRevenue: null };

test("a margin is an amount and a share of its revenue", () => {
  expect(marginInWords([dollars])).toBe(`${formatMoney(400, "USD")} (40 %)`);
  expect(marginInWords([dollars, euros])).toContain(` and ${formatMoney(-50, "EUR")}`);
  expect(marginInWords([])).toBe("");
});

test("the share of the revenue with a known cost is the least of all currencies", () => {
  expect(knownShare([dollars, { ...dollars, shareOfRevenue: 1234 }, euros])).toBe(12);
  expect(knownShare([euros])).toBeNull();
  expect(knownShare([])).toBeNull();
});
