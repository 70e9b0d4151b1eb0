import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isApiError } from "./errors";

/** What only a later moment can mend is asked again; a refusal is not. */
function retry(failures: number, error: unknown): boolean {
  return failures < 2 && isApiError(error) && error.isTransient;
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache(),
  mutationCache: new MutationCache(),
  defaultOptions: {
    // Whether the device says that it is online tells nothing of a server in the same house: it is asked.
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
