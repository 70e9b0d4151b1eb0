import type { LucideIcon } from "lucide-react";
import type { ComponentType } from "react";

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
