import { cn } from "@/lib/cn";
import { useLive } from "./live";

const LOOKS = {
  live: { label: "Live", dot: "bg-success" },
  connecting: { label: "Connecting", dot: "bg-line-strong" },
  waiting: { label: "Reconnecting", dot: "bg-warning" },
  off: { label: "Not live", dot: "bg-line-strong" },
};

/** Whether what the page shows follows the shop as it goes. */
export function LiveBadge() {
  const { label, dot } = LOOKS[useLive()];
  return (
    <p
      role="status"
      aria-label={`Updates: ${label}`}
      className="inline-flex h-8 min-w-28 items-center justify-center gap-2 rounded-full border bg-surface px-3 font-medium text-muted text-sm"
    >
      <span aria-hidden className={cn("size-2 rounded-full", dot)} />
      {label}
    </p>
  );
}
