import { PackagePlus } from "lucide-react";
import { Button, type ButtonVariant } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { formatCount } from "@/lib/count";
import { once } from "@/lib/one-click";
import { useStockChange } from "./actions";
import type { InventoryRow } from "./queries";

/** Books the suggested quantity in, where the product lies; it can be undone. */
export function BookIn({ row, variant = "primary" }: { row: InventoryRow; variant?: ButtonVariant }) {
  const change = useStockChange();
  const units = row.suggestedReorderQuantity || row.reorderQuantity;
  const location = row.locations[0]?.location ?? "default";
  const form = { quantity: String(units), location, to: "", reason: "Suggested reorder arrived" };
  return (
    <Button
      size="sm"
      variant={variant}
      aria-label={`Book in ${formatCount(units)} of ${row.name}`}
      busy={change.isPending}
      onClick={once(() =>
        change.mutate({ kind: "restock", row, form }, { onError: (error) => toast.error(error) }),
      )}
    >
      <PackagePlus aria-hidden className="size-3.5" /> Book in {formatCount(units)}
    </Button>
  );
}
