import { Boxes } from "lucide-react";
import type { AdminPage } from "./page-table";

/** The pages that work with stock, products and orders. */
export const stockPages: readonly AdminPage[] = [
  {
    path: "inventory",
    title: "Inventory",
    group: "Stock",
    icon: Boxes,
    shortcut: "g i",
    keywords: "stock levels adjust restock count transfer",
    atHand: true,
    load: () => import("./inventory"),
  },
];
