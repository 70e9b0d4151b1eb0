import { useQuery } from "@tanstack/react-query";
import { Boxes, CircleCheck, PackageCheck, Truck } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { api, dataOf } from "@/api/client";
import type { Order } from "@/api/types";
import { Button } from "@/components/ui/button";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Card } from "@/components/ui/surfaces";
import { type Column, DataTable } from "@/components/ui/table";
import { Money, Time } from "@/components/ui/values";
import { unitsOf } from "@/features/orders/board";
import { OrderStatusBadge } from "@/features/orders/status";
import { useOrderStep } from "@/features/orders/steps";
import { ProductName } from "@/features/products/product-name";
import { LOOK_AGAIN_MS } from "@/features/reports/queries";
import { BookIn } from "@/features/stock/book-in";
import { forStaff, type InventoryRow } from "@/features/stock/queries";
import { stockIdOf } from "@/features/stock/rows";
import { StockStatusBadge } from "@/features/stock/status";
import { formatCount } from "@/lib/count";
import { once } from "@/lib/one-click";

/** The first of them; the pages of their own have all. */
const SHOWN = 6;
/** Orders are read newest first, and at most so many at once. */
const READ = 100;

function Waiting({ title, all, children }: { title: string; all: ReactNode; children: ReactNode }) {
  return (
    <section>
      <div className="mb-4 flex flex-wrap items-baseline justify-between gap-3">
        <h2 className="font-semibold text-xl">{title}</h2>
        {all}
      </div>
      {children}
    </section>
  );
}

/** Orders to pack, then orders to hand over; each step moves an order on. */
export function ToShip({ all }: { all?: ReactNode }) {
  const toPack = useQuery(ordersOf("CONFIRMED"));
  const toDeliver = useQuery(ordersOf("PACKED"));
  const rows =
    toPack.data && toDeliver.data
      ? [...longestFirst(toPack.data), ...longestFirst(toDeliver.data)].slice(0, SHOWN)
      : undefined;
  const failed = toPack.isError ? toPack : toDeliver.isError ? toDeliver : undefined;
  return (
    <Waiting title="Orders to pack and deliver" all={all}>
      {failed && !rows ? (
        <ErrorState error={failed.error} onRetry={() => failed.refetch()} />
      ) : (
        <DataTable
          caption="Orders to pack and deliver"
          columns={ORDER_COLUMNS}
          rows={rows}
          rowKey={(order) => order.id}
          loading={rows === undefined}
          empty={
            <Card>
              <EmptyState icon={CircleCheck} title="No order waits to be packed or delivered">
                Orders are listed here when they are confirmed.
              </EmptyState>
            </Card>
          }
        />
      )}
    </Waiting>
  );
}

/** Those that wait longest, where all were read; where more wait than one page holds, the newest, as they came. */
function longestFirst({ items, nextToken }: { items: Order[]; nextToken: string | null }): Order[] {
  return nextToken === null ? items.toReversed() : items;
}

function ordersOf(status: "CONFIRMED" | "PACKED") {
  return {
    queryKey: ["admin", "orders", status],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      dataOf(api.GET("/orders", { params: { query: { scope: "all", status, limit: READ } }, signal })),
    refetchInterval: LOOK_AGAIN_MS,
  } as const;
}

const ORDER_COLUMNS: Column<Order>[] = [
  {
    id: "order",
    header: "Order",
    meta: { card: "title" },
    cell: ({ row: { original: order } }) => (
      <Link to={`/admin/orders/${encodeURIComponent(order.id)}`} className="font-medium hover:underline">
        {order.number}
      </Link>
    ),
  },
  { id: "buyer", header: "Customer", cell: ({ row }) => row.original.userEmail || "In the shop" },
  {
    id: "units",
    header: "Units",
    meta: { align: "right" },
    cell: ({ row }) => formatCount(unitsOf(row.original)),
  },
  {
    id: "total",
    header: "Total",
    meta: { align: "right" },
    cell: ({ row: { original: order } }) => <Money minor={order.totalAmount} currency={order.currency} />,
  },
  { id: "placed", header: "Placed", cell: ({ row }) => <Time value={row.original.createdAt} /> },
  { id: "status", header: "Status", cell: ({ row }) => <OrderStatusBadge status={row.original.status} /> },
  {
    id: "actions",
    header: () => <span className="sr-only">Next step</span>,
    meta: { card: "actions", align: "right" },
    cell: ({ row }) => <NextStep order={row.original} />,
  },
];

function NextStep({ order }: { order: Order }) {
  const step = useOrderStep();
  const packs = order.status === "CONFIRMED";
  return (
    <Button
      size="sm"
      variant={packs ? "primary" : "secondary"}
      aria-label={`${packs ? "Pack" : "Deliver"} ${order.number}`}
      busy={step.isPending}
      onClick={once(() => step.mutate({ order, to: packs ? "PACKED" : "DELIVERED" }))}
    >
      {packs ? <PackageCheck aria-hidden className="size-4" /> : <Truck aria-hidden className="size-4" />}
      {packs ? "Pack" : "Deliver"}
    </Button>
  );
}

export function LowStock({ all }: { all?: ReactNode }) {
  const low = useQuery({
    queryKey: ["admin", "low-stock"],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/inventory/low-stock", { params: { query: { limit: SHOWN } }, signal })).then(forStaff),
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <Waiting title="Low on stock" all={all}>
      {low.isError && !low.data ? (
        <ErrorState error={low.error} onRetry={() => low.refetch()} />
      ) : (
        <DataTable
          caption="Products below their threshold"
          columns={LOW_COLUMNS}
          rows={low.data?.items}
          rowKey={stockIdOf}
          loading={low.isPending}
          empty={
            <Card>
              <EmptyState icon={Boxes} title="No product is low on stock">
                A product is listed here when its available stock is below its threshold.
              </EmptyState>
            </Card>
          }
        />
      )}
    </Waiting>
  );
}

const LOW_COLUMNS: Column<InventoryRow>[] = [
  {
    id: "product",
    header: "Product",
    meta: { card: "title" },
    cell: ({ row: { original: row } }) => <ProductName id={row.productId} name={row.name} sku={row.sku} />,
  },
  {
    id: "available",
    header: "Available",
    meta: { align: "right" },
    cell: ({ row }) => formatCount(row.original.availableStock),
  },
  {
    id: "threshold",
    header: "Threshold",
    meta: { align: "right" },
    cell: ({ row }) => formatCount(row.original.lowStockThreshold),
  },
  {
    id: "reorder",
    header: "Suggested reorder",
    meta: { align: "right" },
    cell: ({ row }) => formatCount(row.original.suggestedReorderQuantity),
  },
  {
    id: "status",
    header: "Status",
    cell: ({ row }) => <StockStatusBadge status={row.original.status} />,
  },
  {
    id: "actions",
    header: () => <span className="sr-only">Next step</span>,
    meta: { card: "actions", align: "right" },
    cell: ({ row }) => <BookIn row={row.original} variant="secondary" />,
  },
];
