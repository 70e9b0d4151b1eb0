import { useEffect, useState } from "react";
import { useLocation, useSearchParams } from "react-router";
import { FIRST_PAGE, type Trail } from "./paging";
import { Sent } from "./sent";
import { useDebounced } from "./use-debounced";

/**
 * A list's filters live in the address, so that it can be saved and sent; the way through its pages
 * lives in the history entry. Another filter begins at the first page.
 */
export function useList() {
  const [params, setParams] = useSearchParams();
  const trail = (useLocation().state as { trail?: Trail } | null)?.trail ?? FIRST_PAGE;
  const set = (changes: Record<string, string | undefined>, replace = false) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        for (const [name, value] of Object.entries(changes)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { preventScrollReset: true, replace },
    );
  const clear = () => setParams({}, { preventScrollReset: true });
  const go = (to: Trail) => setParams((now) => now, { state: { trail: to } });
  return { params, trail, set, clear, go };
}

const TYPED_MS = 250;

/** Text shows at once while it is typed, and is searched for after a pause. */
export function useTyped(stored: string, store: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(stored);
  const typed = useDebounced(text, TYPED_MS).trim();
  const [sent] = useState(() => new Sent(stored));
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typed text is stored
  useEffect(() => {
    if (sent.send(typed)) store(typed);
  }, [typed]);
  useEffect(() => {
    if (sent.isFromElsewhere(stored)) setText(stored);
  }, [stored, sent]);
  return [text, setText];
}
