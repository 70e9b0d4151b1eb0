import { expect, test } from "vitest";
import { ApiError, conflictingState, fieldErrors, messageOf, shortages } from "./errors";

const error = (status: number, code: string, details?: unknown) =>
  new ApiError({ status, code, message: "No.", details });

test("a wrong field is told by its name", () => {
  const wrong = error(400, "VALIDATION_ERROR", [{ field: "items[0].productId", message: "is required" }, 3]);
  expect(fieldErrors(wrong)).toHaveLength(1);
  expect(messageOf(wrong)).toBe("Items 0 product id is required");
  expect(messageOf(error(409, "CONFLICT"))).toBe("No.");
});

test("what was thrown by a mistake of ours says nothing of the inside", () => {
  expect(messageOf(new TypeError("x is undefined"))).not.toContain("undefined");
});

test("shortages are told line by line", () => {
  const lines = [{ productId: "prd_1", sku: "A", requested: 5, available: 2 }];
  expect(shortages(error(409, "INSUFFICIENT_STOCK", { requested: 5, available: 2, lines }))).toEqual(lines);
  expect(shortages(error(409, "CONFLICT", { lines }))).toEqual([]);
  expect(shortages(error(409, "INSUFFICIENT_STOCK"))).toEqual([]);
});

test("a conflict brings the state now", () => {
  expect(conflictingState(error(412, "VERSION_CONFLICT", { current: { version: 4 } }))).toEqual({
    version: 4,
  });
  expect(conflictingState(error(409, "CONFLICT", { current: { version: 4 } }))).toBeNull();
});
