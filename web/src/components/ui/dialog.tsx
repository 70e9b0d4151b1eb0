import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { createContext, type ReactNode, useContext, useLayoutEffect, useRef, useState } from "react";
import { cn } from "@/lib/cn";
import { type FocusOrigin, focusOrigin, returnFocus } from "@/lib/focus";
import { unsavedForms } from "@/lib/unsaved";
import { Button } from "./button";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons, right-aligned below the content. */
  footer?: ReactNode;
  size?: "sm" | "md" | "lg";
  /** On paper it is alone, without the page behind and without its buttons. */
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

/** Closes the dialog around it, asking first where a form in it holds changes. */
const CloseDialog = createContext<() => void>(() => undefined);

/**
 * Radix' dialog: it traps the focus, closes on Escape, and hides the page behind from every reader. When it closes,
 * the focus goes back to what opened it. What is inside is mounted while it is open, and no longer.
 *
 * The backdrop is ours: Radix' overlay locks the page's scrolling with a style element, which the page's policy
 * refuses.
 */
export function Modal({
  open,
  onClose,
  label,
  printed = false,
  held = false,
  className,
  children,
}: {
  open: boolean;
  onClose: () => void;
  /** Its name, where it has no title. */
  label?: string;
  printed?: boolean;
  held?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const origin = useRef<FocusOrigin | null>(null);
  const below = useRef<ReadonlySet<() => boolean>>(new Set());
  const [asks, setAsks] = useState(false);
  useLayoutEffect(() => {
    if (!open) return;
    origin.current = focusOrigin();
    below.current = unsavedForms.now();
  }, [open]);
  const close = () => (unsavedForms.any(below.current) ? setAsks(true) : onClose());
  const leave = () => {
    setAsks(false);
    onClose();
  };
  const hold = (event: Event) => {
    if (held) event.preventDefault();
  };
  return (
    <Radix.Root open={open} onOpenChange={close}>
      <CloseDialog value={close}>
        <Radix.Portal>
          <div
            ref={holdStill}
            className="fixed inset-0 z-50 flex bg-(--backdrop) backdrop-blur-[2px] print:contents"
          >
            <Radix.Content
              aria-label={label}
              data-modal
              data-printed={printed || undefined}
              onOpenAutoFocus={focusFirst}
              onCloseAutoFocus={(event) => {
                event.preventDefault();
                if (origin.current) returnFocus(origin.current);
              }}
              onEscapeKeyDown={hold}
              onInteractOutside={hold}
              className={cn("border-line bg-surface text-ink shadow-floating outline-none", className)}
            >
              {children}
            </Radix.Content>
          </div>
        </Radix.Portal>
        {open && asks && <LeaveDialog onStay={() => setAsks(false)} onLeave={leave} />}
      </CloseDialog>
    </Radix.Root>
  );
}

/** The page behind the backdrop does not scroll. */
function holdStill(backdrop: HTMLElement | null): void {
  backdrop?.addEventListener("wheel", holdPage, { passive: false });
  backdrop?.addEventListener("touchmove", holdPage, { passive: false });
}

/** A phone's keyboard comes up only where it is wanted. */
function focusFirst(event: Event): void {
  const dialog = event.currentTarget as HTMLElement;
  const fields = window.matchMedia("(pointer: fine)").matches ? [FIRST, FIELDS] : [FIRST];
  const [first] = fields.flatMap((wanted) => dialog.querySelector<HTMLElement>(wanted) ?? []);
  if (!first) return;
  event.preventDefault();
  first.focus();
}

/** The button of a dialog that leaves it without doing anything. */
export function CancelButton({ children }: { children: ReactNode }) {
  const close = useContext(CloseDialog);
  return (
    <Button variant="secondary" onClick={close}>
      {children}
    </Button>
  );
}

/** Asks before changes are lost. */
export function LeaveDialog({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  return (
    <Dialog
      open
      onClose={onStay}
      title="Leave without saving?"
      description="What you changed here is not saved yet."
      footer={
        <>
          <Button variant="secondary" data-autofocus onClick={onStay}>
            Keep editing
          </Button>
          <Button variant="danger" onClick={onLeave}>
            Discard the changes
          </Button>
        </>
      }
    />
  );
}

function Head({ title, description, closes }: { title: string; description?: ReactNode; closes: boolean }) {
  const close = useContext(CloseDialog);
  return (
    <header className="flex items-start gap-4 px-5 pt-5 sm:px-6">
      <div className="min-w-0 flex-1">
        <Radix.Title className="font-semibold text-lg">{title}</Radix.Title>
        {description && (
          <Radix.Description asChild>
            <div className="mt-1 text-muted text-sm">{description}</div>
          </Radix.Description>
        )}
      </div>
      {closes && (
        <button
          type="button"
          onClick={close}
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
  return (
    <Modal
      open={open}
      onClose={onClose}
      printed={printed}
      held={held}
      className={cn(
        "m-auto max-h-[min(90dvh,56rem)] w-[calc(100%-2rem)] animate-rise overflow-hidden rounded-2xl border",
        "flex flex-col max-sm:mb-0 max-sm:w-full max-sm:max-w-full max-sm:animate-slide-up max-sm:rounded-b-none",
        WIDTHS[size],
      )}
    >
      <Head title={title} description={description} closes={!held} />
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-5 empty:pt-0 sm:px-6">
        {children}
      </div>
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
  return (
    <Modal
      open={open}
      onClose={onClose}
      className={cn(
        "my-0 mr-0 ml-auto h-dvh max-h-dvh w-full flex animate-slide-in flex-col border-l",
        size === "sm" ? "max-w-md" : size === "md" ? "max-w-xl" : "max-w-3xl",
      )}
    >
      <Head title={title} description={description} closes />
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-5 sm:px-6">{children}</div>
      {footer && (
        <footer className="print:hidden flex flex-wrap justify-end gap-2 border-t px-5 py-4 sm:px-6">
          {footer}
        </footer>
      )}
    </Modal>
  );
}
