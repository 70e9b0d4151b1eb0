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
    let field: { input: HTMLInputElement; text: string } | null = null;
    const listen = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
      const code = wedge.press({ key: event.key, at: event.timeStamp });
      if (code === null) {
        const { target } = event;
        // A key comes before what it types: with the first one, the field is as it was.
        if (wedge.length === 1) {
          field = target instanceof HTMLInputElement ? { input: target, text: target.value } : null;
        }
        // A code's letters are not shortcuts.
        if (wedge.length > 1) event.stopPropagation();
        return;
      }
      // Enter belongs to the code: it presses no button and sends no form.
      event.preventDefault();
      event.stopPropagation();
      if (field) write(field.input, field.text);
      field = null;
      heard.current(code);
    };
    document.addEventListener("keydown", listen, { capture: true });
    return () => document.removeEventListener("keydown", listen, { capture: true });
  }, []);
}

/** As if somebody had typed it: React hears of it. */
function write(input: HTMLInputElement, text: string): void {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, text);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
