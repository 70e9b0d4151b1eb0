import type { LucideIcon } from "lucide-react";
import type { ComponentType } from "react";
import { deskPages } from "./desk-pages";
import { stockPages } from "./stock-pages";

/** A page of the back office: its route, its place in the navigation, its entry in the palette. */
export interface AdminPage {
  /** Below /admin; "" is the first page. */
  path: string;
  title: string;
  /** Where the navigation shows it; without a group only links and other pages lead there. */
  group?: "Today" | "Stock" | "Catalog" | "Operations";
  icon: LucideIcon;
  shortcut?: string;
  keywords?: string;
  /** One of the few that a phone keeps at hand. */
  atHand?: boolean;
  load: () => Promise<{ default: ComponentType }>;
}

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
