import { ChevronLeft } from "lucide-react";
import { Link } from "react-router";

/** Back to the list that a page belongs to. */
export function BackLink({ to, children }: { to: string; children: string }) {
  return (
    <nav aria-label="Back">
      <Link to={to} className="inline-flex items-center gap-1 rounded text-muted text-sm hover:text-ink">
        <ChevronLeft aria-hidden className="size-4" /> {children}
      </Link>
    </nav>
  );
}
