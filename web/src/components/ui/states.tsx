import { CircleAlert, type LucideIcon, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { isApiError, messageOf } from "@/api/errors";
import { cn } from "@/lib/cn";
import { Button } from "./button";

/** Nothing is here; it says what to do next. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  action,
  onShowAll,
  heading: Heading = "h2",
  className,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** Takes the filters away by which nothing is left; is shown instead of the action. */
  onShowAll?: (() => void) | undefined;
  /** h1 where it is the whole page. */
  heading?: "h1" | "h2";
  className?: string;
}) {
  return (
    <div className={cn("flex flex-col items-center px-6 py-16 text-center", className)}>
      <span className="grid size-14 place-items-center rounded-2xl bg-brand-soft text-brand-text">
        <Icon aria-hidden strokeWidth={1.6} className="size-6" />
      </span>
      <Heading className="mt-5 font-semibold text-lg">{title}</Heading>
      {children && <div className="mt-1.5 max-w-md text-balance text-muted">{children}</div>}
      {(onShowAll ?? action) && (
        <div className="mt-6 flex flex-wrap justify-center gap-2">
          {onShowAll ? (
            <Button variant="secondary" onClick={onShowAll}>
              Show everything
            </Button>
          ) : (
            action
          )}
        </div>
      )}
    </div>
  );
}

/** The request's id, by which the shop's log explains a failure. A refusal needs none. */
function RequestId({ error, className }: { error: unknown; className: string }) {
  if (!isApiError(error) || !error.isUnexpected || !error.requestId) return null;
  return (
    <p className={className}>
      Request <code className="select-all font-mono">{error.requestId}</code>
    </p>
  );
}

/** It could not be shown; why, and another try. */
export function ErrorState({
  error,
  onRetry,
  title = "This could not be loaded",
  heading: Heading = "h2",
  className,
}: {
  error: unknown;
  onRetry?: () => void;
  title?: string;
  heading?: "h1" | "h2";
  className?: string;
}) {
  return (
    <div role="alert" className={cn("flex flex-col items-center px-6 py-16 text-center", className)}>
      <span className="grid size-14 place-items-center rounded-2xl bg-danger-soft text-danger">
        <CircleAlert aria-hidden strokeWidth={1.6} className="size-6" />
      </span>
      <Heading className="mt-5 font-semibold text-lg">{title}</Heading>
      <p className="mt-1.5 max-w-md text-balance text-muted">{messageOf(error)}</p>
      <RequestId error={error} className="mt-2 text-muted text-xs" />
      {onRetry && (
        <Button variant="secondary" className="mt-6" onClick={onRetry}>
          <RotateCw aria-hidden className="size-4" />
          Try again
        </Button>
      )}
    </div>
  );
}

/** What went wrong with what was just asked, beside the button that asked. */
export function ErrorNote({ error, className }: { error: unknown; className?: string }) {
  if (!error) return null;
  return (
    <div role="alert" className={cn("rounded-xl bg-danger-soft px-4 py-3 text-danger text-sm", className)}>
      <p className="font-medium">{messageOf(error)}</p>
      <RequestId error={error} className="mt-1 text-xs" />
    </div>
  );
}
