import { expect, test } from "vitest";
import { digitsOf, formatMoney, parseMoney, plainMoney } from "./money";

test("minor units are written as the currency has them", () => {
  expect(formatMoney(129900, "USD", "en-US")).toBe("$1,299.00");
  expect(formatMoney(5, "USD", "en-US")).toBe("$0.05");
  expect(formatMoney(-250, "USD", "en-US")).toBe("-$2.50");
  expect(formatMoney(1299, "JPY", "en-US")).toBe("¥1,299");
  expect(formatMoney(1299, "KWD", "en-US").replace(/\s/, " ")).toBe("KWD 1.299");
  expect(formatMoney(1299, "IQD", "en-US").replace(/\s/, " ")).toBe("IQD 1.299");
  expect(formatMoney(1299, "HUF", "en-US").replace(/\s/, " ")).toBe("HUF 12.99");
  expect(formatMoney(1299, "XOF", "en-US").replace(/\s/, " ")).toContain("1,299");
});

test("a currency that nobody knows is still an amount", () => {
  expect(formatMoney(1050, "coins", "en-US")).toBe("10.50");
  expect(digitsOf("JPY")).toBe(0);
});

test.each([
  ["1299.5", "USD", 129950],
  ["1,299.50", "USD", 129950],
  [" 7 ", "USD", 700],
  [".5", "USD", null],
  ["0.005", "USD", null],
  ["12.5", "JPY", null],
  ["1.234", "KWD", 1234],
  ["-3.20", "USD", -320],
  ["12,50", "USD", 1250],
  ["12,5", "USD", 1250],
  ["1,299", "USD", 129900],
  ["1.299,50", "USD", 129950],
  ["1 299,50", "EUR", 129950],
  ["1,299,50", "USD", null],
  ["1299,500", "USD", null],
  ["1,2", "JPY", null],
  ["1,234", "KWD", null],
  ["1,234.5", "KWD", 1234500],
  ["abc", "USD", null],
  ["", "USD", null],
])("%j in %s is read as %j", (text, currency, minor) => {
  expect(parseMoney(text, currency)).toBe(minor);
});

test("what an input shows is read back as it was", () => {
  for (const minor of [0, 1, 99, 100, 123456789])
    expect(parseMoney(plainMoney(minor, "USD"), "USD")).toBe(minor);
});
