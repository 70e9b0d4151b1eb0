import { parseList } from "@/lib/stored-list";

/** What is on the till's list: pure, so that its rules can be read and tested by themselves. */
export interface BasketLine {
  productId: string;
  /** Of a variant with stock of its own. */
  variantId?: string | undefined;
  sku: string;
  barcode?: string | null | undefined;
  name: string;
  category: string;
  imageUrl: string | null;
  price: number;
  currency: string;
  available: number;
  quantity: number;
}

export type Basket = readonly BasketLine[];
/** What can be put on the list. */
export type Goods = Omit<BasketLine, "quantity">;

/** The id under which its units are counted: two variants of a product are two lines. */
export function idOf({ productId, variantId }: Pick<BasketLine, "productId" | "variantId">): string {
  return variantId ?? productId;
}

/** One more of it; what was scanned last comes first. */
export function scanned(basket: Basket, product: Goods): Basket {
  const known = basket.find((line) => idOf(line) === idOf(product));
  const line = { ...product, quantity: (known?.quantity ?? 0) + 1 };
  return [line, ...basket.filter((each) => each !== known)];
}

export function withQuantity(basket: Basket, id: string, quantity: number): Basket {
  return quantity <= 0
    ? basket.filter((line) => idOf(line) !== id)
    : basket.map((line) => (idOf(line) === id ? { ...line, quantity } : line));
}

/** What is left of the list when a sale took its part; what was scanned meanwhile is the next one's. */
export function without(basket: Basket, sold: Basket): Basket {
  const units = new Map(sold.map((line) => [idOf(line), line.quantity]));
  return basket.flatMap((line) => {
    const gone = units.get(idOf(line)) ?? 0;
    const quantity = line.quantity - gone;
    return quantity > 0 ? [{ ...line, quantity, available: Math.max(0, line.available - gone) }] : [];
  });
}

/** Reads a stored list; anything else is an empty one. */
export function parseBasket(text: string | null): Basket {
  return parseList<BasketLine>(
    text,
    (line) =>
      [line.productId, line.sku, line.name, line.category, line.currency].every(
        (each) => typeof each === "string",
      ) &&
      (line.variantId === undefined || typeof line.variantId === "string") &&
      [line.price, line.available, line.quantity].every(Number.isSafeInteger),
  );
}

/** The currency of the list: a sale is in one. */
export function currencyOf(basket: Basket): string | null {
  return basket[0]?.currency ?? null;
}

export function totalOf(basket: Basket): number {
  return basket.reduce((total, line) => total + line.price * line.quantity, 0);
}

export function unitsIn(basket: Basket): number {
  return basket.reduce((units, line) => units + line.quantity, 0);
}

/** Lines of which there is less than somebody wants to sell. */
export function shortOf(basket: Basket): BasketLine[] {
  return basket.filter((line) => line.quantity > line.available);
}
