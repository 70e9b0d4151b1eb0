import { browserStorage } from "@/lib/storage";
import { Store } from "@/lib/store";
import type { paths } from "./schema";
import { type Lock, SessionKeeper } from "./session";
import { type Method, type Request, Transport } from "./transport";
import type { SessionAnswer } from "./types";

/** Where the API is: told at run time by /config.json, so that one build serves every installation. */
const base: Promise<string> = (async () => {
  try {
    const config: unknown = await (await fetch("/config.json", { credentials: "same-origin" })).json();
    const told = (config as { apiBase?: unknown } | null)?.apiBase;
    return typeof told === "string" && told ? told.replace(/\/+$/, "") : "/api";
  } catch {
    return "/api";
  }
})();

const lock: Lock = (work) =>
  "locks" in navigator
    ? (navigator.locks.request("stockwright.refresh", work) as ReturnType<typeof work>)
    : work();

export const session: SessionKeeper = new SessionKeeper({
  storage: browserStorage,
  lock,
  now: () => Date.now(),
  refresh: (refreshToken) =>
    transport.json({
      method: "POST",
      path: "/token/refresh",
      body: { refreshToken },
      anonymous: true,
    }) as Promise<SessionAnswer>,
});

/** How often something that was asked for again had been done at the first try. */
export const replays = new Store(0);

export const transport: Transport = new Transport({
  base: () => base,
  session,
  fetch: (...request) => fetch(...request),
  newKey,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  now: () => Date.now(),
  onReplay: () => replays.update((count) => count + 1),
});

window.addEventListener("storage", session.reload);

/** Whether the server answers at all. */
export async function isReachable(): Promise<boolean> {
  try {
    return (await fetch(`${await base}/health/live`, { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** 128 random bits; works on plain http too, where crypto.randomUUID does not. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

// ---- the API's types, read off its OpenAPI document ------------------------------------------------

type Lower = "get" | "post" | "put" | "patch" | "delete";
type Full<Path extends string> = `/api${Path}` & keyof paths;
type PathsOf<M extends Lower> = {
  [P in keyof paths]: P extends `/api${infer Path}`
    ? paths[P] extends { [K in M]: object }
      ? Path
      : never
    : never;
}[keyof paths];
type Operation<Path extends string, M extends Lower> = paths[Full<Path>][M];

/** The `data` of the good answer. */
export type Answer<Path extends string, M extends Lower> =
  Operation<Path, M> extends { responses: infer Responses }
    ? {
        [Status in keyof Responses]: Responses[Status] extends {
          content: { "application/json": { data: infer Data } };
        }
          ? Data
          : never;
      }[keyof Responses]
    : never;

type Query<O> = O extends { parameters: { query?: infer Q } } ? (Q extends object ? Q : never) : never;
type Body<O> = O extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;
type Params<O> = O extends { parameters: { path: infer P } } ? (P extends object ? P : never) : never;

type Given<O> = ([Params<O>] extends [never] ? { params?: undefined } : { params: Params<O> }) &
  ([Query<O>] extends [never] ? { query?: undefined } : { query?: Query<O> }) &
  ([Body<O>] extends [never] ? { body?: undefined } : { body?: Body<O> });

export type Options<Path extends string, M extends Lower> = Given<Operation<Path, M>> &
  Pick<Request, "signal" | "version" | "key" | "form" | "anonymous">;

/** Options may be left out where the path has no variable part. */
type Rest<Path extends string, M extends Lower> = [Params<Operation<Path, M>>] extends [never]
  ? [options?: Options<Path, M>]
  : [options: Options<Path, M>];

function caller<M extends Lower>(method: M) {
  return <Path extends PathsOf<M>>(path: Path, ...[options]: Rest<Path, M>): Promise<Answer<Path, M>> =>
    transport.json({ ...(options as object), method: method.toUpperCase() as Method, path }) as Promise<
      Answer<Path, M>
    >;
}

/** `await api.post("/orders/{id}/cancel", { params: { id }, body: { reason } })` gives the order; throws ApiError. */
export const api = {
  get: caller("get"),
  post: caller("post"),
  put: caller("put"),
  patch: caller("patch"),
  delete: caller("delete"),
  /** The answer as it is: a CSV file, a stream of events. Signs in and renews like all others. */
  raw: (request: Request): Promise<Response> => transport.send(request),
};
