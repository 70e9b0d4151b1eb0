import type { Order } from "@/api/types";
import { STATUSES, type StatusRow } from "./statuses";

/** One column of the board, as far as it was read. */
export interface Board {
  pages: { items: Order[]; count: number; nextToken: string | null }[];
  pageParams: unknown[];
}

/** The column without that order; with `now`, that comes first. */
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

type Returnable = Pick<Order["items"][number], "lineId" | "quantity" | "returned">;

/** How many of a line can still come back. */
export function returnable(line: Returnable): number {
  return line.quantity - line.returned;
}

/** What came back, as the API takes it. */
export function returnItems(
  lines: readonly Returnable[],
  quantities: readonly number[],
): { lineId: string; quantity: number }[] {
  return lines
    .map((each, index) => ({
      lineId: each.lineId,
      quantity: Math.min(quantities[index] ?? 0, returnable(each)),
    }))
    .filter(({ quantity }) => quantity > 0);
}

/** What the shop does next with an order; null where nothing is left to do. */
export function nextStep(order: Pick<Order, "status">): StatusRow["next"] {
  return STATUSES[order.status].next;
}
