import { useQuery } from "@tanstack/react-query";
import { PackageSearch, Plus } from "lucide-react";
import { api } from "@/api/client";
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
import { CSV, ExportButton } from "@/features/operations/export-button";
import { ProductName } from "@/features/products/product-name";
import {
  categories,
  PRODUCT_SORTS,
  type ProductSort,
  type ProductsFilter,
  productsPage,
} from "@/features/products/queries";
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
  const asked = params.get("sort");
  const sort = asked && asked in PRODUCT_SORTS ? (asked as ProductSort) : null;
  const [typed, setTyped] = useTyped(filter.search ?? "", (search) => set({ search }, true));
  const page = useQuery(productsPage(filter, sort, trail.token));
  const { data: known = [] } = useQuery(categories);
  const filtered = Boolean(filter.search || filter.category || filter.status);
  return (
    <Page title="Products">
      <PageHeader
        title="Products"
        description="All products, including those that are not for sale."
        actions={
          <>
            <ExportButton
              name="products"
              filter={filter}
              get={(query) => api.GET("/products/export", { params: { query }, ...CSV })}
            />
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
          every="All categories"
          value={filter.category}
          options={known.map((name) => [name, titled(name)])}
          onChange={(category) => set({ category })}
        />
        <FilterSelect
          label="Status"
          every="All statuses"
          value={filter.status}
          options={Object.entries(STATUSES)}
          onChange={(status) => set({ status })}
        />
        <FilterSelect
          label="Sort"
          every="Newest first"
          value={sort ?? undefined}
          options={Object.entries(PRODUCT_SORTS)}
          onChange={(sort) => set({ sort })}
        />
      </div>
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption={`Products, ${(sort ? PRODUCT_SORTS[sort] : "Newest first").toLowerCase()}`}
        columns={COLUMNS}
        sort={{ value: sort, onChange: (sort) => set({ sort: sort ?? undefined }) }}
        rowKey={(product) => product.id}
        empty={
          <EmptyState
            icon={PackageSearch}
            title={filtered ? "Nothing matches these filters" : "No product is listed yet"}
            onShowAll={filtered ? clear : undefined}
            action={<ButtonLink to="/admin/products/new">New product</ButtonLink>}
          >
            {filtered
              ? "Try another word, or remove a filter."
              : "A name, a price and a short description are enough to begin."}
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
    meta: { card: "title", sort: { ascending: "name", descending: "-name" } },
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
    meta: { align: "right", sort: { ascending: "price", descending: "-price" } },
    cell: ({ row: { original: product } }) => <Money minor={product.price} currency={product.currency} />,
  },
  {
    id: "available",
    header: "Available",
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
