import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import type { Schemas } from "@/api/types";
import { filledPage } from "@/lib/paging";
import { byVariant } from "./rows";

type Row = Schemas["InventoryRow"];
/** A row as staff get it: only customers are shown no thresholds. */
export type InventoryRow = Row &
  Required<Pick<Row, "lowStockThreshold" | "reorderPoint" | "reorderQuantity" | "suggestedReorderQuantity">>;

/** The back office is for staff: its rows have their thresholds. */
export function forStaff<Page extends { items: Row[] }>(page: Page): Page & { items: InventoryRow[] } {
  return page as Page & { items: InventoryRow[] };
}
export type Movement = Schemas["MovementView"];
export type Reservation = Schemas["ReservationView"];
export type Location = Schemas["LocationView"];
export type StockStatus = Row["status"];

/** Everything of the back office is fetched again below this key. */
export const ADMIN = "admin";
export const LOOK_AGAIN_MS = 15_000;
const PAGE = 25;

export interface InventoryFilter {
  search?: string | undefined;
  status?: StockStatus | undefined;
  location?: string | undefined;
}

export function inventoryPage(filter: InventoryFilter, token: string | null) {
  return queryOptions({
    queryKey: [ADMIN, "inventory", "page", filter, token],
    queryFn: async ({ signal }) => {
      const page = await filledPage(token, (nextToken) =>
        dataOf(api.GET("/inventory", { params: { query: { ...filter, limit: PAGE, nextToken } }, signal })),
      );
      return forStaff({ ...page, items: byVariant(page.items, filter) });
    },
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN_MS,
  });
}

export function lowStockPage(token: string | null) {
  return queryOptions({
    queryKey: [ADMIN, "low-stock", token],
    queryFn: async ({ signal }) =>
      forStaff(
        await filledPage(token, (nextToken) =>
          dataOf(api.GET("/inventory/low-stock", { params: { query: { limit: PAGE, nextToken } }, signal })),
        ),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN_MS,
  });
}

/** Of a product, or of a variant by its own id. */
export function explanation(stockId: string) {
  return queryOptions({
    queryKey: [ADMIN, "explain", stockId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/inventory/product/{productId}/explain", {
          params: { path: { productId: stockId } },
          signal,
        }),
      ),
    staleTime: 0,
  });
}

/** The locations in their order of allocation. */
export const locations = queryOptions({
  queryKey: [ADMIN, "locations"],
  queryFn: async ({ signal }) => {
    const { items } = await dataOf(api.GET("/locations", { signal }));
    return items.toSorted((one, other) => one.priority - other.priority || one.id.localeCompare(other.id));
  },
  staleTime: 60_000,
});

export type MovementType = Movement["type"];

export interface MovementsFilter {
  type?: MovementType | undefined;
  location?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** The movements of the shop, or of one product or variant: then each has the balance after it. */
export function movementsPage(productId: string | undefined, filter: MovementsFilter, token: string | null) {
  return queryOptions({
    queryKey: [ADMIN, "movements", productId ?? "", filter, token],
    queryFn: ({ signal }) =>
      filledPage(token, (nextToken) => {
        const query = { ...filter, limit: PAGE, nextToken };
        return productId
          ? dataOf(
              api.GET("/inventory/product/{productId}/movements", {
                params: { path: { productId }, query },
                signal,
              }),
            )
          : dataOf(api.GET("/inventory/movements", { params: { query }, signal }));
      }),
    placeholderData: keepPreviousData,
  });
}

export type ReservationStatus = Schemas["ReservationView"]["status"];

export function reservationsPage(status: ReservationStatus | undefined, token: string | null) {
  return queryOptions({
    queryKey: [ADMIN, "reservations", status ?? "", token],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/reservations", {
          params: { query: { scope: "all", status, limit: PAGE, nextToken: token } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN_MS,
  });
}

/** The stock has changed: whatever shows a number of it looks again. */
export async function stockChanged(client: QueryClient): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: [ADMIN] }),
    client.invalidateQueries({ queryKey: ["goods"] }),
  ]);
}
