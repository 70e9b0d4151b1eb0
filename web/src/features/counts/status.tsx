import { Badge, type Tone } from "@/components/ui/surfaces";
import { titled } from "@/features/catalog/options";
import { shortId } from "@/features/orders/status";
import type { StockCount } from "./queries";

const LOOKS: Record<StockCount["status"], { label: string; tone: Tone }> = {
  OPEN: { label: "Open", tone: "info" },
  POSTING: { label: "Being booked", tone: "warning" },
  POSTED: { label: "Booked", tone: "neutral" },
  DISCARDED: { label: "Discarded", tone: "neutral" },
};

export function CountBadge({ status }: { status: StockCount["status"] }) {
  return (
    <Badge tone={LOOKS[status].tone} dot>
      {LOOKS[status].label}
    </Badge>
  );
}

/** What people call a count: its name, else what is counted. */
export function countName({ id, name, category, productIds }: StockCount): string {
  if (name) return name;
  if (category) return `${titled(category)} ${shortId(id)}`;
  return productIds.length ? `${productIds.length} products ${shortId(id)}` : `Everything ${shortId(id)}`;
}

/** A difference with its sign. */
export function signed(units: number): string {
  return units > 0 ? `+${units}` : units < 0 ? `−${-units}` : "0";
}
