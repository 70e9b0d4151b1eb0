import { expect, test } from "vitest";
import { dayEnd, dayStart, formatCountdown, formatRelative, formatTime } from "./time";

const NOW = Date.parse("2026-03-10T12:00:00.000Z");

test("near times are shown by their distance", () => {
  expect(formatRelative(NOW - 10_000, NOW)).toBe("just now");
  expect(formatRelative(NOW + 10_000, NOW)).toBe("in a moment");
  expect(formatRelative(NOW - 3 * 60_000, NOW)).toBe("3 minutes ago");
  expect(formatRelative(NOW + 2 * 3_600_000, NOW)).toBe("in 2 hours");
  expect(formatRelative(NOW - 26 * 3_600_000, NOW)).toBe("yesterday");
});

test("far times are shown by their date", () => {
  expect(formatRelative(Date.parse("2025-12-24T12:00:00Z"), NOW)).toContain("2025");
});

test("an invalid time is shown as it is", () => {
  expect(formatTime("soon", "datetime")).toBe("soon");
});

test("a countdown never goes below zero", () => {
  expect(formatCountdown(754_000)).toBe("12:34");
  expect(formatCountdown(3_723_000)).toBe("1:02:03");
  expect(formatCountdown(-5)).toBe("0:00");
});

test("a day is the reader's own, from its first moment to its last", () => {
  const [start, end] = [dayStart("2026-11-21"), dayEnd("2026-11-21")];
  expect(new Date(start ?? "").getHours()).toBe(0);
  expect(Date.parse(end ?? "") - Date.parse(start ?? "")).toBe(24 * 3_600_000 - 1);
  expect(dayStart("no day")).toBeUndefined();
});
