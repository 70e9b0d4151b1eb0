import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { cn } from "@/lib/cn";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons, right-aligned below the content. */
  footer?: ReactNode;
  size?: "sm" | "md" | "lg";
  /** On paper it stands alone, without the page behind and without its buttons. */
  printed?: boolean;
  /** Only its own buttons close it: to leave it is a choice. */
  held?: boolean;
}

/** What is marked with `data-autofocus` has the focus when a dialog opens; else its first field. */
const FIRST = "[data-autofocus]";
const FIELDS = "input:not([type=hidden], [readonly], [type=radio]), select, textarea";

const WIDTHS = { sm: "max-w-md", md: "max-w-xl", lg: "max-w-3xl" };

/** What a dialog cannot scroll itself does not scroll the page behind it. */
function holdPage(event: Event): void {
  for (let at = event.target as Element | null; at && at !== event.currentTarget; at = at.parentElement) {
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return;
  }
  event.preventDefault();
}

/**
 * The browser's own <dialog>: it traps focus, gives it back, closes on Escape, and hides the page
 * behind from every reader. What is inside is mounted while it is open, and no longer.
 */
export function Modal({
  open,
  onClose,
  labelledBy,
  label,
  printed = false,
  held = false,
  className,
  children,
}: {
  open: boolean;
  onClose: () => void;
  labelledBy?: string;
  label?: string;
  printed?: boolean;
  held?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  // Text that is selected with the mouse may end beside the dialog: that is no click on the backdrop.
  const pressedBeside = useRef(false);
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) {
      dialog.showModal();
      // The browser would choose the close button; a phone's keyboard comes up only where it is wanted.
      const fields = window.matchMedia("(pointer: fine)").matches ? [FIRST, FIELDS] : [FIRST];
      const [first] = fields.flatMap((wanted) => dialog.querySelector<HTMLElement>(wanted) ?? []);
      first?.focus();
    }
    dialog?.addEventListener("wheel", holdPage, { passive: false });
    dialog?.addEventListener("touchmove", holdPage, { passive: false });
    return () => dialog?.close();
  }, [open]);
  if (!open) return null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click on the backdrop; the keyboard has Escape
    <dialog
      ref={ref}
      aria-labelledby={labelledBy}
      aria-label={label}
      data-printed={printed || undefined}
      onCancel={(event) => {
        // A file that was not chosen is cancelled too, and tells all around it.
        if (event.target !== ref.current) return;
        event.preventDefault();
        if (!held) onClose();
      }}
      // A browser closes what will not be closed at the second Escape.
      onClose={() => ref.current?.open || ref.current?.showModal()}
      onPointerDown={(event) => {
        pressedBeside.current = event.target === ref.current;
      }}
      onClick={(event) => {
        if (!held && pressedBeside.current && event.target === ref.current) onClose();
      }}
      className={cn("border-line bg-surface text-ink shadow-floating", className)}
    >
      {children}
    </dialog>
  );
}

function Head({
  id,
  title,
  description,
  onClose,
}: {
  id: string;
  title: string;
  description?: ReactNode;
  onClose: (() => void) | undefined;
}) {
  return (
    <header className="flex items-start gap-4 px-5 pt-5 sm:px-6">
      <div className="min-w-0 flex-1">
        <h2 id={id} className="font-semibold text-lg">
          {title}
        </h2>
        {description && <div className="mt-1 text-muted text-sm">{description}</div>}
      </div>
      {onClose && (
        <button
          type="button"
          onClick={onClose}
          aria-label="Close"
          className="-mt-1 -mr-2 print:hidden grid size-9 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
        >
          <X aria-hidden className="size-4.5" />
        </button>
      )}
    </header>
  );
}

/** In the middle of the page; on a phone at its foot. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  children,
  footer,
  size = "sm",
  printed = false,
  held = false,
}: DialogProps) {
  const id = useId();
  return (
    <Modal
      open={open}
      onClose={onClose}
      labelledBy={id}
      printed={printed}
      held={held}
      className={cn(
        "m-auto max-h-[min(90dvh,56rem)] w-[calc(100%-2rem)] animate-rise overflow-hidden rounded-2xl border",
        "open:flex open:flex-col max-sm:mb-0 max-sm:w-full max-sm:max-w-full max-sm:animate-slide-up max-sm:rounded-b-none",
        WIDTHS[size],
      )}
    >
      <Head id={id} title={title} description={description} onClose={held ? undefined : onClose} />
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-5 sm:px-6">{children}</div>
      {footer && (
        <footer className="print:hidden flex flex-wrap justify-end gap-2 border-t px-5 py-4 sm:px-6">
          {footer}
        </footer>
      )}
    </Modal>
  );
}

/** From the right edge, as high as the page. */
export function Sheet({ open, onClose, title, description, children, footer, size = "sm" }: DialogProps) {
  const id = useId();
  return (
    <Modal
      open={open}
      onClose={onClose}
      labelledBy={id}
      className={cn(
        "my-0 mr-0 ml-auto h-dvh max-h-dvh w-full animate-slide-in border-l open:flex open:flex-col",
        size === "sm" ? "max-w-md" : size === "md" ? "max-w-xl" : "max-w-3xl",
      )}
    >
      <Head id={id} title={title} description={description} onClose={onClose} />
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-5 sm:px-6">{children}</div>
      {footer && (
        <footer className="print:hidden flex flex-wrap justify-end gap-2 border-t px-5 py-4 sm:px-6">
          {footer}
        </footer>
      )}
    </Modal>
  );
}
