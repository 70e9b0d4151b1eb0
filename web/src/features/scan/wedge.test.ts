import { expect, test } from "vitest";
import { Wedge } from "./wedge";

function type(wedge: Wedge, text: string, gap: number, from = 0): string | null {
  let code: string | null = null;
  [...text, "Enter"].forEach((key, index) => {
    code = wedge.press({ key, at: from + index * gap }) ?? code;
  });
  return code;
}

test("fast keys and Enter are a scanned code", () => {
  expect(type(new Wedge(), "4006381333931", 8)).toBe("4006381333931");
  expect(type(new Wedge(), "AC-CHG-65", 30)).toBe("AC-CHG-65");
});

test("typing by hand is no scanned code", () => {
  expect(type(new Wedge(), "4006381333931", 120)).toBeNull();
});

test("a few fast keys are no code", () => {
  expect(type(new Wedge(), "abc", 5)).toBeNull();
});

test("text typed by hand before is not part of the code", () => {
  const wedge = new Wedge();
  wedge.press({ key: "x", at: 0 });
  wedge.press({ key: "y", at: 200 });
  expect(type(wedge, "12345678", 5, 1000)).toBe("12345678");
});

test("each code is reported once, and the next one follows", () => {
  const wedge = new Wedge();
  expect(type(wedge, "1111", 5)).toBe("1111");
  expect(wedge.press({ key: "Enter", at: 30 })).toBeNull();
  expect(type(wedge, "2222", 5, 500)).toBe("2222");
});

test("capital letters come with Shift, and other keys start again", () => {
  const wedge = new Wedge();
  ["Shift", "A", "Shift", "B", "1", "2"].forEach((key, index) => {
    wedge.press({ key, at: index * 5 });
  });
  expect(wedge.length).toBe(4);
  expect(wedge.press({ key: "Enter", at: 32 })).toBe("AB12");
  expect(type(wedge, "12", 5, 100)).toBeNull();
  ["9", "9", "Tab", "1", "2", "3"].forEach((key, index) => {
    wedge.press({ key, at: 200 + index * 5 });
  });
  expect(wedge.press({ key: "Enter", at: 232 })).toBeNull();
});

test("text typed before a reset is no code", () => {
  const wedge = new Wedge();
  for (const [index, key] of ["1", "2", "3", "4"].entries()) wedge.press({ key, at: index * 5 });
  wedge.reset();
  expect(wedge.press({ key: "Enter", at: 22 })).toBeNull();
});
