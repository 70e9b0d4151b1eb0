import { cn } from "@/lib/cn";
import { describeOptions } from "./options";

/** What was chosen of a line's product, in a row of its own; nothing where there was no choice. */
export function LineOptions({
  options,
  className,
}: {
  options: Record<string, unknown>;
  className?: string;
}) {
  const chosen = describeOptions(options);
  return chosen ? <span className={cn("block text-muted text-xs", className)}>{chosen}</span> : null;
}
