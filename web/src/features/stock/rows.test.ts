import { expect, test } from "vitest";
import type { Schemas } from "@/api/types";
import { byVariant, stockIdOf } from "./rows";

type Row = Schemas["InventoryRow"];

const row = (productId: string, more: Partial<Row> = {}) =>
  ({ productId, name: productId, sku: productId, availableStock: 1, lowStockThreshold: 9, ...more }) as Row;
const variant = (color: string, status: Row["status"], location = "default") =>
  ({
    variantId: color,
    sku: `PH-${color}`,
    options: { color, size: "M" },
    availableStock: 7,
    status,
    lowStockThreshold: 2,
    locations: [{ location }],
  }) as unknown as NonNullable<Row["variants"]>[number];

test("each variant has a row of its own, with its stock", () => {
  const phone = row("Phone", { variants: [variant("coral", "LOW"), variant("mint", "IN_STOCK", "shop")] });
  const rows = byVariant([row("Case"), phone], {});
  expect(
    rows.map((each) => [stockIdOf(each), each.name, each.availableStock, each.lowStockThreshold]),
  ).toEqual([
    ["Case", "Case", 1, 9],
    ["coral", "Phone (color: coral, size: M)", 7, 2],
    ["mint", "Phone (color: mint, size: M)", 7, 2],
  ]);
  expect(byVariant([phone], { status: "LOW" }).map(({ sku }) => sku)).toEqual(["PH-coral"]);
  expect(byVariant([phone], { location: "shop" }).map(({ sku }) => sku)).toEqual(["PH-mint"]);
  expect(rows.some(({ variants }) => variants)).toBe(false);
});
