import { Badge } from "@/components/ui/surfaces";
import { formatCount } from "@/lib/count";
import type { Goods } from "./queries";

/** Speaks up only where it matters on the grid; says it in any case on a product's own page. */
export function StockBadge({ goods, always = false }: { goods: Goods; always?: boolean }) {
  if (!goods.inStock) return <Badge tone="neutral">Out of stock</Badge>;
  if (goods.isLow && goods.quantity !== null) {
    return (
      <Badge tone="warning" dot>
        Only {formatCount(goods.quantity)} left
      </Badge>
    );
  }
  if (!always) return null;
  return (
    <Badge tone="success" dot>
      {goods.quantity === null ? "In stock" : `${formatCount(goods.quantity)} in stock`}
    </Badge>
  );
}
