import { useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { Skeleton } from "@/components/ui/surfaces";
import { Money } from "@/components/ui/values";
import { useAuth } from "@/features/auth/auth";
import { cn } from "@/lib/cn";
import { preload } from "@/lib/preload";
import { LISTED_SIZES, ProductPicture } from "./art";
import { colorOf } from "./colors";
import { choicesOf, titled } from "./options";
import { type Goods, goods as goodsQuery } from "./queries";
import { StockBadge } from "./stock-badge";

const SWATCHES = 5;

export function ProductCard({ goods, eager = false }: { goods: Goods; eager?: boolean }) {
  const signedIn = useAuth().user !== null;
  const queryClient = useQueryClient();
  const colors = choicesOf(goods.options)
    .flatMap(({ values }) => values)
    .filter((value) => colorOf(value));
  const prepare = () => {
    preload("product");
    void queryClient.prefetchQuery({ ...goodsQuery(signedIn, goods.id), staleTime: 10_000 });
  };
  return (
    <article className="group relative flex flex-col" onPointerEnter={prepare}>
      <div className="relative overflow-hidden rounded-2xl border shadow-card transition-shadow duration-300 group-hover:shadow-lifted">
        <ProductPicture
          goods={goods}
          eager={eager}
          sizes={LISTED_SIZES}
          className={cn(
            "aspect-[4/3] w-full transition-transform duration-500 ease-out group-hover:scale-[1.035]",
            !goods.inStock && "opacity-55 saturate-50",
          )}
        />
        <div className="absolute top-3 left-3">
          <StockBadge goods={goods} />
        </div>
      </div>
      <div className="flex items-start justify-between gap-3 px-1 pt-3.5">
        <div className="min-w-0">
          <h3 className="truncate font-medium">
            <Link
              to={`/products/${encodeURIComponent(goods.id)}`}
              className="rounded after:absolute after:inset-0 after:rounded-2xl"
            >
              {goods.name}
            </Link>
          </h3>
          <p className="truncate text-muted text-sm">{titled(goods.brand || goods.category)}</p>
        </div>
        <Money minor={goods.price} currency={goods.currency} className="shrink-0 font-medium" />
      </div>
      <div aria-hidden className="flex h-5 items-center gap-1.5 px-1 pt-2">
        {colors.slice(0, SWATCHES).map((color) => (
          <Swatch key={color} color={color} />
        ))}
        {colors.length > SWATCHES && <span className="text-muted text-xs">+{colors.length - SWATCHES}</span>}
      </div>
    </article>
  );
}

export function Swatch({ color, className }: { color: string; className?: string }) {
  const shade = colorOf(color);
  if (!shade) return null;
  return (
    <span
      aria-hidden
      className={cn("size-3 shrink-0 rounded-full border border-ink/20", className)}
      style={{ backgroundColor: shade }}
    />
  );
}

export function ProductCardSkeleton() {
  return (
    <div>
      <Skeleton className="aspect-[4/3] w-full rounded-2xl" />
      <div className="flex justify-between gap-3 px-1 pt-4">
        <div className="flex-1">
          <Skeleton className="h-4 w-2/3" />
          <Skeleton className="mt-2 h-3.5 w-1/3" />
        </div>
        <Skeleton className="h-4 w-16" />
      </div>
      <div className="h-5" />
    </div>
  );
}

/** One column on a phone, then two, three and four. */
export const GRID = "grid grid-cols-1 gap-x-6 gap-y-9 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4";
