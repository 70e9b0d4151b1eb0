import { useQuery } from "@tanstack/react-query";
import { PackageSearch, Plus } from "lucide-react";
import type { Product } from "@/api/types";
import { Page } from "@/components/layout/page";
import { ButtonLink } from "@/components/ui/button";
import { FilterSelect } from "@/components/ui/field";
import { PagedTable } from "@/components/ui/paged-table";
import { SearchField } from "@/components/ui/search-field";
import { EmptyState } from "@/components/ui/states";
import { Badge, PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { Money, Time } from "@/components/ui/values";
import { ProductPicture } from "@/features/catalog/art";
import { titled } from "@/features/catalog/options";
import { ExportButton } from "@/features/operations/export-button";
import { ProductName } from "@/features/products/product-name";
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
        <FilterSelect
          label="Category"
          every="Every category"
          value={filter.category}
          options={known.map((name) => [name, titled(name)])}
          onChange={(category) => set({ category })}
        />
        <FilterSelect
          label="Status"
          every="Every status"
          value={filter.status}
          options={Object.entries(STATUSES)}
          onChange={(status) => set({ status })}
        />
      </div>
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Products, newest first"
        columns={COLUMNS}
        rowKey={(product) => product.id}
        empty={
          <EmptyState
            icon={PackageSearch}
            title={filtered ? "Nothing fits these filters" : "No product is listed yet"}
            onShowAll={filtered ? clear : undefined}
            action={<ButtonLink to="/admin/products/new">New product</ButtonLink>}
          >
            {filtered
              ? "Try another word, or one filter less."
              : "A name, a price and a sentence about it are enough to begin."}
          </EmptyState>
        }
      />
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
          <ProductName id={product.id} name={product.name} sku={product.sku} />
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
