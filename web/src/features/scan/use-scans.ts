import { useEffect, useRef } from "react";
import { scansAreRead, Wedge } from "./wedge";

interface Listener {
  onCode: (code: string) => void;
  /** Also while the focus is in a text field, which then keeps what stood in it. */
  inFields: boolean;
  /** Of the whole back office: a page that reads scans itself comes first. */
  fallback: boolean;
}

const listeners = new Set<Listener>();
const wedge = new Wedge();
let field: { of: Field; text: string } | null = null;

/** Calls `onCode` with each code that a scanner types, for as long as the component is shown. */
export function useScans(onCode: (code: string) => void, { inFields = false, fallback = false } = {}): void {
  const latest = useRef(onCode);
  useEffect(() => {
    latest.current = onCode;
  });
  useEffect(() => {
    const listener = { onCode: (code: string) => latest.current(code), inFields, fallback };
    if (listeners.size === 0) document.addEventListener("keydown", onKey, { capture: true });
    listeners.add(listener);
    scansAreRead.now = true;
    return () => {
      listeners.delete(listener);
      scansAreRead.now = listeners.size > 0;
      if (listeners.size === 0) document.removeEventListener("keydown", onKey, { capture: true });
    };
  }, [inFields, fallback]);
}

function current(): Listener | undefined {
  const all = [...listeners];
  return all.findLast((each) => !each.fallback) ?? all.at(-1);
}

function onKey(event: KeyboardEvent): void {
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
  const { target } = event;
  const listener = current();
  if (!listener || (isText(target) && !listener.inFields)) {
    wedge.reset();
    return;
  }
  const code = wedge.press({ key: event.key, at: event.timeStamp });
  if (code === null) {
    // A key comes before what it types: with the first one, the field is as it was.
    if (wedge.length === 1) field = isField(target) ? { of: target, text: target.value } : null;
    // A code's letters choose nothing in a list, and its blank presses no button.
    const isChoice = target instanceof HTMLSelectElement || (event.key === " " && !isText(target));
    if (wedge.length > 1 && isChoice) event.preventDefault();
    return;
  }
  // Enter belongs to the code: it presses no button and sends no form.
  event.preventDefault();
  if (field) write(field.of, field.text);
  field = null;
  listener.onCode(code.trim());
}

type Field = HTMLInputElement | HTMLSelectElement;

function isField(target: EventTarget | null): target is Field {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

const NO_TEXT = /^(button|checkbox|color|file|image|radio|range|reset|submit)$/;

/** Whether keys become text there. */
function isText(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !NO_TEXT.test(target.type);
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.isContentEditable);
}

/** As if somebody had typed or chosen it: React notices. */
function write(of: Field, text: string): void {
  if (of.value === text) return;
  const [prototype, event] =
    of instanceof HTMLSelectElement
      ? [HTMLSelectElement.prototype, "change"]
      : [HTMLInputElement.prototype, "input"];
  Object.getOwnPropertyDescriptor(prototype, "value")?.set?.call(of, text);
  of.dispatchEvent(new Event(event, { bubbles: true }));
}
