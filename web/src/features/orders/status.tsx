import type { OrderStatus, OrderStepName } from "@/api/types";
import { Badge } from "@/components/ui/surfaces";
import { STATUSES, type StatusRow } from "./statuses";

/** A step of the timeline that is never the order's own status. */
const STEPS: Readonly<
  Record<Exclude<OrderStepName, OrderStatus>, Pick<StatusRow, "tone" | "label" | "meaning">>
> = {
  RETURNED: { tone: "info", label: "Returned", meaning: "Some units were returned." },
};

const LOOKS: Partial<Record<string, Pick<StatusRow, "tone" | "label" | "meaning">>> = {
  ...STATUSES,
  ...STEPS,
};

export function statusLabel(status: string): string {
  return LOOKS[status]?.label ?? status;
}

export function statusMeaning(status: OrderStatus): string {
  return STATUSES[status].meaning;
}

export function OrderStatusBadge({ status }: { status: string }) {
  return (
    <Badge tone={LOOKS[status]?.tone ?? "neutral"} dot>
      {statusLabel(status)}
    </Badge>
  );
}

/** Whether a text may be the whole number or id of an order, by which the API finds it; one still being typed is not. */
export function namesOrder(text: string): boolean {
  return /^ord_[0-9a-z]{26}$/i.test(text) || /^#?[0-9a-z]{5}[ -]?[0-9a-z]{5}([ -]?[0-9a-z]{5})?$/i.test(text);
}

/** The end of an id distinguishes a thing from its neighbors; orders have numbers. */
export function shortId(id: string): string {
  return `#${id.slice(-6).toUpperCase()}`;
}
