import { Badge, type Tone } from "@/components/ui/surfaces";

const LOOKS: Record<string, { tone: Tone; label: string }> = {
  IN_STOCK: { tone: "success", label: "In stock" },
  LOW: { tone: "warning", label: "Low" },
  OUT: { tone: "danger", label: "Out of stock" },
};

export function StockStatusBadge({ status }: { status: string }) {
  const { tone, label } = LOOKS[status] ?? { tone: "neutral" as const, label: status };
  return (
    <Badge tone={tone} dot>
      {label}
    </Badge>
  );
}
