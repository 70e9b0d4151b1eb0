import { expect, test } from "vitest";
import { keysOf, nameOfKey, ShortcutReader } from "./shortcuts";

const press = (key: string, held: Partial<Record<"metaKey" | "ctrlKey" | "altKey", boolean>> = {}) => ({
  key,
  metaKey: false,
  ctrlKey: false,
  altKey: false,
  ...held,
});

test("keys are named with their modifiers", () => {
  expect(nameOfKey(press("K", { ctrlKey: true }))).toBe("mod+k");
  expect(nameOfKey(press("k", { metaKey: true }))).toBe("mod+k");
  expect(nameOfKey(press("?"))).toBe("?");
  expect(nameOfKey(press("Shift"))).toBeNull();
});

test("a sequence counts while its keys come one after the other", () => {
  const known = new Set(["g p", "/", "mod+k"]);
  const reader = new ShortcutReader();
  expect(reader.read(press("g"), 0, known)).toBeNull();
  expect(reader.read(press("p"), 500, known)).toBe("g p");
  expect(reader.read(press("p"), 600, known)).toBeNull();
  expect(reader.read(press("g"), 1000, known)).toBeNull();
  expect(reader.read(press("p"), 9000, known)).toBeNull();
  expect(reader.read(press("/"), 9100, known)).toBe("/");
});

test("keys are shown one by one", () => {
  expect(keysOf("g p")).toEqual(["G", "P"]);
  expect(keysOf("mod+k")).toHaveLength(2);
});
