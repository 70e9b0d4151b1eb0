import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Boxes, CircleCheck, PackageOpen } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import type { Order, Schemas } from "@/api/types";
import { Button } from "@/components/ui/button";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Badge, Card } from "@/components/ui/surfaces";
import { type Column, DataTable } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { Money, Time } from "@/components/ui/values";
import { OrderStatusBadge, shortId } from "@/features/orders/status";
import { LOOK_AGAIN_MS } from "@/features/reports/queries";

/** The first of them; the pages of their own have all. */
const SHOWN = 6;

type InventoryRow = Schemas["InventoryRow"];

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
      ? [...toPack.data.items, ...toDeliver.data.items].slice(0, SHOWN)
      : undefined;
  const failed = toPack.isError ? toPack : toDeliver.isError ? toDeliver : undefined;
  return (
    <Waiting title="Orders to go out" all={all}>
      {failed && !rows ? (
        <ErrorState error={failed.error} onRetry={() => failed.refetch()} />
      ) : (
        <DataTable
          caption="Orders that wait to be packed or delivered"
          columns={ORDER_COLUMNS}
          rows={rows}
          rowKey={(order) => order.id}
          loading={rows === undefined}
          empty={
            <Card>
              <EmptyState icon={CircleCheck} title="Nothing waits to go out">
                Orders show here as soon as they are confirmed.
              </EmptyState>
            </Card>
          }
        />
      )}
    </Waiting>
  );
}

function ordersOf(status: "CONFIRMED" | "PACKED") {
  return {
    queryKey: ["admin", "orders", status],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      api.get("/orders", { query: { scope: "all", status, limit: SHOWN }, signal }),
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
        {shortId(order.id)}
      </Link>
    ),
  },
  { id: "buyer", header: "Customer", cell: ({ row }) => row.original.userEmail || "In the shop" },
  {
    id: "units",
    header: "Units",
    meta: { align: "right" },
    cell: ({ row }) => row.original.items.reduce((sum, line) => sum + line.quantity, 0),
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
  const client = useQueryClient();
  const packs = order.status === "CONFIRMED";
  const step = useMutation({
    mutationFn: () => {
      const given = { params: { id: order.id }, body: {}, version: order.version };
      return packs ? api.post("/orders/{id}/pack", given) : api.post("/orders/{id}/deliver", given);
    },
    onSuccess: () => toast.success(packs ? "Packed" : "Delivered", { description: shortId(order.id) }),
    onError: (error) => toast.error(error),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["admin"] }),
        client.invalidateQueries({ queryKey: ["orders"] }),
      ]),
  });
  return (
    <Button
      size="sm"
      variant={packs ? "primary" : "secondary"}
      busy={step.isPending}
      onClick={() => step.mutate()}
    >
      {packs ? "Mark as packed" : "Mark as delivered"}
    </Button>
  );
}

export function LowStock({ all }: { all?: ReactNode }) {
  const low = useQuery({
    queryKey: ["admin", "low-stock"],
    queryFn: ({ signal }) => api.get("/inventory/low-stock", { query: { limit: SHOWN }, signal }),
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
          rowKey={(row) => row.productId}
          loading={low.isPending}
          empty={
            <Card>
              <EmptyState icon={Boxes} title="Enough of everything">
                Products show here when fewer are left than their threshold.
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
    cell: ({ row: { original: row } }) => (
      <Link to={`/products/${encodeURIComponent(row.productId)}`} className="font-medium hover:underline">
        {row.name}
      </Link>
    ),
  },
  { id: "sku", header: "SKU", cell: ({ row }) => row.original.sku },
  {
    id: "available",
    header: "Available",
    meta: { align: "right" },
    cell: ({ row }) => row.original.availableStock,
  },
  {
    id: "threshold",
    header: "Threshold",
    meta: { align: "right" },
    cell: ({ row }) => row.original.lowStockThreshold,
  },
  {
    id: "reorder",
    header: "Suggested reorder",
    meta: { align: "right" },
    cell: ({ row }) => row.original.suggestedReorderQuantity,
  },
  {
    id: "status",
    header: "Status",
    cell: ({ row }) => (
      <Badge tone={row.original.availableStock === 0 ? "danger" : "warning"} dot>
        {row.original.availableStock === 0 ? "Out of stock" : "Low"}
      </Badge>
    ),
  },
  {
    id: "actions",
    header: () => <span className="sr-only">Next step</span>,
    meta: { card: "actions", align: "right" },
    cell: ({ row }) => <Restock row={row.original} />,
  },
];

function Restock({ row }: { row: InventoryRow }) {
  const client = useQueryClient();
  const units = row.suggestedReorderQuantity || row.reorderQuantity;
  const restock = useMutation({
    mutationFn: () =>
      api.patch("/inventory/product/{productId}/stock", {
        params: { productId: row.productId },
        body: { quantity: units, type: "RESTOCK", reason: "Suggested reorder arrived" },
      }),
    onSuccess: () => toast.success(`${String(units)} units of ${row.name} are on the shelf`),
    onError: (error) => toast.error(error),
    onSettled: () => client.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <Button size="sm" variant="secondary" busy={restock.isPending} onClick={() => restock.mutate()}>
      <PackageOpen aria-hidden className="size-4" />
      Book in {units}
    </Button>
  );
}
