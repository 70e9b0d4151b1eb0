import { useQuery } from "@tanstack/react-query";
import { PackageSearch, Plus } from "lucide-react";
import { Link } from "react-router";
import type { Product } from "@/api/types";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Select } from "@/components/ui/field";
import { Pager } from "@/components/ui/pager";
import { SearchField } from "@/components/ui/search-field";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Badge, PageHeader } from "@/components/ui/surfaces";
import { type Column, DataTable } from "@/components/ui/table";
import { Money, Time } from "@/components/ui/values";
import { ProductPicture } from "@/features/catalog/art";
import { titled } from "@/features/catalog/options";
import { ExportButton } from "@/features/operations/export-button";
import { categories, type ProductsFilter, productsPage } from "@/features/products/queries";
import { cn } from "@/lib/cn";
import { formatCount } from "@/lib/count";
import { useList, useTyped } from "@/lib/use-list";

const STATUSES = { ACTIVE: "For sale", INACTIVE: "Hidden", UNLISTED: "Unlisted" } as const;

/** Everything the shop lists, and what it hides. */
export default function Products() {
  const { params, trail, set, clear, go } = useList();
  const status = params.get("status");
  const filter: ProductsFilter = {
    search: params.get("search") || undefined,
    category: params.get("category") || undefined,
    status: status && status in STATUSES ? (status as keyof typeof STATUSES) : undefined,
  };
  const [typed, setTyped] = useTyped(filter.search ?? "", (search) => set({ search }, true));
  const page = useQuery(productsPage(filter, trail.token));
  const { data: known = [] } = useQuery(categories);
  const filtered = Boolean(filter.search || filter.category || filter.status);
  return (
    <Page title="Products">
      <PageHeader
        title="Products"
        description="What the shop lists, and what it hides."
        actions={
          <>
            <ExportButton what="products" />
            <ButtonLink to="/admin/categories" variant="secondary" className="max-sm:hidden">
              Categories
            </ButtonLink>
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
        <Select
          aria-label="Category"
          value={filter.category ?? ""}
          onChange={(event) => set({ category: event.target.value })}
          className="max-sm:flex-1"
        >
          <option value="">Every category</option>
          {known.map((name) => (
            <option key={name} value={name}>
              {titled(name)}
            </option>
          ))}
        </Select>
        <Select
          aria-label="Status"
          value={filter.status ?? ""}
          onChange={(event) => set({ status: event.target.value })}
          className="max-sm:flex-1"
        >
          <option value="">Every status</option>
          {Object.entries(STATUSES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </div>
      {page.isError && !page.data ? (
        <ErrorState error={page.error} onRetry={() => page.refetch()} />
      ) : (
        <div className={cn("transition-opacity", page.isPlaceholderData && "opacity-55")}>
          <DataTable
            caption="Products, newest first"
            columns={COLUMNS}
            rows={page.data?.items}
            rowKey={(product) => product.id}
            loading={page.isPending}
            empty={
              <EmptyState
                icon={PackageSearch}
                title={filtered ? "Nothing fits these filters" : "No product is listed yet"}
                action={
                  filtered ? (
                    <Button variant="secondary" onClick={clear}>
                      Show everything
                    </Button>
                  ) : (
                    <ButtonLink to="/admin/products/new">New product</ButtonLink>
                  )
                }
              >
                {filtered
                  ? "Try another word, or one filter less."
                  : "A name, a price and a sentence about it are enough to begin."}
              </EmptyState>
            }
          />
        </div>
      )}
      <Pager trail={trail} nextToken={page.data?.nextToken} busy={page.isPlaceholderData} onChange={go} />
    </Page>
  );
}

const COLUMNS: Column<Product>[] = [
  {
    id: "product",
    header: "Product",
    accessorFn: (product) => product.name,
    enableSorting: true,
    meta: { card: "title" },
    cell: ({ row: { original: product } }) => (
      <span className="flex items-center gap-3">
        <ProductPicture goods={product} className="size-10 shrink-0 rounded-lg border" />
        <span className="min-w-0">
          <Link
            to={`/admin/products/${encodeURIComponent(product.id)}`}
            className="rounded font-medium hover:underline"
          >
            {product.name}
          </Link>
          <span className="block font-normal text-muted text-xs">{product.sku}</span>
        </span>
      </span>
    ),
  },
  { id: "category", header: "Category", cell: ({ row }) => titled(row.original.category) },
  {
    id: "price",
    header: "Price",
    accessorFn: (product) => product.price,
    enableSorting: true,
    meta: { align: "right" },
    cell: ({ row: { original: product } }) => <Money minor={product.price} currency={product.currency} />,
  },
  {
    id: "available",
    header: "Available",
    accessorFn: (product) => product.quantity,
    enableSorting: true,
    meta: { align: "right" },
    cell: ({ row: { original: product } }) => (
      <span className={cn(product.isLowStock && "font-semibold text-warning")}>
        {formatCount(product.quantity)}
      </span>
    ),
  },
  {
    id: "status",
    header: "Status",
    cell: ({ row: { original: product } }) => (
      <Badge tone={product.status === "ACTIVE" ? "success" : "neutral"} dot>
        {STATUSES[product.status as keyof typeof STATUSES] ?? product.status}
      </Badge>
    ),
  },
  { id: "changed", header: "Changed", cell: ({ row }) => <Time value={row.original.updatedAt} /> },
];
