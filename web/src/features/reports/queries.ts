import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import { daysBack } from "./series";

/** Events announce changes at once; this is for when they do not come. */
export const LOOK_AGAIN_MS = 60_000;

/** The reader's own zone, as the browser knows it. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export type Span = "7 days" | "30 days" | "12 weeks";

export const SPANS: Record<Span, { days: number; by: "day" | "week" }> = {
  "7 days": { days: 7, by: "day" },
  "30 days": { days: 30, by: "day" },
  "12 weeks": { days: 84, by: "week" },
};

function rangeOf(span: Span) {
  return { from: daysBack(new Date(), SPANS[span].days), timeZone: ownZone() };
}

export function summary() {
  return queryOptions({
    queryKey: ["admin", "reports", "summary"],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/reports/summary", { params: { query: { timeZone: ownZone() } }, signal })),
    refetchInterval: LOOK_AGAIN_MS,
  });
}

export function sales(span: Span) {
  return queryOptions({
    queryKey: ["admin", "reports", "sales", span],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/reports/sales", { params: { query: { ...rangeOf(span), by: SPANS[span].by } }, signal }),
      ),
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: keepPreviousData,
  });
}

export function topProducts(span: Span) {
  return queryOptions({
    queryKey: ["admin", "reports", "top-products", span],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/reports/top-products", { params: { query: { ...rangeOf(span), limit: 8 } }, signal })),
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: keepPreviousData,
  });
}

export function stockValue() {
  return queryOptions({
    queryKey: ["admin", "reports", "stock-value"],
    queryFn: ({ signal }) => dataOf(api.GET("/reports/stock-value", { signal })),
    refetchInterval: LOOK_AGAIN_MS,
  });
}

export function stockHistory(span: Span) {
  return queryOptions({
    queryKey: ["admin", "reports", "stock-history", span],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/reports/stock-history", {
          params: { query: { ...rangeOf(span), by: SPANS[span].by } },
          signal,
        }),
      ),
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: keepPreviousData,
  });
}
