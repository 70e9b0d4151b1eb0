import { useQuery, useQueryClient } from "@tanstack/react-query";
import { PackageSearch, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLocation, useSearchParams } from "react-router";
import { fieldErrors } from "@/api/errors";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/field";
import { Pager } from "@/components/ui/pager";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { useAuth } from "@/features/auth/auth";
import { GRID, ProductCard, ProductCardSkeleton } from "@/features/catalog/card";
import { titled } from "@/features/catalog/options";
import { facets, type GoodsFilter, goodsPage, SORTS, type Sort } from "@/features/catalog/queries";
import { cn } from "@/lib/cn";
import { FIRST_PAGE, type Trail } from "@/lib/paging";

export function Products() {
  const signedIn = useAuth().user !== null;
  const [params, setParams] = useSearchParams();
  const location = useLocation();
  const queryClient = useQueryClient();
  // The way through the pages lives in the history entry: the back button goes a page back.
  const trail = (location.state as { trail?: Trail } | null)?.trail ?? FIRST_PAGE;
  const filter: GoodsFilter = {
    category: params.get("category") ?? undefined,
    type: params.get("type") ?? undefined,
    brand: params.get("brand") ?? undefined,
    search: params.get("search") ?? undefined,
    sort: signedIn ? sortOf(params.get("sort")) : undefined,
  };
  const page = useQuery(goodsPage(signedIn, filter, trail.token));
  const nextToken = page.data?.nextToken ?? null;
  // A first visit loads what it shows; the next page comes when somebody is about to turn to it.
  const prefetchNext = () => {
    if (nextToken && !page.isPlaceholderData)
      void queryClient.prefetchQuery(goodsPage(signedIn, JSON.parse(JSON.stringify(filter)), nextToken));
  };

  // A visitor's pages are others than those of who is signed in: from there one starts again.
  const isLost = trail.token !== null && fieldErrors(page.error).some(({ field }) => field === "nextToken");
  useEffect(() => {
    if (isLost) setParams((now) => now, { replace: true });
  }, [isLost, setParams]);

  const set = (changes: Record<string, string | undefined>) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        for (const [name, value] of Object.entries(changes)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { preventScrollReset: true },
    );
  const title = filter.search
    ? `“${filter.search}”`
    : filter.category
      ? titled(filter.category)
      : "All products";
  const filtered = Boolean(filter.search || filter.category || filter.brand || filter.type);

  return (
    <Page title={title}>
      <h1 className="font-semibold text-3xl sm:text-4xl">{title}</h1>
      <Filters filter={filter} set={set} sortable={signedIn} />
      <section aria-label="Products" aria-busy={page.isFetching} className="mt-8">
        <h2 className="sr-only">Products</h2>
        {page.isPending ? (
          <div className={GRID}>
            {Array.from({ length: 8 }, (_, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: they stand for nothing
              <ProductCardSkeleton key={index} />
            ))}
          </div>
        ) : page.isError && !page.data ? (
          <ErrorState error={page.error} onRetry={() => page.refetch()} />
        ) : page.data?.items.length === 0 ? (
          <EmptyState
            icon={PackageSearch}
            title={filtered ? "Nothing matches these filters" : "There is no stock yet"}
            onShowAll={filtered ? () => setParams({}) : undefined}
          >
            {filtered
              ? "Try another word, or remove a filter."
              : "As soon as the shop lists its first product, it shows up here."}
          </EmptyState>
        ) : (
          <div
            className={cn(GRID, "transition-opacity duration-200", page.isPlaceholderData && "opacity-55")}
          >
            {page.data?.items.map((goods, index) => (
              <ProductCard key={goods.id} goods={goods} eager={index < 8} />
            ))}
          </div>
        )}
      </section>
      <Pager
        trail={trail}
        nextToken={nextToken}
        busy={page.isPlaceholderData}
        onNear={prefetchNext}
        onChange={(next) => setParams((now) => now, { state: { trail: next } })}
      />
    </Page>
  );
}

function Filters({
  filter,
  set,
  sortable,
}: {
  filter: GoodsFilter;
  set: (changes: Record<string, string | undefined>) => void;
  sortable: boolean;
}) {
  const { category, type, brand, search, sort } = filter;
  const all = useQuery(facets(undefined, undefined));
  const within = useQuery({ ...facets(category, undefined), enabled: category !== undefined });
  const deeper = useQuery({ ...facets(category, type), enabled: type !== undefined });
  const types = category ? (within.data?.types ?? []) : [];
  const brands = (type ? deeper.data?.brands : category ? within.data?.brands : all.data?.brands) ?? [];
  const choose = "min-w-36 flex-1 sm:flex-none";
  return (
    <div className="mt-5 flex flex-col gap-4 lg:flex-row lg:items-center lg:justify-between">
      <fieldset className="-mx-4 min-w-0 overflow-x-auto px-4 [scrollbar-width:none] sm:mx-0 sm:px-0">
        <legend className="sr-only">Category</legend>
        <div className="flex h-11 items-center gap-2 px-0.5">
          <Chip
            active={!category}
            onClick={() => set({ category: undefined, type: undefined, brand: undefined })}
          >
            All
          </Chip>
          {(all.data?.categories ?? (category ? [category] : [])).map((name) => (
            <Chip
              key={name}
              active={name === category}
              onClick={() => set({ category: name, type: undefined, brand: undefined })}
            >
              {titled(name)}
            </Chip>
          ))}
        </div>
      </fieldset>
      <div className="flex flex-wrap items-center gap-2">
        {search && (
          <Button variant="secondary" onClick={() => set({ search: undefined })}>
            “{search}” <X aria-label="remove" className="size-4" />
          </Button>
        )}
        {types.length > 0 && (
          <Select
            aria-label="Type"
            className={choose}
            value={type ?? ""}
            onChange={(event) => set({ type: event.target.value, brand: undefined })}
          >
            <option value="">All types</option>
            {types.map((name) => (
              <option key={name} value={name}>
                {titled(name)}
              </option>
            ))}
          </Select>
        )}
        <Select
          aria-label="Brand"
          className={choose}
          value={brand ?? ""}
          onChange={(event) => set({ brand: event.target.value })}
        >
          <option value="">All brands</option>
          {(brand && !brands.includes(brand) ? [brand, ...brands] : brands).map((name) => (
            <option key={name} value={name}>
              {titled(name)}
            </option>
          ))}
        </Select>
        {sortable && (
          <Select
            aria-label="Sort"
            className={choose}
            value={sort ?? "newest"}
            onChange={(event) =>
              set({ sort: event.target.value === "newest" ? undefined : event.target.value })
            }
          >
            {Object.entries(SORTS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </div>
    </div>
  );
}

function Chip({ active, onClick, children }: { active: boolean; onClick: () => void; children: string }) {
  const ref = useRef<HTMLButtonElement>(null);
  // On a phone the row is wider than the window: what is chosen shows.
  useEffect(() => {
    if (active) ref.current?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
  }, [active]);
  return (
    <button
      ref={ref}
      type="button"
      aria-pressed={active}
      onClick={onClick}
      className={cn(
        "h-9 shrink-0 rounded-full border px-4 font-medium text-sm transition-colors",
        active
          ? "border-brand bg-brand text-on-brand"
          : "bg-surface text-muted hover:border-line-strong hover:text-ink",
      )}
    >
      {children}
    </button>
  );
}

/** The order asked for in the address, where it is one that the shop knows. */
function sortOf(name: string | null): Sort | undefined {
  return name !== null && name in SORTS ? (name as Sort) : undefined;
}
