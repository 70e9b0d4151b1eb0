import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Order, OrderStatus } from "@/api/types";
import { type Cart, orderItems } from "@/features/cart/cart";

export function ordersPage(status: OrderStatus | undefined, token: string | null) {
  return queryOptions({
    queryKey: ["orders", "own", status ?? "", token],
    queryFn: ({ signal }) => api.get("/orders", { query: { status, limit: 10, nextToken: token }, signal }),
    placeholderData: keepPreviousData,
  });
}

const SOON_MS = 2_500;
const MOVING_MS = 60_000;

export function order(id: string) {
  return queryOptions({
    queryKey: ["orders", "one", id],
    queryFn: ({ signal }) => api.get("/orders/{id}", { params: { id }, signal }),
    // A fresh order is confirmed within moments: look again until it is.
    refetchInterval: ({ state: { data } }) =>
      data?.status === "PENDING" && Date.now() - Date.parse(data.createdAt) < MOVING_MS ? SOON_MS : false,
  });
}

export function placeOrder(cart: Cart): Promise<Order> {
  return api.post("/orders", { body: { items: orderItems(cart) } });
}

export function cancelOrder(which: Order, reason: string): Promise<Order> {
  return api.post("/orders/{id}/cancel", {
    params: { id: which.id },
    body: { reason },
    version: which.version,
  });
}
