import type { Schemas } from "@/api/types";

/** Rows of stock: one for each product, or for each of its variants where those have stock of their own. */

type Row = Schemas["InventoryRow"];

/** The id under which a row's units are counted: its variant's, else its product's. */
export function stockIdOf({ productId, variantId }: { productId: string; variantId?: string }): string {
  return variantId ?? productId;
}

/** "Phone (color: coral)", as the API names a variant. */
export function variantName(name: string, options: Record<string, string>): string {
  const chosen = Object.entries(options).map(([option, value]) => `${option}: ${value}`);
  return `${name} (${chosen.join(", ")})`;
}

export interface RowFilter {
  status?: Row["status"] | undefined;
  location?: string | undefined;
}

/** A row for each variant that fits the filter, in the place of its product's. */
export function byVariant<R extends Row>(rows: readonly R[], { status, location }: RowFilter): R[] {
  return rows.flatMap((row) => {
    const { variants, ...whole } = row;
    if (!variants) return [row];
    return variants
      .filter((variant) => !status || variant.status === status)
      .filter((variant) => !location || variant.locations.some((level) => level.location === location))
      .map(({ options, lowStockThreshold, ...own }) => ({
        ...whole,
        ...own,
        ...(row.lowStockThreshold !== undefined && { lowStockThreshold }),
        name: variantName(row.name, options),
      })) as unknown as R[];
  });
}
