import { expect, test } from "vitest";
import {
  currenciesOf,
  dayName,
  daysBack,
  inAndOut,
  measured,
  pointsOf,
  type SalesPart,
  sentenceOf,
} from "./series";

function part(date: string, given: Partial<SalesPart> = {}): SalesPart {
  return {
    date,
    orders: 0,
    cancelledOrders: 0,
    sales: 0,
    units: 0,
    returnedUnits: 0,
    revenue: [],
    margin: [],
    ...given,
  };
}

const PARTS = [
  part("2025-01-30", { orders: 1, units: 2, revenue: [{ currency: "USD", amount: 500 }] }),
  part("2025-01-31", {
    orders: 2,
    sales: 3,
    units: 9,
    revenue: [
      { currency: "EUR", amount: 900 },
      { currency: "USD", amount: 700 },
    ],
  }),
  part("2025-02-01"),
];

test("each currency has its own line", () => {
  expect(currenciesOf(PARTS)).toEqual(["EUR", "USD"]);
  expect(pointsOf(PARTS, { kind: "revenue", currency: "USD" }).map(({ value }) => value)).toEqual([
    500, 700, 0,
  ]);
  expect(pointsOf(PARTS, { kind: "revenue", currency: "EUR" }).map(({ value }) => value)).toEqual([
    0, 900, 0,
  ]);
});

test("a margin is in one currency, and nothing where no cost is known", () => {
  const margin = { currency: "USD", revenue: 500, cost: 200, amount: 300, shareOfRevenue: 10_000 };
  const parts = [part("2025-01-30", { margin: [margin] }), part("2025-01-31")];
  expect(pointsOf(parts, { kind: "margin", currency: "USD" }).map(({ value }) => value)).toEqual([300, 0]);
  expect(pointsOf(parts, { kind: "margin", currency: "EUR" }).map(({ value }) => value)).toEqual([0, 0]);
});

test("orders and sales at the till are counted together", () => {
  expect(PARTS.map((each) => measured(each, { kind: "orders" }))).toEqual([1, 5, 0]);
});

test("a chart is described in a sentence", () => {
  expect(sentenceOf(pointsOf(PARTS, { kind: "units" }), String)).toBe(
    `11 in total; most on ${dayName("2025-01-31")}: 9.`,
  );
  expect(sentenceOf(pointsOf(PARTS, { kind: "units" }), String, true)).toContain("most in the week of");
  expect(sentenceOf([{ date: "2025-01-01", value: 0 }], String)).toBe("0 in total.");
});

test("the first of thirty days is twenty-nine days back, also over the clocks' change", () => {
  expect(daysBack(new Date(2025, 3, 1, 0, 30), 30)).toBe("2025-03-03");
  expect(daysBack(new Date(2025, 3, 1, 23, 30), 1)).toBe("2025-04-01");
});

test("incoming and outgoing units are separate", () => {
  const day = { date: "2025-01-01", initial: 5, restocked: 20, sold: -7, returned: 1, adjusted: -2 };
  expect(inAndOut({ ...day, change: 17, closingStock: null })).toEqual({
    date: "2025-01-01",
    came: 26,
    went: 9,
  });
});
