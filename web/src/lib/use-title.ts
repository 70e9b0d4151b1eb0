import { useEffect } from "react";
import { useShopName } from "@/features/shop/shop";

/** The document's title, which screen readers announce on each page. */
export function useTitle(title: string | undefined): void {
  const shop = useShopName();
  useEffect(() => {
    document.title = title ? `${title} · ${shop}` : shop;
  }, [title, shop]);
}
