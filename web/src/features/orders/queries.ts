import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf, ifMatch } from "@/api/client";
import type { Order, OrderStatus } from "@/api/types";
import { type Cart, orderItems } from "@/features/cart/cart";

export function ordersPage(status: OrderStatus | undefined, token: string | null) {
  return queryOptions({
    queryKey: ["orders", "own", status ?? "", token],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/orders", { params: { query: { status, limit: 10, nextToken: token } }, signal })),
    placeholderData: keepPreviousData,
  });
}

const SOON_MS = 2_500;
const MOVING_MS = 60_000;

export function order(id: string) {
  return queryOptions({
    queryKey: ["orders", "one", id],
    queryFn: ({ signal }) => dataOf(api.GET("/orders/{id}", { params: { path: { id } }, signal })),
    // A fresh order is confirmed within moments: look again until it is.
    refetchInterval: ({ state: { data } }) =>
      data?.status === "PENDING" && Date.now() - Date.parse(data.createdAt) < MOVING_MS ? SOON_MS : false,
  });
}

/** The order of a number or an id; null where there is none. */
export function findOrder(text: string) {
  return queryOptions({
    queryKey: ["orders", "found", text],
    queryFn: async ({ signal }) => {
      const found = await dataOf(
        api.GET("/orders", { params: { query: { scope: "all", search: text, limit: 1 } }, signal }),
      );
      return found.items[0] ?? null;
    },
  });
}

export function placeOrder(cart: Cart): Promise<Order> {
  return dataOf(api.POST("/orders", { body: { items: orderItems(cart) } }));
}

export function cancelOrder(which: Order, reason: string): Promise<Order> {
  return dataOf(
    api.POST("/orders/{id}/cancel", {
      params: { path: { id: which.id } },
      body: { reason },
      headers: ifMatch(which.version),
    }),
  );
}
