import { Boxes, ClipboardList, ScanBarcode } from "lucide-react";
import type { AdminPage } from "./page-table";

/** The pages that work with stock, products and orders. */
export const stockPages: readonly AdminPage[] = [
  {
    path: "orders",
    title: "Orders",
    group: "Today",
    icon: ClipboardList,
    shortcut: "g w",
    keywords: "board pack deliver cancel return work",
    atHand: true,
    load: () => import("./orders"),
  },
  { path: "orders/:id", title: "Order", icon: ClipboardList, load: () => import("./order") },
  {
    path: "till",
    title: "Till",
    group: "Today",
    icon: ScanBarcode,
    shortcut: "g t",
    keywords: "sale sell counter scan barcode receipt",
    atHand: true,
    load: () => import("./till"),
  },
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
