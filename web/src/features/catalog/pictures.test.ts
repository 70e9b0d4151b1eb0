import { expect, test } from "vitest";
import { smallUrlOf, srcSetOf } from "./pictures";

const picture = { id: "img_1", url: "/media/img_1-800.webp", widths: [320, 800, 1600], alt: "", position: 1 };

test("each width has its address", () => {
  expect(srcSetOf(picture)).toBe(
    "/media/img_1-320.webp 320w, /media/img_1-800.webp 800w, /media/img_1-1600.webp 1600w",
  );
  expect(srcSetOf(picture, 800)).toBe("/media/img_1-320.webp 320w, /media/img_1-800.webp 800w");
  expect(srcSetOf({ ...picture, url: "/media/img_1-90.webp", widths: [90] })).toBe(
    "/media/img_1-90.webp 90w",
  );
});

test("what stores one address gets the smallest width, or the address that the product was given", () => {
  expect(smallUrlOf({ imageUrl: picture.url, images: [picture] })).toBe("/media/img_1-320.webp");
  expect(smallUrlOf({ imageUrl: "https://example.com/a.png", images: [] })).toBe("https://example.com/a.png");
  expect(smallUrlOf({ imageUrl: null, images: [] })).toBeNull();
});
