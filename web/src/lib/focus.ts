/** Where the keyboard focus goes back to when something that was opened is closed. */

const CONTROLS = [
  "a[href]",
  "button:not([disabled])",
  "input:not([disabled], [type=hidden])",
  "select:not([disabled])",
  "textarea:not([disabled])",
  "summary",
  "[tabindex]",
].join(", ");
/** A click that is older than this did not open what opens now. */
const CLICK_MS = 1_000;

let keyboard = false;
let last: { control: HTMLElement; at: number; clicked: boolean } | null = null;

if (typeof document !== "undefined") {
  const remember = ({ target, type }: Event) => {
    const control = target instanceof Element ? target.closest<HTMLElement>(CONTROLS) : null;
    if (control) last = { control, at: performance.now(), clicked: type === "click" };
  };
  document.addEventListener("focusin", remember, true);
  document.addEventListener(
    "keydown",
    () => {
      keyboard = true;
    },
    true,
  );
  document.addEventListener(
    "pointerdown",
    () => {
      keyboard = false;
    },
    true,
  );
  // Safari gives a button no focus when it is clicked.
  document.addEventListener("click", remember, true);
}

/** Whether the last thing that somebody used was the keyboard. */
export function usesKeyboard(): boolean {
  return keyboard;
}

/** The control that had the focus, and its row in a list, for the case that either is removed. */
export interface FocusOrigin {
  control: HTMLElement | null;
  list: Element | null;
  index: number;
}

/** What has the focus now, or had it a moment ago: what opens the thing that is being opened. */
export function focusOrigin(): FocusOrigin {
  const control = menuTrigger(focused() ?? lastControl());
  const row = control?.closest("tr, li") ?? null;
  const list = row?.parentElement ?? null;
  return { control, list, index: row && list ? [...list.children].indexOf(row) : -1 };
}

function focused(): HTMLElement | null {
  const active = document.activeElement;
  return active instanceof HTMLElement && active !== document.body ? active : null;
}

/** Removed with its menu in this very moment, or clicked without getting the focus. */
function lastControl(): HTMLElement | null {
  if (!last) return null;
  const isOpener = !last.control.isConnected || (last.clicked && performance.now() - last.at < CLICK_MS);
  return isOpener ? last.control : null;
}

/** An item of a menu is gone when the menu is closed; its trigger stays. */
function menuTrigger(control: HTMLElement | null): HTMLElement | null {
  const trigger = control?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  return trigger ? document.getElementById(trigger) : control;
}

/**
 * Gives the focus back to the control; where that is gone, to the row that is where its row was;
 * where the list is gone too, to the page. A focus that was set meanwhile stays.
 */
export function returnFocus({ control, list, index }: FocusOrigin): void {
  if (focused()?.isConnected) return;
  if (control?.isConnected && control.checkVisibility()) control.focus();
  if (focused() || index < 0) return;
  if (list?.isConnected) focusRow(list, index);
  if (!focused()) document.getElementById("main")?.focus({ preventScroll: true });
}

/** The first control of a list's row, or of its last one where it has become shorter. */
export function focusRow(list: Element, index: number): void {
  const row = list.children[Math.min(index, list.children.length - 1)];
  if (!(row instanceof HTMLElement)) return;
  const control = row.matches("[data-gone]")
    ? row
    : [...row.querySelectorAll<HTMLElement>(CONTROLS)].find((each) => each.checkVisibility());
  (control ?? row).focus({ preventScroll: true });
}
