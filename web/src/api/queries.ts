import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isApiError } from "./errors";

/** Transient errors are retried; a refusal is not. */
function retry(failures: number, error: unknown): boolean {
  return failures < 2 && isApiError(error) && error.isTransient;
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache(),
  mutationCache: new MutationCache(),
  defaultOptions: {
    // A device that is offline may still reach a server in the same house, so requests are always sent.
    queries: {
      staleTime: 30_000,
      gcTime: 10 * 60_000,
      retry,
      refetchOnWindowFocus: true,
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});
