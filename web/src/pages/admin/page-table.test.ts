import { expect, test } from "vitest";
import { adminPages } from "./page-table";

/** What the shop's own commands listen to. */
const TAKEN = ["/", "?", "mod+k", "g h", "g p", "g c", "g o", "g a", "g b"];

test("each page has its own address", () => {
  const paths = adminPages.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
});

test("no two commands have the same keys", () => {
  const shortcuts = [...TAKEN, ...adminPages.flatMap(({ shortcut }) => shortcut ?? [])];
  expect(new Set(shortcuts).size).toBe(shortcuts.length);
});

test("a phone keeps at most four pages at hand", () => {
  expect(adminPages.filter(({ atHand }) => atHand).length).toBeLessThanOrEqual(4);
});
