import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { filledPage } from "@/lib/paging";

export interface ProductsFilter {
  search?: string | undefined;
  category?: string | undefined;
  status?: "ACTIVE" | "INACTIVE" | "UNLISTED" | undefined;
}

export function productsPage(filter: ProductsFilter, token: string | null) {
  return queryOptions({
    queryKey: ["admin", "products", "page", filter, token],
    queryFn: ({ signal }) =>
      filledPage(token, (nextToken) =>
        api.get("/products", { query: { ...filter, limit: 25, nextToken }, signal }),
      ),
    placeholderData: keepPreviousData,
  });
}

export function product(id: string) {
  return queryOptions({
    // A form stands on it, so nothing asks for it anew: what others change meanwhile shows when it is saved.
    queryKey: ["product form", id],
    queryFn: ({ signal }) => api.get("/products/{id}", { params: { id }, signal }),
    refetchOnWindowFocus: false,
    staleTime: 0,
    gcTime: 0,
  });
}

export const categories = queryOptions({
  queryKey: ["admin", "categories"],
  queryFn: async ({ signal }) => (await api.get("/categories", { signal })).items.map(({ name }) => name),
  staleTime: 60_000,
});
