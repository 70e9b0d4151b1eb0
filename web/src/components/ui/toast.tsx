import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { isApiError, messageOf } from "@/api/errors";
import { cn } from "@/lib/cn";
import { Store, useStore } from "@/lib/store";

interface Told {
  description?: string;
  action?: { label: string; run: () => void };
  /** ms; an error stays until it is closed. */
  lasts?: number;
}

interface ToastState extends Told {
  id: number;
  tone: "success" | "danger" | "info";
  title: string;
}

const SHOWN_MAX = 4;
const toasts = new Store<readonly ToastState[]>([]);
let last = 0;

function show(tone: ToastState["tone"], title: string, told: Told = {}): () => void {
  const id = ++last;
  toasts.update((shown) => [...shown, { id, tone, title, ...told }].slice(-SHOWN_MAX));
  const lasts = told.lasts ?? (tone === "danger" ? 0 : told.action ? 8_000 : 4_500);
  if (lasts) setTimeout(() => dismiss(id), lasts);
  return () => dismiss(id);
}

function dismiss(id: number): void {
  toasts.update((shown) => shown.filter((each) => each.id !== id));
}

/** Short notes at the edge of the page. Each returns what takes it away again. */
export const toast = {
  success: (title: string, told?: Told) => show("success", title, told),
  info: (title: string, told?: Told) => show("info", title, told),
  /** Says what went wrong; where the shop's log explains it, under which request. */
  error: (error: unknown, told?: Told) =>
    show("danger", typeof error === "string" ? error : messageOf(error), {
      ...(isApiError(error) &&
        error.isUnexpected &&
        error.requestId && { description: `Request ${error.requestId}` }),
      ...told,
    }),
};

/** Where somebody last pressed: on a phone a toast shows in the other half, so that it covers nothing in use. */
let pressedLow = true;
if (typeof document !== "undefined") {
  const remember = ({ clientY }: PointerEvent) => {
    pressedLow = clientY > window.innerHeight / 2;
  };
  document.addEventListener("pointerdown", remember, { capture: true, passive: true });
}

const ICONS = { success: CircleCheck, danger: CircleAlert, info: Info };
const COLORS = { success: "text-success", danger: "text-danger", info: "text-info" };

/** A popover, so that it lies above an open dialog too. */
export function Toaster() {
  const shown = useStore(toasts);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const area = ref.current;
    if (!area?.showPopover) return;
    // Shown anew with each toast: what opened last lies on top.
    if (area.matches(":popover-open")) area.hidePopover();
    if (!shown.length) return;
    area.dataset.edge = pressedLow ? "top" : "bottom";
    area.showPopover();
  }, [shown]);
  return (
    <section
      ref={ref}
      popover="manual"
      aria-label="Notifications"
      aria-live="polite"
      className="print:hidden pointer-events-none fixed inset-auto right-0 bottom-(--foot) m-0 w-full max-w-md overflow-visible bg-transparent p-4 text-ink max-sm:data-[edge=top]:top-16 max-sm:data-[edge=top]:bottom-auto"
    >
      <ol className="flex flex-col gap-2">
        {shown.map((each) => {
          const Icon = ICONS[each.tone];
          return (
            <li
              key={each.id}
              className="pointer-events-auto flex animate-slide-up items-start gap-3 rounded-2xl border bg-surface p-4 shadow-floating"
            >
              <Icon aria-hidden className={cn("mt-px size-5 shrink-0", COLORS[each.tone])} />
              <div className="min-w-0 flex-1 text-sm">
                <p className="font-medium">{each.title}</p>
                {each.description && <p className="mt-0.5 break-words text-muted">{each.description}</p>}
              </div>
              {each.action && (
                <button
                  type="button"
                  className="shrink-0 font-medium text-brand-text text-sm underline-offset-4 hover:underline"
                  onClick={() => {
                    each.action?.run();
                    dismiss(each.id);
                  }}
                >
                  {each.action.label}
                </button>
              )}
              <button
                type="button"
                aria-label="Dismiss"
                className="-m-1.5 grid size-8 shrink-0 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
                onClick={() => dismiss(each.id)}
              >
                <X aria-hidden className="size-4" />
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
