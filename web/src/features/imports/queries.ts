import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import type { Schemas } from "@/api/types";

export type Import = Schemas["ImportView"];
export type ImportSummary = Schemas["ImportSummary"];
export type RowError = Schemas["RowErrorView"];
export type Change = Schemas["ChangeView"];
export type Undone = Schemas["UndoneView"];
export type Columns = Schemas["ColumnsView"];
/** Heading → field, "" for none. */
export type Mapping = Record<string, string>;
export type Kind = Import["kind"];
export type Mode = "add" | "count" | "set";
export type OnError = "stop" | "skip";

export interface Wanted {
  kind: Kind;
  mode: Mode;
  onError: OnError;
}

const ACTIVE: ReadonlySet<Import["status"]> = new Set(["CHECKING", "BOOKING", "FETCHING", "UNDOING"]);
const LOOK_AGAIN_MS = 1_000;

/** Whether it goes on by itself. */
export function isActive({ status }: Pick<Import, "status">): boolean {
  return ACTIVE.has(status);
}

/** Sends a file to be checked, or to be booked. */
export function sendFile(
  file: File,
  { kind, mode, onError }: Wanted,
  dryRun: boolean,
  mapping: Mapping | null,
): Promise<Import> {
  const sent = bytesOf(file);
  const said = mapping ? { mapping: JSON.stringify(mapping) } : {};
  const query = { dryRun, onError, fileName: file.name.slice(0, 200), ...said };
  return kind === "stock"
    ? dataOf(api.POST("/inventory/import", { params: { query: { ...query, mode } }, ...sent }))
    : dataOf(api.POST("/products/import", { params: { query }, ...sent }));
}

/** Asks what a file is, and what its columns are. */
export function lookAt(file: File, kind: Kind): Promise<Columns> {
  return dataOf(
    api.POST("/imports/columns", { params: { query: { kind, mode: "count" } }, ...bytesOf(file) }),
  );
}

function bytesOf(file: File) {
  return {
    // The bytes as they are: the server finds out which encoding they have.
    body: file as unknown as string,
    bodySerializer: (body: unknown) => body as Blob,
    headers: { "Content-Type": "text/csv" },
  };
}

/** One import; it is looked at again while it is at work. */
export function oneImport(id: string) {
  return queryOptions({
    queryKey: ["admin", "imports", "one", id],
    queryFn: ({ signal }) => dataOf(api.GET("/imports/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isActive(state.data) ? LOOK_AGAIN_MS : false),
  });
}

export function importsPage(nextToken: string | null) {
  return queryOptions({
    queryKey: ["admin", "imports", "list", nextToken ?? ""],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/imports", { params: { query: nextToken ? { nextToken } : {} }, signal })),
  });
}

export function undo(id: string, dryRun: boolean): Promise<Undone> {
  return dataOf(api.POST("/imports/{id}/undo", { params: { path: { id }, query: { dryRun } } }));
}

export function cancel(id: string): Promise<Import> {
  return dataOf(api.POST("/imports/{id}/cancel", { params: { path: { id } } }));
}
