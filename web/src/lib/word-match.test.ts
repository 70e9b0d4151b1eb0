import { expect, test } from "vitest";
import { beginsWords } from "./word-match";

test.each([
  ["sign", true],
  ["si ou", true],
  ["OUT sign", true],
  ["", true],
  ["sun", false],
  ["ign", false],
  ["sign up", false],
])("%j finds the command to sign out: %j", (looked, found) => {
  expect(beginsWords(looked, "Sign out", "leave")).toBe(found);
});

test("words are read in every script", () => {
  expect(beginsWords("über", "Über uns")).toBe(true);
  expect(beginsWords("ac-chg", "AC-CHG-65")).toBe(true);
});
