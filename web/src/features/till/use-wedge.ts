import { useEffect, useRef } from "react";
import { Wedge } from "./wedge";

/** Hears a scanner anywhere on the page; a field that had the focus keeps what stood in it. */
export function useWedge(onCode: (code: string) => void): void {
  const heard = useRef(onCode);
  useEffect(() => {
    heard.current = onCode;
  });
  useEffect(() => {
    const wedge = new Wedge();
    let field: { of: Field; text: string } | null = null;
    const listen = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
      const code = wedge.press({ key: event.key, at: event.timeStamp });
      if (code === null) {
        const { target } = event;
        // A key comes before what it types: with the first one, the field is as it was.
        if (wedge.length === 1) {
          field = isField(target) ? { of: target, text: target.value } : null;
        }
        // A code's letters are not shortcuts, and choose nothing.
        if (wedge.length > 1) {
          event.stopPropagation();
          if (target instanceof HTMLSelectElement) event.preventDefault();
        }
        return;
      }
      // Enter belongs to the code: it presses no button and sends no form.
      event.preventDefault();
      event.stopPropagation();
      if (field) write(field.of, field.text);
      field = null;
      heard.current(code);
    };
    document.addEventListener("keydown", listen, { capture: true });
    return () => document.removeEventListener("keydown", listen, { capture: true });
  }, []);
}

type Field = HTMLInputElement | HTMLSelectElement;

function isField(target: EventTarget | null): target is Field {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

/** As if somebody had typed or chosen it: React hears of it. */
function write(field: Field, text: string): void {
  if (field.value === text) return;
  const [prototype, event] =
    field instanceof HTMLSelectElement
      ? [HTMLSelectElement.prototype, "change"]
      : [HTMLInputElement.prototype, "input"];
  Object.getOwnPropertyDescriptor(prototype, "value")?.set?.call(field, text);
  field.dispatchEvent(new Event(event, { bubbles: true }));
}
