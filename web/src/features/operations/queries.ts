import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import type { Schemas } from "@/api/types";
import { LOOK_AGAIN_MS } from "@/features/reports/queries";
import { filledPage } from "@/lib/paging";

export type ShopEvent = Schemas["EventView"];
export type Notification = Schemas["NotificationView"];
export type DeadLetter = Schemas["DeadLetterView"];
export type ApiKey = Schemas["ApiKeyView"];
export type Channel = Notification["channel"];

const shared = { placeholderData: keepPreviousData, refetchInterval: LOOK_AGAIN_MS } as const;

export function eventsPage(name: string | undefined, subject: string | undefined, token: string | null) {
  return queryOptions({
    ...shared,
    queryKey: ["admin", "events", name ?? "", subject ?? "", token],
    queryFn: ({ signal }) =>
      filledPage(token, (nextToken) =>
        dataOf(api.GET("/events", { params: { query: { name, subject, limit: 25, nextToken } }, signal })),
      ),
  });
}

export function notificationsPage(channel: Channel | undefined, token: string | null) {
  return queryOptions({
    ...shared,
    queryKey: ["admin", "notifications", channel ?? "", token],
    queryFn: ({ signal }) =>
      filledPage(token, (nextToken) =>
        dataOf(api.GET("/notifications", { params: { query: { channel, limit: 25, nextToken } }, signal })),
      ),
  });
}

export function deadLettersPage(token: string | null) {
  return queryOptions({
    ...shared,
    queryKey: ["admin", "dead-letters", token],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/dead-letters", { params: { query: { limit: 25, nextToken: token } }, signal })),
  });
}

export function usersPage(token: string | null, search = "") {
  return queryOptions({
    ...shared,
    queryKey: ["admin", "users", search, token],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/users", { params: { query: { limit: 25, nextToken: token, search } }, signal })),
  });
}

const FOUND_MAX = 5;

/** People by a few letters of their e-mail address or name. */
export function searchUsers(search: string) {
  return queryOptions({
    queryKey: ["admin", "users", "found", search],
    queryFn: async ({ signal }) =>
      (await dataOf(api.GET("/users", { params: { query: { search, limit: FOUND_MAX } }, signal }))).items,
    placeholderData: keepPreviousData,
  });
}

/** Somebody by their id: who did what stays readable for as long as the page is open. */
export function person(id: string) {
  return queryOptions({
    queryKey: ["people", id],
    queryFn: ({ signal }) => dataOf(api.GET("/users/{id}", { params: { path: { id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function apiKeysPage(token: string | null) {
  return queryOptions({
    ...shared,
    queryKey: ["admin", "api-keys", token],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/api-keys", { params: { query: { limit: 25, nextToken: token } }, signal })),
  });
}
