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

type Line = Order["items"][number];

/** All lines of one product: what comes back is booked by product, since they are one stock. */
export interface Sold<L extends Returnable = Line> extends Returnable {
  lines: [L, ...L[]];
}

export function byProduct<L extends Returnable>(lines: readonly L[]): Sold<L>[] {
  const found = new Map<string, Sold<L>>();
  for (const line of lines) {
    const known = found.get(line.productId);
    if (known) {
      known.lines.push(line);
      known.quantity += line.quantity;
      known.returned += line.returned;
    } else {
      const { productId, quantity, returned } = line;
      found.set(productId, { productId, quantity, returned, lines: [line] });
    }
  }
  return [...found.values()];
}

/** What came back, as the API takes it. */
export function returnItems(
  sold: readonly Returnable[],
  quantities: readonly number[],
): { productId: string; quantity: number }[] {
  return sold
    .map((each, index) => ({
      productId: each.productId,
      quantity: Math.min(quantities[index] ?? 0, returnable(each)),
    }))
    .filter(({ quantity }) => quantity > 0);
}

/** What the shop does next with an order; null where nothing is left to do. */
export function nextStep(order: Pick<Order, "status">): "PACKED" | "DELIVERED" | null {
  if (order.status === "PENDING" || order.status === "CONFIRMED") return "PACKED";
  return order.status === "PACKED" ? "DELIVERED" : null;
}
