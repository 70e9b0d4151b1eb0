import * as Radix from "@radix-ui/react-toast";
import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { isApiError, messageOf } from "@/api/errors";
import { cn } from "@/lib/cn";
import { Store, useStore } from "@/lib/store";

interface ToastOptions {
  description?: string;
  action?: { label: string; run: () => void };
  /** ms; an error stays until it is closed. */
  duration?: number;
}

interface ToastState extends ToastOptions {
  id: number;
  tone: "success" | "danger" | "info";
  title: string;
  duration: number;
  /** Where it shows on a phone. */
  edge: "top" | "bottom";
}

const SHOWN_MAX = 4;
const toasts = new Store<readonly ToastState[]>([]);
let last = 0;

function show(tone: ToastState["tone"], title: string, options: ToastOptions = {}): () => void {
  const id = ++last;
  const duration = tone === "danger" ? Number.POSITIVE_INFINITY : options.action ? 8_000 : 4_500;
  const edge: ToastState["edge"] = pressedLow ? "top" : "bottom";
  toasts.update((shown) => [...shown, { id, tone, title, duration, edge, ...options }].slice(-SHOWN_MAX));
  return () => dismiss(id);
}

function dismiss(id: number): void {
  toasts.update((shown) => shown.filter((each) => each.id !== id));
}

/** Short notes at the edge of the page. Each returns what removes it. */
export const toast = {
  success: (title: string, options?: ToastOptions) => show("success", title, options),
  info: (title: string, options?: ToastOptions) => show("info", title, options),
  /** Says what went wrong; where the server's log explains it, under which request. */
  error: (error: unknown, options?: ToastOptions) =>
    show("danger", typeof error === "string" ? error : messageOf(error), {
      ...(isApiError(error) &&
        error.isUnexpected &&
        error.requestId && { description: `Request ${error.requestId}` }),
      ...options,
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

/** Shows the toasts, above an open dialog too. F8 leads to them. */
export function Toaster() {
  const shown = useStore(toasts);
  return (
    <Radix.Provider>
      {shown.map((each) => {
        const Icon = ICONS[each.tone];
        return (
          <Radix.Root
            key={each.id}
            type={each.tone === "danger" ? "foreground" : "background"}
            duration={each.duration}
            onOpenChange={() => dismiss(each.id)}
            className="pointer-events-auto flex animate-slide-up items-start gap-3 rounded-2xl border bg-surface p-4 shadow-floating data-[swipe=move]:translate-x-(--radix-toast-swipe-move-x)"
          >
            <Icon aria-hidden className={cn("mt-px size-5 shrink-0", COLORS[each.tone])} />
            <div className="min-w-0 flex-1 text-sm">
              <Radix.Title className="font-medium">{each.title}</Radix.Title>
              {each.description && (
                <Radix.Description className="mt-0.5 break-words text-muted">
                  {each.description}
                </Radix.Description>
              )}
            </div>
            {each.action && (
              <Radix.Action
                altText={each.action.label}
                className="shrink-0 font-medium text-brand-text text-sm underline-offset-4 hover:underline"
                onClick={each.action.run}
              >
                {each.action.label}
              </Radix.Action>
            )}
            <Radix.Close
              aria-label="Dismiss"
              className="-m-1.5 grid size-8 shrink-0 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
            >
              <X aria-hidden className="size-4" />
            </Radix.Close>
          </Radix.Root>
        );
      })}
      <Radix.Viewport
        data-edge={shown.at(-1)?.edge}
        className="print:hidden pointer-events-none fixed right-0 bottom-(--foot) z-60 flex w-full max-w-md flex-col gap-2 p-4 outline-none max-sm:data-[edge=top]:top-16 max-sm:data-[edge=top]:bottom-auto"
      />
    </Radix.Provider>
  );
}
