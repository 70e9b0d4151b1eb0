import type { AdminPage } from "./admin-page";
import { deskPages } from "./desk-pages";
import { stockPages } from "./stock-pages";

export const GROUPS = ["Today", "Stock", "Catalog", "Operations"] as const;

/** In the order of the navigation; those that stand in no group come last. */
export const adminPages: readonly AdminPage[] = [...deskPages, ...stockPages].toSorted(
  (one, other) => positionOf(one) - positionOf(other),
);

function positionOf({ group }: AdminPage): number {
  return group ? GROUPS.indexOf(group) : GROUPS.length;
}

export function addressOf(page: Pick<AdminPage, "path">): string {
  return page.path ? `/admin/${page.path}` : "/admin";
}
