import { ChevronLeft, ChevronRight } from "lucide-react";
import { nextPage, pageNumber, previousPage, type Trail } from "@/lib/paging";
import { Button } from "./button";

/** Back and forth through a list whose answers name only the next page. Renders nothing for a single page. */
export function Pager({
  trail,
  nextToken,
  onChange,
  onNear,
  busy = false,
}: {
  trail: Trail;
  nextToken: string | null | undefined;
  onChange: (trail: Trail) => void;
  /** Somebody points at the buttons, or has come to them by key. */
  onNear?: () => void;
  busy?: boolean;
}) {
  if (!trail.before.length && !nextToken) return null;
  return (
    <nav
      aria-label="Pages"
      onPointerEnter={onNear}
      onFocus={onNear}
      className="print:hidden mt-8 flex items-center justify-center gap-4"
    >
      <Button
        variant="secondary"
        disabled={!trail.before.length && !busy}
        aria-disabled={busy || undefined}
        onClick={() => !busy && trail.before.length && onChange(previousPage(trail))}
      >
        <ChevronLeft aria-hidden className="size-4" /> Previous
      </Button>
      <span aria-live="polite" className="text-muted text-sm tabular-nums">
        Page {pageNumber(trail)}
      </span>
      <Button
        variant="secondary"
        disabled={!nextToken && !busy}
        aria-disabled={busy || undefined}
        onClick={() => !busy && onChange(nextPage(trail, nextToken ?? null))}
      >
        Next <ChevronRight aria-hidden className="size-4" />
      </Button>
    </nav>
  );
}
