import { Badge, type Tone } from "@/components/ui/surfaces";

const LOOKS: Record<string, { tone: Tone; label: string; meaning: string }> = {
  PENDING: {
    tone: "warning",
    label: "Pending",
    meaning: "Your units are set aside. The confirmation is on its way.",
  },
  CONFIRMED: {
    tone: "success",
    label: "Confirmed",
    meaning: "The shop has confirmed your order, and will pack it next.",
  },
  PACKED: { tone: "info", label: "Packed", meaning: "It is packed, and waits for the delivery." },
  DELIVERED: { tone: "brand", label: "Delivered", meaning: "It has arrived." },
  CANCELLED: {
    tone: "neutral",
    label: "Cancelled",
    meaning: "It was cancelled, and the units are back on the shelf.",
  },
  // A step of its timeline: the order itself stays delivered.
  RETURNED: { tone: "info", label: "Returned", meaning: "Some of it came back." },
};

export function statusLabel(status: string): string {
  return LOOKS[status]?.label ?? status;
}

export function statusMeaning(status: string): string {
  return LOOKS[status]?.meaning ?? "";
}

export function OrderStatusBadge({ status }: { status: string }) {
  return (
    <Badge tone={LOOKS[status]?.tone ?? "neutral"} dot>
      {statusLabel(status)}
    </Badge>
  );
}

/** Whether a text is the whole id of an order, by which the API finds it at once. */
export function isOrderId(text: string): boolean {
  return /^ord_[0-9a-z]{20,}$/i.test(text);
}

/** The end of an order's id is what tells it from its neighbours. */
export function shortId(id: string): string {
  return `#${id.replace(/^ord_/, "").slice(-6).toUpperCase()}`;
}
