/**
 * A barcode scanner types like a keyboard, only faster than any hand, and ends with Enter. This
 * follows the keys of the whole page, and distinguishes a code from somebody's typing.
 */
export interface KeyPress {
  key: string;
  at: number;
}

/** Slower than this between two keys, and it was a hand. */
export const GAP_MAX_MS = 80;
const LENGTH_MIN = 4;
const LENGTH_MAX = 80;

/** Whether keys may be a scanner's on this page. */
export const scansAreRead = { now: false };

export class Wedge {
  #typed = "";
  #last = 0;

  /** The code that this key completes, else null. */
  press({ key, at }: KeyPress): string | null {
    const fast = at - this.#last <= GAP_MAX_MS;
    this.#last = at;
    if (key === "Enter") {
      const code = fast && this.#typed.length >= LENGTH_MIN ? this.#typed : null;
      this.#typed = "";
      return code;
    }
    if (key === "Shift") return null;
    if (key.length !== 1) {
      this.#typed = "";
      return null;
    }
    this.#typed = (fast ? this.#typed + key : key).slice(0, LENGTH_MAX);
    return null;
  }

  /** Forgets what was typed so far. */
  reset(): void {
    this.#typed = "";
  }

  /** How many keys came in one go so far: from the second on it may be a scanner. */
  get length(): number {
    return this.#typed.length;
  }
}
