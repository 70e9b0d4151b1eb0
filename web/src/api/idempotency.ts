import { type Fetch, isAborted } from "./answers";
import { ApiError } from "./errors";

interface SenderParts {
  /** Throws ApiError where the answer is not a good one. */
  send: Fetch;
  /** Who is signed in: two people's changes are never the same one. */
  user: () => string;
  /** Whether nobody knows what became of the change. */
  isUncertain: (error: ApiError) => boolean;
  newKey: () => string;
  sleep: (milliseconds: number) => Promise<void>;
  now: () => number;
  /** A change that was asked for again had been made by the first request. */
  onReplay: () => void;
}

const TRIES = 3;
const WAIT_MAX_MS = 5_000;
/** Somebody who repeats a change after a lost answer does so soon; later, the same words are a new change. */
const KEY_KEPT_MS = 10 * 60_000;

/**
 * Sends requests so that a change happens once, however often it must be sent: every write has an
 * Idempotency-Key; a write whose answer was lost gets the same key when it is asked for again.
 */
export class IdempotentSender {
  readonly #parts: SenderParts;
  readonly #uncertain = new Map<string, { key: string; at: number }>();

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /**
   * `form` names the form or button that asks: the same words from another one are another change. A request that
   * has a key of its own, since it is sent again after a reload too, is sent with that.
   */
  async send(request: Request, form = ""): Promise<Response> {
    if (request.method === "GET") return this.#parts.send(request);
    const change = await this.#nameOf(request, form);
    const lost = request.headers.get("Idempotency-Key") ?? this.#lostKey(change);
    const key = lost ?? this.#parts.newKey();
    request.headers.set("Idempotency-Key", key);
    try {
      const response = await this.#retry(request);
      this.#uncertain.delete(change);
      if (key === lost && response.headers.get("Idempotency-Replayed") === "true") this.#parts.onReplay();
      return response;
    } catch (error) {
      if (error instanceof ApiError && this.#parts.isUncertain(error)) {
        this.#uncertain.set(change, { key, at: this.#parts.now() });
      } else if (!isAborted(error)) this.#uncertain.delete(change);
      throw error;
    }
  }

  async #retry(request: Request): Promise<Response> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.#parts.send(request.clone());
      } catch (error) {
        if (tried >= TRIES || !(error instanceof ApiError && error.isTransient)) throw error;
        const wait = error.retryAfterSeconds === null ? 250 * 2 ** tried : error.retryAfterSeconds * 1000;
        await this.#parts.sleep(Math.min(wait, WAIT_MAX_MS));
      }
    }
  }

  async #nameOf(request: Request, form: string): Promise<string> {
    const body = await request.clone().text();
    const version = request.headers.get("If-Match");
    return JSON.stringify([this.#parts.user(), request.method, request.url, body, version, form]);
  }

  #lostKey(change: string): string | undefined {
    const lost = this.#uncertain.get(change);
    return lost && this.#parts.now() - lost.at < KEY_KEPT_MS ? lost.key : undefined;
  }
}
