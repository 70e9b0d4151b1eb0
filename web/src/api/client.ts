import { browserStorage } from "@/lib/storage";
import { Store } from "@/lib/store";
import { dataOf } from "./answers";
import { type Clients, createClients } from "./clients";
import { type Lock, SessionKeeper } from "./session";

export { dataOf } from "./answers";
export { ifMatch } from "./clients";

/** Where the API is: read at run time from /config.json, so that one build serves every installation. */
const base: Promise<string> = (async () => {
  try {
    const config: unknown = await (await fetch("/config.json", { credentials: "same-origin" })).json();
    const base = (config as { apiBase?: unknown } | null)?.apiBase;
    return typeof base === "string" && base ? base.replace(/\/+$/, "") : "/api";
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
  refresh: (refreshToken) => dataOf(guest.POST("/token/refresh", { body: { refreshToken } })),
});

/** How many changes were asked for again though the first request had made them. */
export const replays = new Store(0);

export const { api, guest, sentBy }: Clients = createClients({
  origin: location.origin,
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
