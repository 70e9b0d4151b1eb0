import type { ReactNode } from "react";
import { Badge, Card, type Tone } from "@/components/ui/surfaces";
import { type Column, DataTable } from "@/components/ui/table";
import { formatCount } from "@/lib/count";
import { formatMoney } from "@/lib/money";
import type { Change, Import, Kind, RowError } from "./queries";

export const KINDS: Record<Kind, string> = { products: "Products", stock: "Stock" };

const STATUS: Record<Import["status"], { label: string; tone: Tone }> = {
  CHECKING: { label: "Checking", tone: "info" },
  BOOKING: { label: "Booking", tone: "info" },
  FETCHING: { label: "Fetching pictures", tone: "info" },
  UNDOING: { label: "Undoing", tone: "info" },
  CHECKED: { label: "Checked only", tone: "neutral" },
  DONE: { label: "Booked", tone: "success" },
  REFUSED: { label: "Refused", tone: "danger" },
  CANCELLED: { label: "Cancelled", tone: "warning" },
  UNDONE: { label: "Undone", tone: "warning" },
};

export function StatusBadge({ status }: Pick<Import, "status">) {
  const { label, tone } = STATUS[status];
  return <Badge tone={tone}>{label}</Badge>;
}

const PROFILES: Record<string, string> = {
  stockwright: "in the columns of Stockwright",
  shopify: "in the columns of Shopify",
  woocommerce: "in the columns of WooCommerce",
  square: "in the columns of Square",
  mapping: "in the columns that you named",
};

/** How a file is written. */
export function fileWords({
  rows,
  encoding,
  delimiter,
}: Pick<Import, "rows" | "encoding" | "delimiter">): string {
  const at = { ",": "commas", ";": "semicolons", "\t": "tabs" }[delimiter] ?? delimiter;
  const words = [
    `${formatCount(rows)} rows`,
    encoding.toUpperCase(),
    delimiter && encoding !== "xlsx" ? `split at ${at}` : "",
  ];
  return words.filter(Boolean).join(", ");
}

/** What was made of the file, in one line. */
export function Understood({ found }: { found: Import }) {
  return (
    <p className="text-muted text-sm">
      {KINDS[found.kind]} {PROFILES[found.profile] ?? ""}, {fileWords(found)}
    </p>
  );
}

/** How many of the pictures that the file names are there. */
export function Pictures({ found }: { found: Import }) {
  const { named, fetched, failed } = found.pictures;
  if (!named) return null;
  if (found.dryRun)
    return (
      <p className="text-sm">
        {formatCount(named)} addresses of pictures: they are fetched once the file is booked.
      </p>
    );
  return (
    <p className="mt-1 text-sm">
      {formatCount(fetched)} pictures were fetched
      {failed > 0 && `, ${formatCount(failed)} could not be`}
      {found.status === "FETCHING" && "; the products are booked already"}.
    </p>
  );
}

export function Counts({ found }: { found: Import }) {
  const numbers: [string, number][] = [
    [found.kind === "stock" ? "Booked" : "New", found.created],
    ...(found.kind === "stock" ? [] : ([["Changed", found.updated]] as [string, number][])),
    ["Unchanged", found.unchanged],
    ["Refused", found.failed],
  ];
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      {numbers.map(([label, count]) => (
        <Card key={label} className="p-4">
          <dt className="text-muted text-sm">{label}</dt>
          <dd className="font-semibold text-2xl">{formatCount(count)}</dd>
        </Card>
      ))}
    </dl>
  );
}

/** The first rows of one kind, under their heading. */
export function Rows({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section>
      <h2 className="font-semibold text-lg">{title}</h2>
      {note && <p className="mt-1 text-muted text-sm">{note}</p>}
      <div className="mt-3">{children}</div>
    </section>
  );
}

const ERRORS: Column<RowError>[] = [
  {
    id: "row",
    header: "Row",
    meta: { card: "title" },
    cell: ({ row }) => `Row ${formatCount(row.original.row)}`,
  },
  { id: "column", header: "Column", cell: ({ row }) => row.original.column || "–" },
  {
    id: "value",
    header: "In the file",
    cell: ({ row }) => <span className="break-all">{row.original.value || "–"}</span>,
  },
  { id: "why", header: "Why", cell: ({ row }) => row.original.message },
];

export function ErrorTable({ caption, errors }: { caption: string; errors: RowError[] }) {
  return (
    <DataTable
      caption={caption}
      columns={ERRORS}
      rows={errors}
      rowKey={({ row, column, message }) => `${row} ${column} ${message}`}
    />
  );
}

const NAMES: Record<string, string> = {
  imageUrl: "picture",
  lowStockThreshold: "low-stock threshold",
  reorderPoint: "reorder point",
  reorderQuantity: "reorder quantity",
  weightGrams: "weight in grams",
  taxRate: "tax rate",
};

const CHANGES: Column<Change>[] = [
  {
    id: "sku",
    header: "SKU",
    meta: { card: "title" },
    cell: ({ row: { original: change } }) => (
      <>
        <span className="font-medium">{change.sku}</span>
        <span className="block font-normal text-muted text-xs">Row {formatCount(change.row)}</span>
      </>
    ),
  },
  { id: "field", header: "What", cell: ({ row }) => NAMES[row.original.field] ?? row.original.field },
  {
    id: "before",
    header: "Before",
    cell: ({ row: { original } }) => shown(original.before, original.currency),
  },
  {
    id: "after",
    header: "After",
    cell: ({ row: { original } }) => (
      <span className="font-medium">{shown(original.after, original.currency)}</span>
    ),
  },
];

export function ChangeTable({ changes }: { changes: Change[] }) {
  return (
    <DataTable
      caption="What the file changes"
      columns={CHANGES}
      rows={changes}
      rowKey={({ row, field }) => `${row} ${field}`}
    />
  );
}

function shown(value: Change["before"], currency: Change["currency"]): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value !== "number") return value;
  return currency ? formatMoney(value, currency) : formatCount(value);
}
