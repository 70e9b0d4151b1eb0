import type { Storage } from "@/lib/storage";
import { Store } from "@/lib/store";
import { parseList } from "@/lib/stored-list";

/** A scan that the shop has not confirmed yet. Its key makes it count once, however often it is sent. */
export interface WaitingScan {
  key: string;
  countId: string;
  code: string;
  quantity: number;
  recount: boolean;
  /** When it was scanned. */
  at: string;
}

export interface RefusedScan {
  scan: WaitingScan;
  message: string;
}

export interface QueueState {
  waiting: readonly WaitingScan[];
  refused: readonly RefusedScan[];
  /** Whether the shop could not be reached the last time. */
  offline: boolean;
}

interface QueueParts<Line> {
  storage: Storage;
  send: (scan: WaitingScan) => Promise<Line>;
  /** Whether the scan may still be counted later: the shop was not reached, or is busy. */
  isLost: (error: unknown) => boolean;
  messageOf: (error: unknown) => string;
  sleep: (milliseconds: number) => Promise<void>;
  onCounted: (line: Line) => void;
}

const STORED_AS = "stockwright.scans";
const AGAIN_MS = 3_000;

/** Sends scans one after the other, and keeps in the browser what could not be sent yet. */
export class ScanQueue<Line> {
  readonly state: Store<QueueState>;
  readonly #parts: QueueParts<Line>;
  #sending = false;

  constructor(parts: QueueParts<Line>) {
    this.#parts = parts;
    this.state = new Store<QueueState>({
      waiting: parseScans(parts.storage.read(STORED_AS)),
      refused: [],
      offline: false,
    });
  }

  add(scan: WaitingScan): void {
    this.#set({ waiting: [...this.state.get().waiting, scan] });
    void this.run();
  }

  dismiss(key: string): void {
    this.#set({ refused: this.state.get().refused.filter(({ scan }) => scan.key !== key) });
  }

  /** Sends until nothing waits. */
  async run(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let [scan] = this.state.get().waiting; scan; [scan] = this.state.get().waiting)
        await this.#sendOne(scan);
    } finally {
      this.#sending = false;
    }
  }

  async #sendOne(scan: WaitingScan): Promise<void> {
    try {
      const line = await this.#parts.send(scan);
      this.#done(scan);
      this.#parts.onCounted(line);
    } catch (error) {
      if (this.#parts.isLost(error)) {
        this.#set({ offline: true });
        await this.#parts.sleep(AGAIN_MS);
        return;
      }
      const message = this.#parts.messageOf(error);
      this.#done(scan);
      this.#set({ refused: [...this.state.get().refused, { scan, message }] });
    }
  }

  #done(scan: WaitingScan): void {
    this.#set({ waiting: this.state.get().waiting.filter((each) => each.key !== scan.key), offline: false });
  }

  #set(change: Partial<QueueState>): void {
    this.state.update((now) => ({ ...now, ...change }));
    const { waiting } = this.state.get();
    this.#parts.storage.write(STORED_AS, waiting.length ? JSON.stringify(waiting) : null);
  }
}

/** Reads stored scans; anything else is left out. */
export function parseScans(text: string | null): WaitingScan[] {
  return parseList<WaitingScan>(
    text,
    (scan) =>
      [scan.key, scan.countId, scan.code, scan.at].every((each) => typeof each === "string") &&
      Number.isSafeInteger(scan.quantity) &&
      typeof scan.recount === "boolean",
  );
}
