import type { OrderStatus } from "@/api/types";
import type { Tone } from "@/components/ui/surfaces";

/** What the pages need to know of a status. */
export interface StatusRow {
  tone: Tone;
  label: string;
  meaning: string;
  /** Its name on the way from placed to delivered; null where it is not on that way. */
  progress: string | null;
  /** What the shop does next with the order. */
  next: "PACKED" | "DELIVERED" | null;
  cancellableBy: "owner" | "admin" | "nobody";
  returnable: boolean;
  /** Where the orders page shows it: in a column of what is to do, or in a list of its own. */
  desk:
    | { kind: "column"; title: string; empty: string }
    | { kind: "list"; title: string; emptyTitle: string; empty: string };
}

/** A row for each status that the API knows, in the order of the way: the type check names a missing one. */
export const STATUSES: Readonly<Record<OrderStatus, StatusRow>> = {
  PENDING: {
    tone: "warning",
    label: "Pending",
    meaning: "The units are reserved for you. You will get a confirmation soon.",
    progress: "Placed",
    next: "PACKED",
    cancellableBy: "owner",
    returnable: false,
    desk: {
      kind: "column",
      title: "Just placed",
      empty: "New orders are listed here until they are confirmed.",
    },
  },
  CONFIRMED: {
    tone: "success",
    label: "Confirmed",
    meaning: "The shop has confirmed your order and will pack it next.",
    progress: "Confirmed",
    next: "PACKED",
    cancellableBy: "owner",
    returnable: false,
    desk: {
      kind: "column",
      title: "To pack",
      empty: "No order waits to be packed.",
    },
  },
  PACKED: {
    tone: "info",
    label: "Packed",
    meaning: "Your order is packed and ready for delivery.",
    progress: "Packed",
    next: "DELIVERED",
    cancellableBy: "admin",
    returnable: true,
    desk: { kind: "column", title: "To deliver", empty: "No order waits for delivery." },
  },
  DELIVERED: {
    tone: "brand",
    label: "Delivered",
    meaning: "Your order was delivered.",
    progress: "Delivered",
    next: null,
    cancellableBy: "nobody",
    returnable: true,
    desk: {
      kind: "list",
      title: "Delivered orders",
      emptyTitle: "No order was delivered yet",
      empty: "Delivered orders are listed here. Returns are recorded from here.",
    },
  },
  CANCELLED: {
    tone: "neutral",
    label: "Cancelled",
    meaning: "Your order was cancelled.",
    progress: null,
    next: null,
    cancellableBy: "nobody",
    returnable: false,
    desk: {
      kind: "list",
      title: "Cancelled orders",
      emptyTitle: "No order was cancelled",
      empty: "Cancelled orders are listed here.",
    },
  },
};

export const STATUS_NAMES = Object.keys(STATUSES) as OrderStatus[];

/** The statuses from placed to delivered. */
export const WAY = STATUS_NAMES.filter((status) => STATUSES[status].progress !== null);

export function mayCancel(status: OrderStatus, isAdmin: boolean): boolean {
  const by = STATUSES[status].cancellableBy;
  return by === "owner" || (by === "admin" && isAdmin);
}
