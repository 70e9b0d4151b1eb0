import type { Order } from "@/api/types";

/** One column of the board, as far as it was read. */
export interface Board {
  pages: { items: Order[]; count: number; nextToken: string | null }[];
  pageParams: unknown[];
}

/** The column without that order; with `now`, that stands first. */
export function movedOn(
  board: Board | undefined,
  order: Pick<Order, "id">,
  now: Order | null,
): Board | undefined {
  if (!board) return board;
  const pages = board.pages.map((page, index) => {
    const rest = page.items.filter(({ id }) => id !== order.id);
    const items = now && index === 0 ? [now, ...rest] : rest;
    return { ...page, items, count: items.length };
  });
  return { ...board, pages };
}

export function unitsOf(order: Pick<Order, "items">): number {
  return order.items.reduce((units, line) => units + line.quantity, 0);
}

type Returnable = Pick<Order["items"][number], "productId" | "quantity" | "returned">;

/** How many of a line can still come back. */
export function returnable(line: Returnable): number {
  return line.quantity - line.returned;
}

/** What came back, as the API takes it: by product, since the lines of one product are one stock. */
export function returnItems(
  lines: readonly Returnable[],
  quantities: readonly number[],
): { productId: string; quantity: number }[] {
  const units = new Map<string, number>();
  lines.forEach((line, index) => {
    const quantity = Math.min(quantities[index] ?? 0, returnable(line));
    if (quantity > 0) units.set(line.productId, (units.get(line.productId) ?? 0) + quantity);
  });
  return [...units].map(([productId, quantity]) => ({ productId, quantity }));
}

/** What the shop does next with an order; null where nothing is left to do. */
export function nextStep(order: Pick<Order, "status">): "PACKED" | "DELIVERED" | null {
  if (order.status === "PENDING" || order.status === "CONFIRMED") return "PACKED";
  return order.status === "PACKED" ? "DELIVERED" : null;
}
