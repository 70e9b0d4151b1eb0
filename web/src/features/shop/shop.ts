import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import type { Shop } from "@/api/types";
import { browserStorage } from "@/lib/storage";

const STORED_AS = "stockwright.shop-name";
const DEFAULT_NAME = "Stockwright";

export const shopQuery = queryOptions({
  queryKey: ["settings", "public"],
  queryFn: async ({ signal }): Promise<Shop> => {
    const shop = await dataOf(api.GET("/settings/public", { signal }));
    browserStorage.write(STORED_AS, shop.shopName);
    return shop;
  },
  staleTime: 5 * 60_000,
});

/** The shop's name; until the server has answered, the name that this browser saw last. */
export function useShopName(): string {
  const { data } = useQuery(shopQuery);
  return data?.shopName ?? browserStorage.read(STORED_AS) ?? DEFAULT_NAME;
}
