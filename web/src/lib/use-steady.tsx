import {
  createContext,
  type FocusEvent,
  type PointerEvent,
  type ReactNode,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { focusRow, usesKeyboard } from "./focus";
import { rowsOf, type SteadyRow, steadyRows } from "./steady";

/** A finger leaves with every touch: the list stays as it is for as long as another one may follow. */
const TOUCH_MS = 1_500;

/** Whether somebody points at a list, or is in it with the keyboard; and what notices it. */
function useHold() {
  const [pointer, setPointer] = useState(false);
  const [keyboard, setKeyboard] = useState(false);
  const area = useRef<Element>(null);
  // At the document: nothing leaves an element that was removed under the pointer.
  useEffect(() => {
    if (!pointer) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = ({ target, pointerType, type }: globalThis.PointerEvent) => {
      clearTimeout(timer);
      const isInside = target instanceof Node && area.current?.contains(target);
      if (!isInside || type === "pointerleave") setPointer(false);
      else if (pointerType !== "mouse" && type === "pointerup") {
        timer = setTimeout(() => setPointer(false), TOUCH_MS);
      }
    };
    const root = document.documentElement;
    document.addEventListener("pointermove", look, true);
    document.addEventListener("pointerdown", look, true);
    document.addEventListener("pointerup", look, true);
    root.addEventListener("pointerleave", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("pointermove", look, true);
      document.removeEventListener("pointerdown", look, true);
      document.removeEventListener("pointerup", look, true);
      root.removeEventListener("pointerleave", look);
    };
  }, [pointer]);
  const handlers = useMemo(() => {
    const enter = ({ currentTarget }: PointerEvent) => {
      area.current = currentTarget;
      setPointer(true);
    };
    return {
      onPointerEnter: enter,
      onPointerMove: enter,
      // A button has the focus after a click too: the pointer says then how long.
      onFocus: () => setKeyboard(usesKeyboard()),
      onKeyDown: () => setKeyboard(true),
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
        if (relatedTarget && !currentTarget.contains(relatedTarget)) setKeyboard(false);
      },
    };
  }, []);
  return { held: pointer || keyboard, handlers };
}

const GroupHeld = createContext(false);

/** Lists one above the other: while somebody points at one of them, none of them moves another. */
export function SteadyGroup({ className, children }: { className?: string; children: ReactNode }) {
  const { held, handlers } = useHold();
  return (
    <GroupHeld value={held}>
      <div className={className} {...handlers}>
        {children}
      </div>
    </GroupHeld>
  );
}

/** A row that has left the list: it can hold the focus, and do nothing. */
export const GONE = { "data-gone": true, tabIndex: -1 } as const;

/**
 * A live list of which nothing moves under the pointer or the focus. What left is shown as `gone` until then: give
 * its row the attributes of `GONE`, and inert contents. `list` names what is listed (its filters, its page):
 * another list shows at once. `current` is false while the rows are still those of the list before.
 */
export function useSteady<Row>(
  rows: readonly Row[] | undefined,
  keyOf: (row: Row) => string,
  list: string,
  current = true,
) {
  const { held: pointedAt, handlers } = useHold();
  const held = useContext(GroupHeld) || pointedAt;
  const last = useRef<{ list: string; shown: SteadyRow<Row>[] } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a row's key does not change with the function that reads it
  const shown = useMemo(() => {
    const before = last.current;
    if (!rows) return undefined;
    return held && before?.list === list ? steadyRows(before.shown, rows, keyOf) : rowsOf(rows, keyOf);
  }, [rows, held, list]);
  useLayoutEffect(() => {
    last.current = current && shown ? { list, shown } : null;
  });

  const focus = useRef<{ row: Element; list: Element; index: number } | null>(null);
  useLayoutEffect(() => {
    const known = focus.current;
    const active = document.activeElement;
    if (!known || !active) return;
    const isLost = active === document.body || known.row.contains(active);
    if (known.row.isConnected) {
      // Its button cannot be pressed any more; the row keeps the focus.
      if (isLost && known.row.matches("[data-gone]") && known.row instanceof HTMLElement) {
        known.row.focus({ preventScroll: true });
      }
      return;
    }
    focus.current = null;
    if (isLost && known.list.isConnected) focusRow(known.list, known.index);
  });
  const noticing = {
    ...handlers,
    onFocus: (event: FocusEvent) => {
      handlers.onFocus();
      const row = event.target.closest("tr, li");
      const parent = row?.parentElement;
      focus.current = row && parent ? { row, list: parent, index: [...parent.children].indexOf(row) } : null;
    },
    onBlur: (event: FocusEvent) => {
      handlers.onBlur(event);
      // Without a next one, it may be that its row is being removed.
      if (event.relatedTarget) focus.current = null;
    },
  };
  return { shown, handlers: noticing };
}
