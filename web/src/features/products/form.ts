import type { Product, Schemas } from "@/api/types";
import { parseWhole } from "@/features/stock/change";
import { parseMoney, plainMoney } from "@/lib/money";
import { parseRate, plainRate } from "./rate";

/** An option as it is typed; `stored` is the product's own value, until somebody types another. */
export interface OptionRow {
  name: string;
  values: string;
  stored?: unknown;
}

/** A product as a form holds it: pure, so that reading, sending and merging share one rule. */
export interface ProductForm {
  name: string;
  sku: string;
  description: string;
  category: string;
  type: string;
  brand: string;
  price: string;
  currency: string;
  barcode: string;
  cost: string;
  weightGrams: string;
  taxRate: string;
  imageUrl: string;
  status: string;
  options: OptionRow[];
  lowStockThreshold: string;
  reorderPoint: string;
  reorderQuantity: string;
}
export type ProductField = keyof ProductForm;

export const LABELS: Record<ProductField, string> = {
  name: "Name",
  sku: "SKU",
  description: "Description",
  category: "Category",
  type: "Type",
  brand: "Brand",
  price: "Price",
  currency: "Currency",
  barcode: "Barcode",
  cost: "Cost",
  weightGrams: "Weight",
  taxRate: "Tax rate",
  imageUrl: "Picture",
  status: "For sale",
  options: "Options",
  lowStockThreshold: "Low-stock threshold",
  reorderPoint: "Reorder point",
  reorderQuantity: "Reorder quantity",
};
const FIELDS = Object.keys(LABELS) as ProductField[];

export const EMPTY_PRODUCT: ProductForm = {
  name: "",
  sku: "",
  description: "",
  category: "other",
  type: "",
  brand: "",
  price: "",
  currency: "",
  barcode: "",
  cost: "",
  weightGrams: "",
  taxRate: "",
  imageUrl: "",
  status: "ACTIVE",
  options: [],
  lowStockThreshold: "10",
  reorderPoint: "20",
  reorderQuantity: "50",
};

export function formOf(product: Product): ProductForm {
  return {
    name: product.name,
    sku: product.sku,
    description: product.description,
    category: product.category,
    type: product.type,
    brand: product.brand,
    price: product.price ? plainMoney(product.price, product.currency) : "",
    currency: product.currency,
    barcode: product.barcode ?? "",
    cost: isGiven(product.cost) ? plainMoney(product.cost, product.currency) : "",
    weightGrams: isGiven(product.weightGrams) ? String(product.weightGrams) : "",
    taxRate: isGiven(product.taxRate) ? plainRate(product.taxRate) : "",
    imageUrl: ownUrlOf(product),
    status: product.status,
    options: Object.entries(product.options).map(([name, stored]) => ({
      name,
      values: textOf(stored),
      stored,
    })),
    lowStockThreshold: String(product.lowStockThreshold),
    reorderPoint: String(product.reorderPoint),
    reorderQuantity: String(product.reorderQuantity),
  };
}

function isGiven(value: number | null | undefined): value is number {
  return typeof value === "number";
}

/** The address that a product was given; without one, the API shows that of its first picture. */
function ownUrlOf({ imageUrl, images }: Product): string {
  return imageUrl === null || images.some(({ url }) => url === imageUrl) ? "" : imageUrl;
}

/** Pages load pictures by https only; a known product may keep another address. The server decides the rest. */
export function mayBePicture(address: string, stored: string): boolean {
  const url = address.trim();
  return url === "" || url === stored.trim() || /^https:\/\/\S+$/i.test(url);
}

/** "red, blue,, red" → ["red", "blue"] */
export function valuesOf(text: string): string[] {
  return [...new Set(text.split(",").map((value) => value.trim()))].filter(Boolean);
}

function textOf(stored: unknown): string {
  return (Array.isArray(stored) ? stored : [stored]).map(String).join(", ");
}

/** Numbers stay numbers, and "Red, matte" one value, where their text was left as it is. */
function optionsOf(rows: OptionRow[]): Record<string, unknown> {
  return Object.fromEntries(
    rows
      .map(({ name, values, stored }) => [
        name.trim(),
        stored !== undefined && textOf(stored) === values ? stored : valuesOf(values),
      ])
      .filter(([name]) => name),
  );
}

/** Values that nobody could choose, since they have no name. */
export function isNameless({ name, values }: OptionRow): boolean {
  return !name.trim() && Boolean(values.trim());
}

function isSame(one: ProductForm, other: ProductForm, field: ProductField): boolean {
  return field === "options"
    ? JSON.stringify(optionsOf(one.options)) === JSON.stringify(optionsOf(other.options))
    : one[field] === other[field];
}

type Sent = Schemas["ProductBody"] & Schemas["ProductPatch"];

/** The fields as the API takes them; with `base`, only those that differ from it. */
export function bodyOf(form: ProductForm, base?: ProductForm): Partial<Sent> {
  const whole = (text: string) => parseWhole(text) ?? 0;
  const all: Partial<Sent> = {
    name: form.name.trim(),
    sku: form.sku.trim(),
    description: form.description.trim(),
    category: form.category,
    type: form.type.trim(),
    brand: form.brand.trim(),
    price: parseMoney(form.price, form.currency) ?? 0,
    currency: form.currency,
    barcode: form.barcode.trim() || null,
    cost: form.cost.trim() ? parseMoney(form.cost, form.currency) : null,
    weightGrams: form.weightGrams.trim() ? parseWhole(form.weightGrams) : null,
    taxRate: form.taxRate.trim() ? parseRate(form.taxRate) : null,
    imageUrl: form.imageUrl.trim() || null,
    status: form.status === "INACTIVE" ? "INACTIVE" : "ACTIVE",
    options: optionsOf(form.options),
    lowStockThreshold: whole(form.lowStockThreshold),
    reorderPoint: whole(form.reorderPoint),
    reorderQuantity: whole(form.reorderQuantity),
  };
  if (!base) return all;
  return Object.fromEntries(
    Object.entries(all).filter(
      ([field]) =>
        !isSame(form, base, field as ProductField) ||
        ((field === "price" || (field === "cost" && form.cost)) && form.currency !== base.currency),
    ),
  );
}

export interface Merge {
  /** Mine, with what only they changed. */
  form: ProductForm;
  /** Both changed it, each to something else: somebody has to choose. */
  conflicts: ProductField[];
  /** Only they changed it: taken over. */
  taken: ProductField[];
}

/** Brings two edits of one product together. */
export function merged(base: ProductForm, mine: ProductForm, theirs: ProductForm): Merge {
  const conflicts: ProductField[] = [];
  const taken: ProductField[] = [];
  const form = { ...mine };
  for (const field of FIELDS) {
    if (isSame(base, theirs, field) || isSame(mine, theirs, field)) continue;
    if (isSame(base, mine, field)) {
      Object.assign(form, { [field]: theirs[field] });
      taken.push(field);
    } else conflicts.push(field);
  }
  return { form, conflicts, taken };
}

/** The value of a field in words. */
export function describeField(form: ProductForm, field: ProductField): string {
  if (field === "status") return form.status === "ACTIVE" ? "yes" : "no";
  if (field === "cost" && form.cost) return `${form.cost} ${form.currency}`;
  if (field === "weightGrams" && form.weightGrams) return `${form.weightGrams} g`;
  if (field === "taxRate" && form.taxRate) return `${form.taxRate} %`;
  if (field === "price") return `${form.price} ${form.currency}`;
  if (field === "options") {
    return form.options.map(({ name, values }) => `${name}: ${values}`).join("; ") || "none";
  }
  return form[field] || "nothing";
}
