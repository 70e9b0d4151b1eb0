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
    queries: { staleTime: 30_000, gcTime: 10 * 60_000, retry, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});
