import { expect, test } from "vitest";
import { ApiError, conflictingState, fieldErrors, messageOf, shortages, sortErrors } from "./errors";

const error = (status: number, code: string, details?: unknown) =>
  new ApiError({ status, code, message: "No.", details });

test("a wrong field is shown by its name", () => {
  const wrong = error(400, "VALIDATION_ERROR", [{ field: "items[0].productId", message: "is required" }, 3]);
  expect(fieldErrors(wrong)).toHaveLength(1);
  expect(messageOf(wrong)).toBe("Items 0 product id is required");
  expect(messageOf(error(409, "CONFLICT"))).toBe("No.");
});

test("an internal error reveals no internals", () => {
  expect(messageOf(new TypeError("x is undefined"))).not.toContain("undefined");
});

test("shortages are listed line by line", () => {
  const lines = [{ productId: "prd_1", sku: "A", requested: 5, available: 2 }];
  expect(shortages(error(409, "INSUFFICIENT_STOCK", { requested: 5, available: 2, lines }))).toEqual(lines);
  expect(shortages(error(409, "CONFLICT", { lines }))).toEqual([]);
  expect(shortages(error(409, "INSUFFICIENT_STOCK"))).toEqual([]);
});

test("a conflict has the current state", () => {
  expect(conflictingState(error(412, "VERSION_CONFLICT", { current: { version: 4 } }))).toEqual({
    version: 4,
  });
  expect(conflictingState(error(409, "CONFLICT", { current: { version: 4 } }))).toBeNull();
});

test("field errors are shown at their fields, in lists too; others below the form", () => {
  const fields = ["name", "options"];
  const details = [
    { field: "name", message: "is required" },
    { field: "options[0].name", message: "is required" },
    { field: "tenant", message: "is closed" },
  ];
  const { known, rest } = sortErrors(error(400, "VALIDATION_ERROR", details), fields);
  expect(known.map(({ field }) => field)).toEqual(["name", "options.0.name"]);
  expect(messageOf(rest)).toBe("Tenant is closed");
  expect(sortErrors(error(400, "VALIDATION_ERROR", details.slice(0, 2)), fields).rest).toBeNull();
});

test("a value that is taken already is reported at its field", () => {
  const taken = error(409, "ALREADY_EXISTS", { sku: "A-1", productId: "prd_1" });
  expect(sortErrors(taken, ["name", "sku"])).toEqual({
    known: [{ field: "sku", message: "No." }],
    rest: null,
  });
  expect(sortErrors(error(409, "ALREADY_EXISTS"), ["id"], "id").known).toHaveLength(1);
  const other = error(409, "ALREADY_EXISTS", { location: "shop" });
  expect(sortErrors(other, ["name"])).toEqual({ known: [], rest: other });
});

test("only internal errors refer to the log", () => {
  expect([401, 409, 429, 0].map((status) => error(status, "ANY").isUnexpected)).not.toContain(true);
  expect(error(500, "INTERNAL_ERROR").isUnexpected).toBe(true);
});
