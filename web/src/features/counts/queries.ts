import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf, newKey } from "@/api/client";
import { ApiError, messageOf } from "@/api/errors";
import { queryClient } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { ADMIN } from "@/features/stock/queries";
import { filledPage } from "@/lib/paging";
import { browserStorage } from "@/lib/storage";
import { Store } from "@/lib/store";
import { ScanQueue } from "./scan-queue";

export type StockCount = Schemas["CountView"];
export type CountLine = Schemas["CountLineView"];

const PAGE = 25;
const LOOK_AGAIN_MS = 5_000;
const SHEET = 100;

export function countsPage(token: string | null) {
  return queryOptions({
    queryKey: [ADMIN, "counts", "page", token],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/inventory/counts", { params: { query: { limit: PAGE, nextToken: token } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function count(id: string) {
  return queryOptions({
    queryKey: [ADMIN, "counts", "one", id],
    queryFn: ({ signal }) => dataOf(api.GET("/inventory/counts/{id}", { params: { path: { id } }, signal })),
    // Others scan, too.
    refetchInterval: LOOK_AGAIN_MS,
  });
}

export function countLines(id: string, differing: boolean, token: string | null) {
  return queryOptions({
    queryKey: [ADMIN, "counts", "lines", id, differing, token],
    queryFn: ({ signal }) =>
      filledPage(token, (nextToken) =>
        dataOf(
          api.GET("/inventory/counts/{id}/lines", {
            params: { path: { id }, query: { differing, limit: PAGE, nextToken } },
            signal,
          }),
        ),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN_MS,
  });
}

/** Every product that a count is of, for a sheet on paper. */
export function countSheet(id: string) {
  return queryOptions({
    queryKey: [ADMIN, "counts", "sheet", id],
    queryFn: async ({ signal }) => {
      const rows: Schemas["SheetRowView"][] = [];
      for (let nextToken: string | null | undefined; nextToken !== null; ) {
        const page = await dataOf(
          api.GET("/inventory/counts/{id}/sheet", {
            params: { path: { id }, query: { limit: SHEET, nextToken: nextToken ?? null } },
            signal,
          }),
        );
        rows.push(...page.items);
        nextToken = page.nextToken;
      }
      return rows;
    },
    staleTime: 0,
  });
}

/** What was counted last, by this browser. */
export const lastCounted = new Store<CountLine | null>(null);

/** The scans of this browser: they outlive a lost connection, and a reload. */
export const scans = new ScanQueue<CountLine>({
  storage: browserStorage,
  send: ({ countId, key, code, quantity, recount, at }) =>
    dataOf(
      api.POST("/inventory/counts/{id}/scans", {
        params: { path: { id: countId } },
        body: { code, quantity, recount, at },
        headers: { "Idempotency-Key": key },
      }),
    ),
  isLost: (error) => error instanceof ApiError && error.isUncertain,
  messageOf,
  sleep: (milliseconds) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      // As soon as the connection is back.
      window.addEventListener(
        "online",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    }),
  onCounted: (line) => {
    lastCounted.set(line);
    void queryClient.invalidateQueries({ queryKey: [ADMIN, "counts"] });
  },
});

/** Counts units of what has the code, now or as soon as the shop is reached. */
export function countUnits(countId: string, code: string, quantity: number, recount = false): void {
  scans.add({ key: newKey(), countId, code, quantity, recount, at: new Date().toISOString() });
}
