import type { AdminPage } from "./page-table";

/** The pages that work with stock, products and orders. */
export const stockPages: readonly AdminPage[] = [];
