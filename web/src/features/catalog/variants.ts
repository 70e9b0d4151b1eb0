import type { Schemas } from "@/api/types";
import { choicesOf } from "./options";
import { type Picture, smallUrlOf, urlOf } from "./pictures";

/** Variants of a product: pure, so that pages and tests share one rule. */

/** What is counted and sold: one combination of a product's options. */
export interface Variant {
  id: string;
  sku: string;
  options: Record<string, string>;
  price: number;
  imageUrl: string | null;
  inStock: boolean;
  isLow: boolean;
  /** null: not shown. */
  quantity: number | null;
}

export function variantOf(variant: Schemas["VariantView"] | Schemas["ItemVariantView"]): Variant {
  const { id, sku, options, price, imageUrl } = variant;
  const given = { id, sku, options, price, imageUrl };
  return "quantity" in variant
    ? { ...given, inStock: variant.quantity > 0, isLow: variant.isLowStock, quantity: variant.quantity }
    : { ...given, inStock: variant.inStock, isLow: false, quantity: null };
}

type Options = Record<string, string>;

/** The variant that has these options; null where there is none. */
export function findVariant<V extends { options: Options }>(
  variants: readonly V[],
  options: Options,
): V | null {
  const names = Object.keys(options);
  return (
    variants.find(
      (variant) =>
        Object.keys(variant.options).length === names.length &&
        names.every((name) => variant.options[name] === options[name]),
    ) ?? null
  );
}

/** What is chosen until somebody chooses: the first variant that can be bought, else the first. */
export function firstOptions(goods: {
  options: Record<string, unknown>;
  variants: readonly Variant[];
}): Options {
  const first = goods.variants.find(({ inStock }) => inStock) ?? goods.variants[0];
  if (first) return first.options;
  return Object.fromEntries(choicesOf(goods.options).map(({ name, values }) => [name, values[0] ?? ""]));
}

/** The options after a choice; the others give way where no variant has them all. */
export function withChoice(
  variants: readonly Variant[],
  options: Options,
  name: string,
  value: string,
): Options {
  const wanted = { ...options, [name]: value };
  if (!variants.length || findVariant(variants, wanted)) return wanted;
  const others = variants.filter((variant) => variant.options[name] === value);
  const near = (variant: Variant) =>
    Object.entries(options).filter(([other, chosen]) => variant.options[other] === chosen).length;
  const [best] = others.toSorted(
    (one, other) => Number(other.inStock) - Number(one.inStock) || near(other) - near(one),
  );
  return best?.options ?? wanted;
}

export interface Left {
  /** Units left beside the other choices; null: not shown. */
  quantity: number | null;
  /** "all": no variant with this value can be bought; "here": none with the other choices, which are `beside`. */
  gone: "no" | "here" | "all";
  beside: string[];
}

/** What is left of a value beside the other choices. */
export function leftOf(variants: readonly Variant[], options: Options, name: string, value: string): Left {
  const variant = findVariant(variants, { ...options, [name]: value });
  const elsewhere = variants.some((each) => each.inStock && each.options[name] === value);
  const beside = Object.entries(options)
    .filter(([other]) => other !== name)
    .map(([, chosen]) => chosen);
  if (variant?.inStock) return { quantity: variant.quantity, gone: "no", beside };
  return { quantity: 0, gone: elsewhere ? "here" : "all", beside };
}

interface Pictured {
  imageUrl: string | null;
  images: Picture[];
}

/** One small address of the picture of a variant, or of its product. */
export function smallVariantUrl(goods: Pictured, variant: Pick<Variant, "imageUrl"> | null): string | null {
  if (!variant?.imageUrl) return smallUrlOf(goods);
  const own = goods.images.find(({ url }) => url === variant.imageUrl);
  return own ? urlOf(own, own.widths[0] ?? 0) : variant.imageUrl;
}

/** Every combination of the options, in their order: [{color: "red", size: "S"}, …]. */
export function combinations(options: readonly { name: string; values: readonly string[] }[]): Options[] {
  return options.reduce<Options[]>(
    (made, { name, values }) => made.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))),
    options.length ? [{}] : [],
  );
}

/** A SKU for a variant, from the product's: "PH-1-FELT-GREY-M", as the server makes it. */
export function suggestedSku(sku: string, options: Options): string {
  const words = Object.values(options)
    .join(" ")
    .normalize("NFKD")
    .replace(/[^\x20-\x7e]/g, "")
    .toUpperCase()
    .match(/[A-Z0-9]+/g);
  return [sku.trim(), ...(words ?? [])].filter(Boolean).join("-").slice(0, 50);
}
