import { useQuery } from "@tanstack/react-query";
import { Boxes } from "lucide-react";
import { useState } from "react";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { PagedTable } from "@/components/ui/paged-table";
import { EmptyState } from "@/components/ui/states";
import { PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { ProductName } from "@/features/products/product-name";
import { BookIn } from "@/features/stock/book-in";
import { ChangeStockDialog } from "@/features/stock/change-dialog";
import { type InventoryRow, lowStockPage } from "@/features/stock/queries";
import { stockIdOf } from "@/features/stock/rows";
import { StockStatusBadge } from "@/features/stock/status";
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
        description="Products whose available stock is below their threshold. The suggested quantity brings the stock above the reorder point, in whole lots."
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Products below their threshold"
        columns={columns(setOpened)}
        rowKey={stockIdOf}
        empty={
          <EmptyState
            icon={Boxes}
            title="No product is low on stock"
            action={
              <ButtonLink to="/admin/inventory" variant="secondary">
                To the inventory
              </ButtonLink>
            }
          >
            A product is listed here when its available stock is below its threshold.
          </EmptyState>
        }
      />
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
      cell: ({ row: { original: row } }) => <ProductName id={row.productId} name={row.name} sku={row.sku} />,
    },
    {
      id: "available",
      header: "Available",
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
