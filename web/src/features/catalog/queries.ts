import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import type { Item, Product } from "@/api/types";
import { filledPage } from "@/lib/paging";
import type { Picture } from "./pictures";
import { type Variant, variantOf } from "./variants";

/** A product as the shop shows it; visitors do not see how many there are. */
export interface Goods {
  id: string;
  sku: string;
  name: string;
  description: string;
  category: string;
  type: string;
  brand: string;
  price: number;
  currency: string;
  imageUrl: string | null;
  images: Picture[];
  options: Record<string, unknown>;
  /** Those with stock of their own; none where all share one. */
  variants: Variant[];
  inStock: boolean;
  isLow: boolean;
  /** null: not shown. */
  quantity: number | null;
}

export interface GoodsPage {
  items: Goods[];
  nextToken: string | null;
}

export function fromItem(item: Item): Goods {
  const { id, sku, description, category, type, brand, price, currency, imageUrl, images, options, inStock } =
    item;
  return {
    id,
    sku,
    name: item.title,
    description,
    category,
    type,
    brand,
    price,
    currency,
    imageUrl,
    images,
    options,
    variants: (item.variants ?? []).map(variantOf),
    inStock,
    isLow: false,
    quantity: null,
  };
}

export function fromProduct(product: Product): Goods {
  const {
    id,
    sku,
    name,
    description,
    category,
    type,
    brand,
    price,
    currency,
    imageUrl,
    images,
    options,
    quantity,
  } = product;
  return {
    id,
    sku,
    name,
    description,
    category,
    type,
    brand,
    price,
    currency,
    imageUrl,
    images,
    options,
    variants: (product.variants ?? []).map(variantOf),
    inStock: quantity > 0,
    isLow: quantity > 0 && product.isLowStock,
    quantity,
  };
}

export const SORTS = {
  newest: "Newest",
  price: "Price, low to high",
  "-price": "Price, high to low",
  name: "Name",
} as const;
export type Sort = keyof typeof SORTS;

export interface GoodsFilter {
  category?: string | undefined;
  type?: string | undefined;
  brand?: string | undefined;
  search?: string | undefined;
  sort?: Sort | undefined;
}

const PAGE = 24;

/** A page of the grid: S3's storefront for visitors, S2's products for those who are signed in. */
export function goodsPage(signedIn: boolean, filter: GoodsFilter, token: string | null, limit = PAGE) {
  return queryOptions({
    queryKey: ["goods", "page", signedIn, filter, token, limit],
    queryFn: async ({ signal }): Promise<GoodsPage> => {
      if (signedIn) {
        const query = { ...filter, status: "ACTIVE" as const, limit };
        const page = await filledPage(token, (nextToken) =>
          dataOf(api.GET("/products", { params: { query: { ...query, nextToken } }, signal })),
        );
        return { items: page.items.map(fromProduct), nextToken: page.nextToken };
      }
      // Visitors' lists come newest first; the API sorts for those who are signed in.
      const { sort: _, ...wanted } = filter;
      const page = await filledPage(token, (nextToken) =>
        dataOf(api.GET("/items", { params: { query: { ...wanted, limit, nextToken } }, signal })),
      );
      return { items: page.items.map(fromItem), nextToken: page.nextToken };
    },
    placeholderData: keepPreviousData,
  });
}

export function goods(signedIn: boolean, id: string) {
  return queryOptions({
    queryKey: ["goods", "one", signedIn, id],
    queryFn: async ({ signal }): Promise<Goods> =>
      signedIn
        ? fromProduct(await dataOf(api.GET("/products/{id}", { params: { path: { id } }, signal })))
        : fromItem(await dataOf(api.GET("/items/{id}", { params: { path: { id } }, signal }))),
  });
}

export function searchItems(search: string) {
  return queryOptions({
    queryKey: ["goods", "search", search],
    queryFn: ({ signal }) => dataOf(api.GET("/items", { params: { query: { search, limit: 8 } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export interface Facets {
  categories: string[];
  types: string[];
  brands: string[];
}

const SURVEY_PAGES = 5;

/** What there is to filter by, seen from the goods themselves: category, then type, then brand. */
export function facets(category: string | undefined, type: string | undefined) {
  return queryOptions({
    queryKey: ["goods", "facets", category ?? "", type ?? ""],
    queryFn: async ({ signal }) => {
      const seen: Item[] = [];
      let nextToken: string | null = null;
      for (let page = 0; page < SURVEY_PAGES; page++) {
        const query = { category, type, limit: 100, nextToken };
        const answer: { items: Item[]; nextToken: string | null } = await dataOf(
          api.GET("/items", { params: { query }, signal }),
        );
        seen.push(...answer.items);
        nextToken = answer.nextToken;
        if (nextToken === null) break;
      }
      return facetsOf(seen);
    },
    staleTime: 5 * 60_000,
  });
}

type Kind = Pick<Item, "category" | "type" | "brand">;

export function facetsOf(items: Kind[]): Facets {
  const names = (pick: (item: Kind) => string) =>
    [...new Set(items.map(pick).filter(Boolean))].sort((one, other) => one.localeCompare(other));
  return {
    categories: names((item) => item.category),
    types: names((item) => item.type),
    brands: names((item) => item.brand),
  };
}
