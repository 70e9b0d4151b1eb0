import { useQuery } from "@tanstack/react-query";
import { Boxes } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Pager } from "@/components/ui/pager";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { PageHeader } from "@/components/ui/surfaces";
import { type Column, DataTable } from "@/components/ui/table";
import { BookIn } from "@/features/stock/book-in";
import { ChangeStockDialog } from "@/features/stock/change-dialog";
import { type InventoryRow, lowStockPage } from "@/features/stock/queries";
import { StockStatusBadge } from "@/features/stock/status";
import { cn } from "@/lib/cn";
import { formatCount } from "@/lib/count";
import { useList } from "@/lib/use-list";

/** What runs out: how much to order, and where it is booked in when it arrives. */
export default function LowStock() {
  const { trail, go } = useList();
  const page = useQuery(lowStockPage(trail.token));
  const [opened, setOpened] = useState<InventoryRow | null>(null);
  return (
    <Page title="Low stock">
      <PageHeader
        title="Low stock"
        description="Fewer left than their threshold. The suggestion fills up past the reorder point, in whole lots."
      />
      {page.isError && !page.data ? (
        <ErrorState error={page.error} onRetry={() => page.refetch()} />
      ) : (
        <div className={cn("transition-opacity", page.isPlaceholderData && "opacity-55")}>
          <DataTable
            caption="Products below their threshold"
            columns={columns(setOpened)}
            rows={page.data?.items}
            rowKey={(row) => row.productId}
            loading={page.isPending}
            empty={
              <EmptyState
                icon={Boxes}
                title="Enough of everything"
                action={
                  <ButtonLink to="/admin/inventory" variant="secondary">
                    To the inventory
                  </ButtonLink>
                }
              >
                Products show here when fewer are left than their threshold.
              </EmptyState>
            }
          />
        </div>
      )}
      <Pager trail={trail} nextToken={page.data?.nextToken} busy={page.isPlaceholderData} onChange={go} />
      {opened && <ChangeStockDialog row={opened} kind="restock" onClose={() => setOpened(null)} />}
    </Page>
  );
}

function columns(open: (row: InventoryRow) => void): Column<InventoryRow>[] {
  return [
    {
      id: "product",
      header: "Product",
      meta: { card: "title" },
      cell: ({ row: { original: row } }) => (
        <>
          <Link
            to={`/admin/products/${encodeURIComponent(row.productId)}`}
            className="rounded font-medium hover:underline"
          >
            {row.name}
          </Link>
          <span className="block font-normal text-muted text-xs">{row.sku}</span>
        </>
      ),
    },
    {
      id: "available",
      header: "Available",
      accessorFn: (row) => row.availableStock,
      enableSorting: true,
      meta: { align: "right" },
      cell: ({ row }) => <span className="font-semibold">{formatCount(row.original.availableStock)}</span>,
    },
    {
      id: "threshold",
      header: "Threshold",
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.lowStockThreshold),
    },
    {
      id: "suggested",
      header: "Suggested order",
      accessorFn: (row) => row.suggestedReorderQuantity,
      enableSorting: true,
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.suggestedReorderQuantity),
    },
    { id: "status", header: "Status", cell: ({ row }) => <StockStatusBadge status={row.original.status} /> },
    {
      id: "actions",
      header: () => <span className="sr-only">Book in</span>,
      meta: { card: "actions", align: "right" },
      cell: ({ row: { original: row } }) => (
        <div className="flex flex-wrap justify-end gap-2 max-md:flex-row-reverse">
          <Button
            size="sm"
            variant="ghost"
            aria-label={`Other… quantity of ${row.name}`}
            onClick={() => open(row)}
          >
            Other…
          </Button>
          <BookIn row={row} />
        </div>
      ),
    },
  ];
}
