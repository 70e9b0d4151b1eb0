import { useQuery } from "@tanstack/react-query";
import { ScrollText, X } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import { api, dataOf } from "@/api/client";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { FilterSelect, Input } from "@/components/ui/field";
import { PagedTable } from "@/components/ui/paged-table";
import { EmptyState } from "@/components/ui/states";
import { Badge, PageHeader, type Tone } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { Time } from "@/components/ui/values";
import { CSV, ExportButton } from "@/features/operations/export-button";
import { Subject } from "@/features/operations/parts";
import { useLocations } from "@/features/stock/locations";
import { type Movement, type MovementType, movementsPage } from "@/features/stock/queries";
import { stockIdOf } from "@/features/stock/rows";
import { cn } from "@/lib/cn";
import { formatCount } from "@/lib/count";
import { Sent } from "@/lib/sent";
import { dayEnd, dayStart } from "@/lib/time";
import { useList } from "@/lib/use-list";

const TYPES: Record<MovementType, { label: string; tone: Tone }> = {
  INITIAL: { label: "First stock", tone: "neutral" },
  RESTOCK: { label: "Restock", tone: "success" },
  SALE: { label: "Sale", tone: "brand" },
  RETURN: { label: "Return", tone: "info" },
  ADJUSTMENT: { label: "Adjustment", tone: "warning" },
  TRANSFER: { label: "Transfer", tone: "neutral" },
};

/** The ledger: every unit that came or went, why, and by whom. */
export default function Movements() {
  const { params, trail, set, clear, go } = useList();
  const { locations, nameOf } = useLocations();
  const type = params.get("type");
  const product = params.get("product") || undefined;
  const since = params.get("since") || undefined;
  const until = params.get("until") || undefined;
  const filter = {
    type: type && type in TYPES ? (type as MovementType) : undefined,
    location: params.get("location") || undefined,
    since: since && dayStart(since),
    until: until && dayEnd(until),
  };
  const page = useQuery(movementsPage(product, filter, trail.token));
  const filtered = Boolean(type || product || since || until || filter.location);
  const shown = useMemo(() => columns(nameOf), [nameOf]);
  return (
    <Page title="Movements">
      <PageHeader
        title="Movements"
        description="Every change of stock. Entries are never edited: a mistake is corrected by another entry."
        // The ledger of one product has no export of its own.
        actions={
          !product && (
            <ExportButton
              name="movements"
              filter={filter}
              get={(query) => api.GET("/movements/export", { params: { query }, ...CSV })}
            />
          )
        }
      />
      <div className="mb-5 flex flex-wrap items-center gap-2">
        {product && (
          <ProductFilter id={product} shown={page.data?.items} onClear={() => set({ product: undefined })} />
        )}
        <FilterSelect
          label="Type"
          every="Every type"
          value={filter.type}
          options={Object.entries(TYPES).map(([value, { label }]) => [value, label])}
          onChange={(type) => set({ type })}
        />
        <FilterSelect
          label="Location"
          every="All locations"
          value={filter.location}
          options={locations.map(({ id, name }) => [id, name])}
          onChange={(location) => set({ location })}
        />
        <div className="flex items-center gap-2 max-sm:w-full">
          <DayFilter label="From day" value={since} max={until} onChange={(since) => set({ since }, true)} />
          <span className="text-muted text-sm">to</span>
          <DayFilter label="To day" value={until} min={since} onChange={(until) => set({ until }, true)} />
        </div>
        {filtered && (
          <Button variant="ghost" size="sm" onClick={clear}>
            Clear
          </Button>
        )}
      </div>
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Movements of stock, newest first"
        columns={shown}
        rowKey={(movement) => movement.id}
        empty={
          <EmptyState
            icon={ScrollText}
            title={filtered ? "No movement matches these filters" : "There are no movements yet"}
            onShowAll={filtered ? clear : undefined}
          >
            {filtered
              ? "Try a longer time, or one filter less."
              : "Restocks, sales, counts and transfers show here as they happen."}
          </EmptyState>
        }
      />
    </Page>
  );
}

/** A year is typed digit by digit, and each makes a day of its own: those long ago are not looked for. */
const FIRST_YEAR = "1000";

function DayFilter({
  label,
  value = "",
  onChange,
  ...limits
}: {
  label: string;
  value: string | undefined;
  onChange: (day: string) => void;
  min?: string | undefined;
  max?: string | undefined;
}) {
  const [day, setDay] = useState(value);
  const [sent] = useState(() => new Sent(value));
  useEffect(() => {
    if (sent.isFromElsewhere(value)) setDay(value);
  }, [value, sent]);
  return (
    <Input
      type="date"
      aria-label={label}
      value={day}
      onChange={({ target }) => {
        setDay(target.value);
        const isWhole = target.value === "" || target.value >= FIRST_YEAR;
        if (isWhole && sent.send(target.value)) onChange(target.value);
      }}
      onBlur={() => setDay(value)}
      className="min-w-0 sm:w-40"
      {...limits}
    />
  );
}

/** The product, or the variant by its own id, whose movements are shown. */
function ProductFilter({
  id,
  shown,
  onClear,
}: {
  id: string;
  shown: Movement[] | undefined;
  onClear: () => void;
}) {
  const variant = shown?.find(({ variantId }) => variantId === id);
  const found = useQuery({
    queryKey: ["admin", "products", "one", id],
    queryFn: ({ signal }) => dataOf(api.GET("/products/{id}", { params: { path: { id } }, signal })),
    // A variant has no page of its own; its movements bear its name.
    enabled: shown !== undefined && !variant,
    retry: false,
  });
  return (
    <span className="inline-flex h-10 max-w-full items-center gap-1 rounded-xl bg-brand-soft pr-1 pl-3 font-medium text-brand-text text-sm">
      <span className="truncate">{variant?.name ?? found.data?.name ?? "One product"}</span>
      <button
        type="button"
        aria-label="Show all products"
        onClick={onClear}
        className="grid size-8 shrink-0 place-items-center rounded-lg hover:bg-surface"
      >
        <X aria-hidden className="size-4" />
      </button>
    </span>
  );
}

function columns(nameOf: (id: string) => string): Column<Movement>[] {
  return [
    {
      id: "product",
      header: "Product",
      meta: { card: "title" },
      cell: ({ row: { original: movement } }) => (
        <Link
          to={`/admin/movements?product=${encodeURIComponent(stockIdOf(movement))}`}
          className="rounded font-medium hover:underline"
        >
          {movement.name ?? movement.sku}
          <span className="block font-normal text-muted text-xs">{movement.sku}</span>
        </Link>
      ),
    },
    {
      id: "type",
      header: "Type",
      cell: ({ row }) => {
        const { tone, label } = TYPES[row.original.type];
        return <Badge tone={tone}>{label}</Badge>;
      },
    },
    {
      id: "units",
      header: "Units",
      meta: { align: "right" },
      cell: ({ row: { original: movement } }) => (
        <span className={cn("font-semibold", movement.quantity > 0 ? "text-success" : "text-danger")}>
          {movement.quantity > 0 ? "+" : "−"}
          {formatCount(Math.abs(movement.quantity))}
        </span>
      ),
    },
    {
      id: "balance",
      header: "Total after",
      meta: { align: "right" },
      cell: ({ row: { original: movement } }) =>
        movement.balanceAfter === null ? "–" : formatCount(movement.balanceAfter),
    },
    { id: "location", header: "Location", cell: ({ row }) => nameOf(row.original.location) },
    {
      id: "why",
      header: "Why",
      cell: ({ row: { original: movement } }) => (
        <span className="block max-w-72 break-words">
          {movement.reason || !movement.reference ? movement.reason || "–" : ""}
          {movement.reference && (
            <span className={cn(movement.reason && "block text-xs")}>
              <Subject id={movement.reference} />
            </span>
          )}
        </span>
      ),
    },
    { id: "by", header: "By", cell: ({ row }) => <Subject id={row.original.actor} /> },
    { id: "when", header: "When", cell: ({ row }) => <Time value={row.original.createdAt} /> },
  ];
}
