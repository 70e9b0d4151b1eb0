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
    meaning: "Your units are set aside. The confirmation is on its way.",
    progress: "Placed",
    next: "PACKED",
    cancellableBy: "owner",
    returnable: false,
    desk: {
      kind: "column",
      title: "Just placed",
      empty: "New orders stand here until their confirmation is out.",
    },
  },
  CONFIRMED: {
    tone: "success",
    label: "Confirmed",
    meaning: "The shop has confirmed your order, and will pack it next.",
    progress: "Confirmed",
    next: "PACKED",
    cancellableBy: "owner",
    returnable: false,
    desk: {
      kind: "column",
      title: "To pack",
      empty: "Nothing to pack: all confirmed orders are packed.",
    },
  },
  PACKED: {
    tone: "info",
    label: "Packed",
    meaning: "It is packed, and waits for the delivery.",
    progress: "Packed",
    next: "DELIVERED",
    cancellableBy: "admin",
    returnable: true,
    desk: { kind: "column", title: "To hand over", empty: "Nothing waits for the delivery." },
  },
  DELIVERED: {
    tone: "brand",
    label: "Delivered",
    meaning: "It has arrived.",
    progress: "Delivered",
    next: null,
    cancellableBy: "nobody",
    returnable: true,
    desk: {
      kind: "list",
      title: "Delivered orders",
      emptyTitle: "Nothing was delivered yet",
      empty: "Orders come here when they are handed over; what comes back is booked from here.",
    },
  },
  CANCELLED: {
    tone: "neutral",
    label: "Cancelled",
    meaning: "It was cancelled, and the units are back on the shelf.",
    progress: null,
    next: null,
    cancellableBy: "nobody",
    returnable: false,
    desk: {
      kind: "list",
      title: "Cancelled orders",
      emptyTitle: "No order was cancelled",
      empty: "Orders that are given up come here.",
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
