import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import { filledPage } from "@/lib/paging";

export interface ProductsFilter {
  search?: string | undefined;
  category?: string | undefined;
  status?: "ACTIVE" | "INACTIVE" | "UNLISTED" | undefined;
}

/** The orders in which the server lists products, besides its own: newest first. */
export const PRODUCT_SORTS = {
  oldest: "Oldest first",
  name: "Name, A to Z",
  "-name": "Name, Z to A",
  price: "Price, low to high",
  "-price": "Price, high to low",
} as const;
export type ProductSort = keyof typeof PRODUCT_SORTS;

export function productsPage(filter: ProductsFilter, sort: ProductSort | null, token: string | null) {
  return queryOptions({
    queryKey: ["admin", "products", "page", filter, sort, token],
    queryFn: ({ signal }) =>
      filledPage(token, (nextToken) =>
        dataOf(
          api.GET("/products", {
            params: { query: { ...filter, limit: 25, nextToken, ...(sort && { sort }) } },
            signal,
          }),
        ),
      ),
    placeholderData: keepPreviousData,
  });
}

/** The currency that the shop uses: that of its newest product, or null before there is one. */
export const shopCurrency = queryOptions({
  queryKey: ["admin", "products", "currency"],
  queryFn: async ({ signal }) =>
    (await dataOf(api.GET("/products", { params: { query: { limit: 1 } }, signal }))).items[0]?.currency ??
    null,
  staleTime: 60_000,
});

const FOUND_MAX = 6;

/** Products by a few letters of their name or SKU, those that are hidden too. */
export function searchProducts(search: string) {
  return queryOptions({
    queryKey: ["admin", "products", "found", search],
    queryFn: async ({ signal }) =>
      (await dataOf(api.GET("/products", { params: { query: { search, limit: FOUND_MAX } }, signal }))).items,
    placeholderData: keepPreviousData,
  });
}

export function product(id: string) {
  return queryOptions({
    // A form edits it, so it is not fetched again: changes by others show when it is saved.
    queryKey: ["product form", id],
    queryFn: ({ signal }) => dataOf(api.GET("/products/{id}", { params: { path: { id } }, signal })),
    refetchOnWindowFocus: false,
    staleTime: 0,
    gcTime: 0,
  });
}

export const categories = queryOptions({
  queryKey: ["admin", "categories"],
  queryFn: async ({ signal }) =>
    (await dataOf(api.GET("/categories", { signal }))).items.map(({ name }) => name),
  staleTime: 60_000,
});
