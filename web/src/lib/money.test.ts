import { expect, test } from "vitest";
import { digitsOf, formatMoney, formatMoneyBriefly, parseMoney, plainMoney } from "./money";

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

test("an amount of an unknown currency is still shown", () => {
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

test("the text of an amount input is read back unchanged", () => {
  for (const minor of [0, 1, 99, 100, 123456789])
    expect(parseMoney(plainMoney(minor, "USD"), "USD")).toBe(minor);
});

/** Digits, then 1,234,567 minor units in full, in short, and as an input shows them. */
const CURRENCIES = [
  ["JPY", 0, "¥1,234,567", "¥1.2M", "1234567"],
  ["KRW", 0, "₩1,234,567", "₩1.2M", "1234567"],
  ["USD", 2, "$12,345.67", "$12.3K", "12345.67"],
  ["EUR", 2, "€12,345.67", "€12.3K", "12345.67"],
  ["HUF", 2, "HUF 12,345.67", "HUF 12.3K", "12345.67"],
  ["KWD", 3, "KWD 1,234.567", "KWD 1.2K", "1234.567"],
  ["TND", 3, "TND 1,234.567", "TND 1.2K", "1234.567"],
  ["CLF", 4, "CLF 123.4567", "CLF 123.5", "123.4567"],
] as const;

test.each(CURRENCIES)("%s has %i digits in every form", (currency, digits, full, brief, plain) => {
  const minor = 1_234_567;
  const spaced = (text: string) => text.replace(/\s/g, " ");
  expect(digitsOf(currency)).toBe(digits);
  expect(spaced(formatMoney(minor, currency, "en-US"))).toBe(full);
  expect(spaced(formatMoneyBriefly(minor, currency, "en-US"))).toBe(brief);
  expect(plainMoney(minor, currency)).toBe(plain);
  expect(parseMoney(plain, currency)).toBe(minor);
  // One digit more than the currency has is no amount of it.
  expect(parseMoney(digits ? `${plain}1` : `${plain}.1`, currency)).toBeNull();
});
