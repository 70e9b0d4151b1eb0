import type { Schemas } from "@/api/types";
import { combinations, suggestedSku } from "@/features/catalog/variants";
import { parseWhole } from "@/features/stock/change";
import { parseMoney } from "@/lib/money";
import { type OptionRow, valuesOf } from "./form";

/** The variants of a product that is being made: pure, one row for each combination of its options. */

export interface VariantRow {
  options: Record<string, string>;
  /** Empty: the suggested one. */
  sku: string;
  /** Empty: none. */
  barcode: string;
  /** Empty: the product's. */
  price: string;
  quantity: string;
}

export const VARIANTS_MAX = 250;
export const OPTIONS_MAX = 3;

/** The options that have a name and values, as they are typed. */
export function typedOptions(rows: readonly OptionRow[]): { name: string; values: string[] }[] {
  return rows
    .map(({ name, values }) => ({ name: name.trim(), values: valuesOf(values) }))
    .filter(({ name, values }) => name && values.length);
}

/** Why no variants can be made of the options; null where they can. */
export function whyNoVariants(
  options: readonly { name: string; values: readonly string[] }[],
): string | null {
  if (options.length > OPTIONS_MAX)
    return `At most ${String(OPTIONS_MAX)} options can have stock of their own.`;
  const count = options.reduce((product, { values }) => product * values.length, 1);
  return count > VARIANTS_MAX
    ? `These options have ${String(count)} combinations; at most ${String(VARIANTS_MAX)} can have stock of their own.`
    : null;
}

export function rowKey(options: Record<string, string>): string {
  return JSON.stringify(options);
}

/** A row for each combination that was not left out; what was typed for one stays with it. */
export function rowsOf(
  options: readonly { name: string; values: readonly string[] }[],
  typed: readonly VariantRow[],
  leftOut: ReadonlySet<string>,
): VariantRow[] {
  if (whyNoVariants(options)) return [];
  const known = new Map(typed.map((row) => [rowKey(row.options), row]));
  return combinations(options)
    .filter((each) => !leftOut.has(rowKey(each)))
    .map(
      (each) => known.get(rowKey(each)) ?? { options: each, sku: "", barcode: "", price: "", quantity: "0" },
    );
}

/** The variants as POST /products takes them. */
export function variantsBody(
  rows: readonly VariantRow[],
  { sku, currency }: { sku: string; currency: string },
): Schemas["VariantBody"][] {
  return rows.map((row) => {
    const price = row.price.trim() ? parseMoney(row.price, currency) : null;
    return {
      options: row.options,
      sku: row.sku.trim() || suggestedSku(sku, row.options),
      quantity: parseWhole(row.quantity) ?? 0,
      ...(row.barcode.trim() && { barcode: row.barcode.trim() }),
      ...(price !== null && { price }),
    };
  });
}
