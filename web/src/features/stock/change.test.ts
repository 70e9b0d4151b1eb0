import { expect, test } from "vitest";
import { type ChangeForm, changed, deltasOf, parseWhole, problemsOf, type Stock } from "./change";

const stock: Stock = {
  availableStock: 12,
  reservedStock: 3,
  totalStock: 15,
  lowStockThreshold: 10,
  isLowStock: false,
  status: "IN_STOCK",
  locations: [
    { location: "default", active: true, availableStock: 8, reservedStock: 3, totalStock: 11, version: 4 },
    { location: "store", active: true, availableStock: 4, reservedStock: 0, totalStock: 4, version: 4 },
  ],
};
const form = (given: Partial<ChangeForm> = {}): ChangeForm => ({
  quantity: "2",
  location: "default",
  to: "store",
  reason: "Because",
  ...given,
});

test.each([
  ["12", 12],
  [" -3 ", -3],
  ["−3", -3],
  ["+4", 4],
  ["1 200", 1200],
  ["-0", 0],
  ["", null],
  ["1.5", null],
  ["1e3", null],
  ["12345678901", null],
  ["two", null],
])("%j is read as %j", (text, units) => {
  expect(parseWhole(text)).toBe(units);
});

test("every change needs a reason", () => {
  for (const kind of ["restock", "adjust", "count", "transfer"] as const)
    expect(problemsOf(kind, stock, form({ reason: "  " }))).toHaveProperty("reason");
});

test("an adjustment takes at most the available units of its location", () => {
  expect(problemsOf("adjust", stock, form({ quantity: "-8" }))).toEqual({});
  expect(problemsOf("adjust", stock, form({ quantity: "-9" }))).toHaveProperty("quantity");
  expect(problemsOf("adjust", stock, form({ quantity: "0" }))).toHaveProperty("quantity");
  expect(problemsOf("adjust", stock, form({ quantity: "-1", location: "nowhere" }))).toHaveProperty(
    "quantity",
  );
});

test("a count is never below the reserved units", () => {
  expect(problemsOf("count", stock, form({ quantity: "3" }))).toEqual({});
  expect(problemsOf("count", stock, form({ quantity: "2" }))).toHaveProperty("quantity");
  expect(problemsOf("count", stock, form({ quantity: "0", location: "store" }))).toEqual({});
});

test("a transfer needs another location and takes at most the available units", () => {
  expect(problemsOf("transfer", stock, form({ quantity: "8" }))).toEqual({});
  expect(problemsOf("transfer", stock, form({ quantity: "9" }))).toHaveProperty("quantity");
  expect(problemsOf("transfer", stock, form({ quantity: "-1" }))).toHaveProperty("quantity");
  expect(problemsOf("transfer", stock, form({ to: "default" }))).toHaveProperty("to");
});

test("a count becomes the difference to the total, a transfer two opposite changes", () => {
  expect(deltasOf("count", stock, form({ quantity: "9" }))).toEqual(new Map([["default", -2]]));
  expect(deltasOf("transfer", stock, form({ quantity: "5" }))).toEqual(
    new Map([
      ["default", -5],
      ["store", 5],
    ]),
  );
  expect(deltasOf("restock", stock, form({ quantity: "x" }))).toBeNull();
});

test("the optimistic change equals the server's answer", () => {
  const less = changed(stock, new Map([["store", -4]]));
  expect(less).toMatchObject({
    availableStock: 8,
    totalStock: 11,
    reservedStock: 3,
    status: "LOW",
    isLowStock: true,
  });
  expect(less.locations[1]).toMatchObject({ availableStock: 0, totalStock: 0 });
  expect(changed(stock, new Map([["default", -12]])).status).toBe("OUT");
  expect(stock.availableStock).toBe(12);
});

test("a transfer changes no sum, and opens a location that held none", () => {
  const moved = changed(
    stock,
    new Map([
      ["default", -2],
      ["outlet", 2],
    ]),
  );
  expect(moved).toMatchObject({ availableStock: 12, totalStock: 15 });
  expect(moved.locations.map(({ location, totalStock }) => [location, totalStock])).toEqual([
    ["default", 9],
    ["store", 4],
    ["outlet", 2],
  ]);
});
