import { parseList } from "@/lib/stored-list";

/** The cart: pure, so that its rules can be read and tested by themselves. */

export interface CartLine {
  productId: string;
  /** Of a variant with stock of its own. */
  variantId?: string;
  sku: string;
  name: string;
  category: string;
  imageUrl: string | null;
  /** Minor units, as last seen; the order is charged what holds when it is placed. */
  price: number;
  currency: string;
  options: Record<string, string>;
  quantity: number;
}

export type Cart = readonly CartLine[];

/** An order takes at most this many lines. */
export const LINES_MAX = 1000;
export const QUANTITY_MAX = 100_000;

/** Lines of one product with the same options are one line. */
export function lineKey(line: Pick<CartLine, "productId" | "options">): string {
  const options = Object.entries(line.options).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([line.productId, options]);
}

export function add(cart: Cart, line: CartLine, available: number | null): Cart {
  const key = lineKey(line);
  const known = cart.find((each) => lineKey(each) === key);
  const room = available === null ? QUANTITY_MAX : Math.max(0, available - unitsOf(cart, stockOf(line)));
  const added = Math.min(line.quantity, room);
  if (added <= 0) return cart;
  if (known)
    return cart.map((each) => (each === known ? { ...line, quantity: known.quantity + added } : each));
  return cart.length >= LINES_MAX ? cart : [...cart, { ...line, quantity: added }];
}

export function setQuantity(cart: Cart, key: string, quantity: number): Cart {
  if (quantity <= 0) return cart.filter((line) => lineKey(line) !== key);
  return cart.map((line) =>
    lineKey(line) === key ? { ...line, quantity: Math.min(quantity, QUANTITY_MAX) } : line,
  );
}

/** What is left when an order took its part; what was put in meanwhile stays. */
export function without(cart: Cart, ordered: Cart): Cart {
  const units = new Map(ordered.map((line) => [lineKey(line), line.quantity]));
  return cart.flatMap((line) => {
    const quantity = line.quantity - (units.get(lineKey(line)) ?? 0);
    return quantity > 0 ? [{ ...line, quantity }] : [];
  });
}

/** Whose stock a line takes: its variant's, else that of all choices of its product. */
export function stockOf({ productId, variantId }: Pick<CartLine, "productId" | "variantId">): string {
  return variantId ?? productId;
}

/** How many of a stock are in the cart, over all lines that take from it. */
export function unitsOf(cart: Cart, stock: string): number {
  return cart.reduce((units, line) => (stockOf(line) === stock ? units + line.quantity : units), 0);
}

export function countOf(cart: Cart): number {
  return cart.reduce((units, line) => units + line.quantity, 0);
}

/** The currency of the cart, which an order has one of, where that is another than this; else null. */
export function otherCurrency(cart: Cart, currency: string): string | null {
  return cart.find((line) => line.currency !== currency)?.currency ?? null;
}

/** What it comes to, by currency. */
export function totalsOf(cart: Cart): { currency: string; minor: number }[] {
  const totals = new Map<string, number>();
  for (const { currency, price, quantity } of cart)
    totals.set(currency, (totals.get(currency) ?? 0) + price * quantity);
  return [...totals].map(([currency, minor]) => ({ currency, minor }));
}

/** Bring the cart down to what there is: the last lines of a short stock give way first. */
export function trimToStock(cart: Cart, available: ReadonlyMap<string, number>): Cart {
  const left = new Map(available);
  return cart.flatMap((line) => {
    const room = left.get(stockOf(line));
    if (room === undefined) return [line];
    const quantity = Math.min(line.quantity, Math.max(0, room));
    left.set(stockOf(line), room - quantity);
    return quantity ? [{ ...line, quantity }] : [];
  });
}

/** The lines as POST /orders takes them. */
export function orderItems(
  cart: Cart,
): { productId: string; quantity: number; options?: Record<string, string> }[] {
  return cart.map(({ productId, quantity, options }) => ({
    productId,
    quantity,
    ...(Object.keys(options).length && { options }),
  }));
}

/** Reads a stored cart; anything else is an empty one. */
export function parseCart(text: string | null): Cart {
  return parseList<CartLine>(
    text,
    (line) =>
      [line.productId, line.name, line.currency].every((each) => typeof each === "string") &&
      [line.price, line.quantity].every(Number.isSafeInteger) &&
      line.quantity > 0 &&
      typeof line.options === "object" &&
      line.options !== null,
  );
}
