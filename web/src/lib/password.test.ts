import { expect, test } from "vitest";
import { newPassword, requirementsOf } from "./password";

test.each([
  ["Passw0rd", true],
  ["a passphrase of five words", true],
  ["Pass0rd", false],
  ["password1", false],
  ["PASSWORD1", false],
  ["Password", false],
  ["x".repeat(257), false],
])("%j is a password: %j", (text, good) => {
  expect(newPassword.safeParse(text).success).toBe(good);
});

test("missing characters are shown while typing, and agree with the rule", () => {
  for (const text of ["", "Pa0", "Passw0rd", "fifteen letters!"]) {
    expect(requirementsOf(text).every(({ met }) => met)).toBe(newPassword.safeParse(text).success);
  }
});
