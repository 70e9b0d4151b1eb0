import { useEffect } from "react";

/** The document's title, which screen readers announce on each page. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Stockwright` : "Stockwright";
  }, [title]);
}
