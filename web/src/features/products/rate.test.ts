import { expect, test } from "vitest";
import { marginOf, parseRate, plainRate } from "./rate";

test.each([
  ["19", 1900],
  ["5.5", 550],
  ["7,25 %", 725],
  ["0", 0],
  ["100", 10_000],
])("%s is a rate", (text, rate) => {
  expect(parseRate(text)).toBe(rate);
});

test.each(["", "x", "-1", "100.5", "1000", "1.234", "1,000.5"])("%j is none", (text) => {
  expect(parseRate(text)).toBeNull();
});

test("a rate is written as it is typed", () => {
  for (const rate of [0, 1, 550, 725, 1900, 10_000]) expect(parseRate(plainRate(rate))).toBe(rate);
});

test("a margin is a share of the price", () => {
  expect(marginOf(1000, 600)).toBe(40);
  expect(marginOf(1000, 0)).toBe(100);
  expect(marginOf(1000, 1500)).toBe(-50);
  expect(marginOf(0, 5)).toBeNull();
  expect(marginOf(1000, null)).toBeNull();
});
