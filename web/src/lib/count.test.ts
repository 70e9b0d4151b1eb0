import { expect, test } from "vitest";
import { counted, formatCount } from "./count";

test("counts are written with singular and plural", () => {
  expect(counted(1, "unit")).toBe("1 unit");
  expect(counted(0, "unit")).toBe("0 units");
  expect(counted(12345, "unit")).toBe(`${formatCount(12345)} units`);
  expect(counted(2, "entry", "entries")).toBe("2 entries");
});
