import { isApiError, messageOf } from "@/api/errors";
import { Store } from "@/lib/store";

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
/** What is shown now. */
export const toasts = new Store<readonly ToastState[]>([]);
let last = 0;

function show(tone: ToastState["tone"], title: string, options: ToastOptions = {}): () => void {
  const id = ++last;
  const duration = tone === "danger" ? Number.POSITIVE_INFINITY : options.action ? 8_000 : 4_500;
  const edge: ToastState["edge"] = pressedLow ? "top" : "bottom";
  toasts.update((shown) => [...shown, { id, tone, title, duration, edge, ...options }].slice(-SHOWN_MAX));
  return () => dismiss(id);
}

/** Removes one. */
export function dismiss(id: number): void {
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
