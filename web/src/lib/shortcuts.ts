/**
 * Shortcuts are written as "mod+k" (⌘ on a Mac, Ctrl elsewhere), "/" or "g p" (one key after the
 * other). Keys without a modifier do nothing while somebody types in a field.
 */
export interface KeyLike {
  key: string;
  metaKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
}

/** What a key press is called in a shortcut; null for a bare modifier. */
export function nameOfKey(event: KeyLike): string | null {
  if (["Meta", "Control", "Alt", "Shift", "Dead", "Process"].includes(event.key)) return null;
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  return `${event.metaKey || event.ctrlKey ? "mod+" : ""}${event.altKey ? "alt+" : ""}${key}`;
}

const SEQUENCE_MS = 1200;

/** Follows key presses, and returns the shortcut that they complete. */
export class ShortcutReader {
  #last: { name: string; at: number } | null = null;

  read(event: KeyLike, now: number, known: ReadonlySet<string>): string | null {
    const name = nameOfKey(event);
    if (!name) return null;
    const before = this.#last && now - this.#last.at < SEQUENCE_MS ? `${this.#last.name} ${name}` : null;
    this.#last = { name, at: now };
    const found = before !== null && known.has(before) ? before : known.has(name) ? name : null;
    if (found) this.#last = null;
    return found;
  }
}

const isMac = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.userAgent);

/** "mod+k" → ["⌘", "K"], as the keys are labelled. */
export function keysOf(shortcut: string): string[] {
  const shown: Record<string, string> = {
    mod: isMac ? "⌘" : "Ctrl",
    alt: isMac ? "⌥" : "Alt",
    escape: "Esc",
  };
  return shortcut
    .split(/[\s+]/)
    .filter(Boolean)
    .map((part) => shown[part] ?? part.toUpperCase());
}
