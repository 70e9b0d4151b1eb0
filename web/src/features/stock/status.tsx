import { Badge, type Tone } from "@/components/ui/surfaces";
import type { StockStatus } from "./queries";

const LOOKS: Record<StockStatus, { tone: Tone; label: string }> = {
  IN_STOCK: { tone: "success", label: "In stock" },
  LOW: { tone: "warning", label: "Low" },
  OUT: { tone: "danger", label: "Out of stock" },
};

export function StockStatusBadge({ status }: { status: StockStatus }) {
  const { tone, label } = LOOKS[status];
  return (
    <Badge tone={tone} dot>
      {label}
    </Badge>
  );
}
