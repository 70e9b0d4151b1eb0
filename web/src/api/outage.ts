import type { QueryClient } from "@tanstack/react-query";
import { isApiError } from "./errors";

interface OutageParts {
  /** Whether the server answers now. */
  isReachable: () => Promise<boolean>;
  sleep: (milliseconds: number) => Promise<void>;
}

const WAIT_MS = 2_000;
const WAIT_MAX_MS = 15_000;

/** What the page shows and could not get, because the server did not answer. */
function isLost({ state }: { state: { status: string; error: unknown } }): boolean {
  return state.status === "error" && isApiError(state.error) && state.error.isTransient;
}

/** While the server is down, it asks now and then whether it is back; then everything that was lost is fetched again. */
export function recoverFromOutages(client: QueryClient, { isReachable, sleep }: OutageParts): () => void {
  const lost = () => client.getQueryCache().findAll({ type: "active" }).filter(isLost);
  let probing = false;
  const probe = async () => {
    if (probing) return;
    probing = true;
    for (let wait = WAIT_MS; lost().length; wait = Math.min(wait * 1.5, WAIT_MAX_MS)) {
      await sleep(wait);
      if (await isReachable()) {
        await client.refetchQueries({ type: "active", predicate: isLost });
      }
    }
    probing = false;
  };
  return client.getQueryCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "error") void probe();
  });
}
