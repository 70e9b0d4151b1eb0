import { useQuery } from "@tanstack/react-query";
import {
  ArrowLeftRight,
  Boxes,
  CircleHelp,
  ClipboardCheck,
  Ellipsis,
  PackagePlus,
  Pencil,
  Plus,
  ScrollText,
  SlidersHorizontal,
} from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { FilterSelect } from "@/components/ui/field";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/menu";
import { PagedTable } from "@/components/ui/paged-table";
import { SearchField } from "@/components/ui/search-field";
import { EmptyState } from "@/components/ui/states";
import { PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { CSV, ExportButton } from "@/features/operations/export-button";
import { ProductName } from "@/features/products/product-name";
import type { ChangeKind } from "@/features/stock/change";
import { ChangeStockDialog } from "@/features/stock/change-dialog";
import { useLocations } from "@/features/stock/locations";
import { type InventoryRow, inventoryPage, type StockStatus } from "@/features/stock/queries";
import { stockIdOf } from "@/features/stock/rows";
import { StockStatusBadge } from "@/features/stock/status";
import { WhySheet } from "@/features/stock/why-sheet";
import { counted, formatCount } from "@/lib/count";
import { useList, useTyped } from "@/lib/use-list";

const STATUSES: Record<StockStatus, string> = { IN_STOCK: "In stock", LOW: "Low", OUT: "Out of stock" };

type Opened = { row: InventoryRow; what: ChangeKind | "why" } | null;

/** The stock at each location, the reserved units, and every way to change them. */
export default function Inventory() {
  const { params, trail, set, clear, go } = useList();
  const { locations, nameOf } = useLocations();
  const [opened, setOpened] = useState<Opened>(null);
  const status = params.get("status");
  const filter = {
    search: params.get("search") || undefined,
    status: status && status in STATUSES ? (status as StockStatus) : undefined,
    location: params.get("location") || undefined,
  };
  const [typed, setTyped] = useTyped(filter.search ?? "", (search) => set({ search }, true));
  const page = useQuery(inventoryPage(filter, trail.token));
  const totals = page.data?.totals;
  const filtered = Boolean(filter.search || filter.status || filter.location);
  return (
    <Page title="Inventory">
      <PageHeader
        title="Inventory"
        description={
          totals
            ? `${counted(totals.products, "product")}, ${counted(totals.totalStock, "unit")} in stock, ${formatCount(totals.reservedStock)} of them reserved.`
            : "The stock of each product at each location, and how much of it is reserved."
        }
        actions={
          <>
            <ExportButton
              name="inventory"
              filter={filter}
              get={(query) => api.GET("/inventory/export", { params: { query }, ...CSV })}
            />
            <ButtonLink to="/admin/products/new">
              <Plus aria-hidden className="size-4" /> New product
            </ButtonLink>
          </>
        }
      />
      <div className="mb-5 flex flex-wrap gap-2">
        <SearchField
          label="Search by name or SKU"
          value={typed}
          onChange={setTyped}
          className="w-full sm:w-80"
        />
        <FilterSelect
          label="Status"
          every="All statuses"
          value={filter.status}
          options={Object.entries(STATUSES)}
          onChange={(status) => set({ status })}
        />
        <FilterSelect
          label="Location"
          every="All locations"
          value={filter.location}
          options={locations.map(({ id, name }) => [id, name])}
          onChange={(location) => set({ location })}
        />
      </div>
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Stock of every product and variant"
        columns={columns(nameOf, setOpened)}
        rowKey={stockIdOf}
        empty={
          <EmptyState
            icon={Boxes}
            title={filtered ? "Nothing matches these filters" : "There is no stock yet"}
            onShowAll={filtered ? clear : undefined}
            action={<ButtonLink to="/admin/products/new">New product</ButtonLink>}
          >
            {filtered
              ? "Try another word, or remove a filter."
              : "Add your first product: its stock is listed here."}
          </EmptyState>
        }
      />
      {opened &&
        (opened.what === "why" ? (
          <WhySheet stockId={stockIdOf(opened.row)} name={opened.row.name} onClose={() => setOpened(null)} />
        ) : (
          <ChangeStockDialog row={opened.row} kind={opened.what} onClose={() => setOpened(null)} />
        ))}
    </Page>
  );
}

function columns(nameOf: (id: string) => string, open: (opened: Opened) => void): Column<InventoryRow>[] {
  return [
    {
      id: "product",
      header: "Product",
      meta: { card: "title" },
      cell: ({ row: { original: row } }) => <ProductName id={row.productId} name={row.name} sku={row.sku} />,
    },
    {
      id: "locations",
      header: "Locations",
      cell: ({ row: { original: row } }) => (
        <ul className="flex flex-col gap-0.5 text-xs max-md:items-end">
          {row.locations.map((level) => (
            <li key={level.location} className="text-muted">
              {nameOf(level.location)}{" "}
              <span className="font-medium text-ink tabular-nums">{formatCount(level.availableStock)}</span>
            </li>
          ))}
        </ul>
      ),
    },
    {
      id: "available",
      header: "Available",
      meta: { align: "right" },
      cell: ({ row: { original: row } }) => (
        <button
          type="button"
          onClick={() => open({ row, what: "why" })}
          aria-label={`${formatCount(row.availableStock)} available: why?`}
          className="rounded-lg px-2 py-1 font-semibold tabular-nums underline decoration-dotted decoration-line-strong underline-offset-4 hover:bg-sunken max-md:-mr-2"
        >
          {formatCount(row.availableStock)}
        </button>
      ),
    },
    {
      id: "reserved",
      header: "Reserved",
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.reservedStock),
    },
    {
      id: "total",
      header: "Total",
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.totalStock),
    },
    {
      id: "status",
      header: "Status",
      cell: ({ row }) => <StockStatusBadge status={row.original.status} />,
    },
    {
      id: "actions",
      header: () => <span className="sr-only">Change</span>,
      meta: { card: "actions", align: "right" },
      cell: ({ row: { original: row } }) => <RowActions row={row} open={open} />,
    },
  ];
}

function RowActions({ row, open }: { row: InventoryRow; open: (opened: Opened) => void }) {
  const navigate = useNavigate();
  return (
    <div className="flex items-center justify-end gap-1 max-md:w-full max-md:justify-between">
      <Button
        variant="secondary"
        size="sm"
        aria-label={`Adjust ${row.name}`}
        onClick={() => open({ row, what: "adjust" })}
      >
        <SlidersHorizontal aria-hidden className="size-3.5" /> Adjust
      </Button>
      <Menu
        trigger={
          <Button variant="ghost" size="icon-sm" aria-label={`More for ${row.name}`}>
            <Ellipsis aria-hidden className="size-4" />
          </Button>
        }
      >
        <MenuItem onSelect={() => open({ row, what: "restock" })}>
          <PackagePlus aria-hidden /> Restock
        </MenuItem>
        <MenuItem onSelect={() => open({ row, what: "count" })}>
          <ClipboardCheck aria-hidden /> Count
        </MenuItem>
        <MenuItem onSelect={() => open({ row, what: "transfer" })}>
          <ArrowLeftRight aria-hidden /> Transfer
        </MenuItem>
        <MenuSeparator />
        <MenuItem onSelect={() => open({ row, what: "why" })}>
          <CircleHelp aria-hidden /> Why {formatCount(row.availableStock)} available?
        </MenuItem>
        <MenuItem onSelect={() => navigate(`/admin/movements?product=${encodeURIComponent(stockIdOf(row))}`)}>
          <ScrollText aria-hidden /> Movements
        </MenuItem>
        <MenuItem onSelect={() => navigate(`/admin/products/${encodeURIComponent(row.productId)}`)}>
          <Pencil aria-hidden /> Edit product
        </MenuItem>
      </Menu>
    </div>
  );
}
