import { expect, test } from "vitest";
import { whyNot } from "./picture-files";

test("a file that cannot be a picture is not sent", () => {
  expect(whyNot({ name: "a.jpg", size: 0 })).toMatch(/empty/);
  expect(whyNot({ name: "a.jpg", size: 12 * 1024 * 1024 })).toMatch(/12.0 MB; a picture has at most 10 MB/);
  expect(whyNot({ name: "a.jpg", size: 10 * 1024 * 1024 })).toBeNull();
});
