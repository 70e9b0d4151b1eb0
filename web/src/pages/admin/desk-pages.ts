import { LayoutDashboard } from "lucide-react";
import type { AdminPage } from "./page-table";

/** The overview, and the pages about people, keys, mails and what failed. */
export const deskPages: readonly AdminPage[] = [
  {
    path: "",
    title: "Overview",
    group: "Today",
    icon: LayoutDashboard,
    atHand: true,
    load: async () => ({ default: (await import("./overview")).Overview }),
  },
];
