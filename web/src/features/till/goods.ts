import type { Schemas } from "@/api/types";
import { smallUrlOf } from "@/features/catalog/pictures";
import type { Scanned } from "@/features/scan/find";
import type { Goods } from "./basket";

type Product = Schemas["ProductView"];

/** What of a product can be put on the till's list: each variant that has stock of its own, else the product. */
export function goodsOf(product: Product): Goods[] {
  const { id, sku, name, category, price, currency, quantity } = product;
  const of = { productId: id, category, currency, imageUrl: smallUrlOf(product) };
  if (!product.variants) return [{ ...of, sku, barcode: product.barcode, name, price, available: quantity }];
  return product.variants.map((variant) => ({
    ...of,
    variantId: variant.id,
    sku: variant.sku,
    barcode: variant.barcode,
    name: `${name} (${optionsOf(variant.options)})`,
    price: variant.price,
    available: variant.quantity,
  }));
}

function optionsOf(options: Record<string, string>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
}

/** What a scanned code means: one, or several to choose from. */
export function goodsIn({ productId, category, currency, variants }: Scanned): Goods[] {
  return variants.map(({ sku, barcode, name, price, imageUrl, availableStock, variantId }) => ({
    productId,
    ...(variantId !== undefined && { variantId }),
    category,
    currency,
    imageUrl,
    sku,
    barcode,
    name,
    price,
    available: availableStock,
  }));
}

const NUMBER = /^(?:\d{8}|\d{12,14})$/;

/** What two spellings of a code have in common: an EAN and a UPC differ in the zeros in front. */
function keyOf(code: string): string {
  const plain = code.trim().toLowerCase();
  return NUMBER.test(plain) ? plain.padStart(14, "0") : plain;
}

/**
 * The one that was typed: by its SKU or barcode, in whatever case, else the first of those with that name. A number that
 * is none of theirs is no name: the shop says what it means.
 */
export function bestOf(goods: readonly Goods[], typed: string): Goods | undefined {
  const key = keyOf(typed);
  const exact = goods.find(({ sku, barcode }) => keyOf(sku) === key || (barcode && keyOf(barcode) === key));
  return exact ?? (NUMBER.test(typed.trim()) ? undefined : goods[0]);
}
