import { expect, test } from "vitest";
import type { Schemas } from "@/api/types";
import { bestOf, goodsIn, goodsOf } from "./goods";

const phone = {
  id: "phone",
  sku: "PH-1",
  name: "Phone",
  category: "phone",
  price: 900,
  currency: "USD",
  quantity: 8,
  barcode: "2000000000015",
  imageUrl: null,
  images: [],
} as unknown as Schemas["ProductView"];
const variant = (id: string, color: string, barcode: string | null) =>
  ({
    id,
    sku: `PH-1-${color}`,
    options: { color },
    price: 950,
    quantity: 4,
    barcode,
  }) as unknown as NonNullable<Schemas["ProductView"]["variants"]>[number];
const variants = [variant("var_1", "coral", "036000291452"), variant("var_2", "mint", null)];

test("a product without variants is one thing to sell", () => {
  expect(goodsOf(phone)).toMatchObject([
    { productId: "phone", sku: "PH-1", name: "Phone", price: 900, available: 8 },
  ]);
});

test("each variant is a thing to sell, with its own price and stock", () => {
  expect(goodsOf({ ...phone, variants })).toMatchObject([
    { productId: "phone", variantId: "var_1", name: "Phone (color: coral)", price: 950, available: 4 },
    { productId: "phone", variantId: "var_2", name: "Phone (color: mint)" },
  ]);
});

test("what was typed is a SKU, a barcode in any length, or the beginning of a name", () => {
  const goods = goodsOf({ ...phone, variants });
  expect(bestOf(goods, " ph-1-MINT ")?.variantId).toBe("var_2");
  expect(bestOf(goods, "0036000291452")?.variantId).toBe("var_1");
  expect(bestOf(goods, "pho")?.variantId).toBe("var_1");
  expect(bestOf(goods, "2000000000015")).toBeUndefined();
  expect(bestOf([], "pho")).toBeUndefined();
});

test("a scan is the one that it means, or several to choose from", () => {
  const one = {
    sku: "PH-1-mint",
    barcode: null,
    name: "Phone (color: mint)",
    options: { color: "mint" },
    price: 950,
    imageUrl: null,
    availableStock: 4,
    variantId: "var_2",
  };
  const scanned = { productId: "phone", name: "Phone", category: "phone", currency: "USD" };
  const found = goodsIn({ ...scanned, status: "ACTIVE", variants: [one] });
  expect(found).toEqual([
    {
      productId: "phone",
      variantId: "var_2",
      category: "phone",
      currency: "USD",
      imageUrl: null,
      sku: "PH-1-mint",
      barcode: null,
      name: "Phone (color: mint)",
      price: 950,
      available: 4,
    },
  ]);
});
