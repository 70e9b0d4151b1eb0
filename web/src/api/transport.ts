import { ApiError } from "./errors";
import type { Session, SessionKeeper } from "./session";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Request {
  method: Method;
  /** Below the API's base, with `{name}` for variable parts. */
  path: string;
  params?: Record<string, string> | undefined;
  query?: Record<string, string | number | boolean | null | undefined> | undefined;
  body?: unknown;
  /** Sent as they are, in place of a JSON body (an import's file). */
  upload?: { data: BodyInit; type: string } | undefined;
  /** Change only this version of it (If-Match). */
  version?: number | undefined;
  /** The Idempotency-Key; made where none is given. */
  key?: string | undefined;
  /** Which form or button asks: the same words from another one are another change. */
  form?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Signing in and the like: no token is sent, and a 401 is an answer like any other. */
  anonymous?: boolean | undefined;
  headers?: Record<string, string> | undefined;
}

export interface TransportParts {
  base: () => Promise<string>;
  session: SessionKeeper;
  fetch: typeof fetch;
  newKey: () => string;
  sleep: (milliseconds: number) => Promise<void>;
  now: () => number;
  /** What was asked for again had been done at the first try. */
  onReplay: () => void;
}

const TRIES = 3;
const WAIT_MAX_MS = 5_000;
/** Somebody who asks again after a lost answer does so soon; later, the same words are a new wish. */
const KEY_KEPT_MS = 10 * 60_000;

/**
 * Sends requests, so that a change happens once however often it must be sent: every write has an
 * Idempotency-Key; a write whose answer was lost takes the same key when it is asked for again.
 */
export class Transport {
  readonly #parts: TransportParts;
  readonly #uncertain = new Map<string, { key: string; at: number }>();

  constructor(parts: TransportParts) {
    this.#parts = parts;
  }

  /** The `data` of the answer; throws ApiError. */
  json(request: Request): Promise<unknown> {
    return this.#send(request, dataOf);
  }

  /** The answer as it is (a CSV file, a stream of events); throws ApiError where it is not a good one. */
  send(request: Request): Promise<Response> {
    return this.#send(request, async (response) => response);
  }

  /** A change is answered when its answer was read to the end: until then its key is kept. */
  async #send<Read>(request: Request, read: (response: Response) => Promise<Read>): Promise<Read> {
    if (request.method === "GET") return read(await this.#authorised(request, undefined));
    const what = this.#nameOf(request);
    const lost = this.#lostKey(what);
    const key = request.key ?? lost ?? this.#parts.newKey();
    try {
      const response = await this.#patiently(request, key);
      const answer = await read(response);
      this.#uncertain.delete(what);
      if (key === lost && response.headers.get("Idempotency-Replayed") === "true") this.#parts.onReplay();
      return answer;
    } catch (error) {
      if (isUnanswered(request, error)) this.#uncertain.set(what, { key, at: this.#parts.now() });
      else if (!isAborted(error)) this.#uncertain.delete(what);
      throw error;
    }
  }

  async #patiently(request: Request, key: string): Promise<Response> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.#authorised(request, key);
      } catch (error) {
        if (tried >= TRIES || !(error instanceof ApiError && error.isTransient)) throw error;
        const wait = error.retryAfterSeconds === null ? 250 * 2 ** tried : error.retryAfterSeconds * 1000;
        await this.#parts.sleep(Math.min(wait, WAIT_MAX_MS));
      }
    }
  }

  async #authorised(request: Request, key: string | undefined): Promise<Response> {
    if (request.anonymous) return this.#once(request, key, null);
    const { session } = this.#parts;
    const asker = session.current.get()?.user.id;
    const token = await session.token();
    try {
      return await this.#once(request, key, token);
    } catch (error) {
      const refused = token ?? session.current.get()?.idToken ?? null;
      if (!(error instanceof ApiError) || error.status !== 401 || refused === null) throw error;
      const renewed = (await session.renew(refused)) ?? (await this.#again(refused));
      // Somebody else signed in meanwhile: what the first one asked for is not theirs to do.
      if (!renewed || (asker !== undefined && renewed.user.id !== asker)) throw error;
      return this.#once(request, key, renewed.idToken);
    }
  }

  #again(refused: string): Promise<Session | null> {
    const { session } = this.#parts;
    const now = session.current.get();
    if (!now || now.idToken !== refused) return Promise.resolve(now);
    return session.signInAgain();
  }

  async #once(request: Request, key: string | undefined, token: string | null): Promise<Response> {
    const url = (await this.#parts.base()) + fill(request.path, request.params) + search(request.query);
    const headers = new Headers({ Accept: "application/json", ...request.headers });
    if (token !== null) headers.set("Authorization", `Bearer ${token}`);
    const devices = request.anonymous ? this.#parts.session.devices() : "";
    if (devices) headers.set("X-Device-Token", devices);
    if (key !== undefined) headers.set("Idempotency-Key", key);
    if (request.version !== undefined) headers.set("If-Match", `"${request.version}"`);
    const init: RequestInit = { method: request.method, headers, signal: request.signal ?? null };
    if (request.upload) {
      headers.set("Content-Type", request.upload.type);
      init.body = request.upload.data;
    } else if (request.method !== "GET" && request.method !== "DELETE") {
      headers.set("Content-Type", "application/json");
      init.body = JSON.stringify(request.body ?? {});
    }
    let response: Response;
    try {
      response = await this.#parts.fetch(url, init);
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new ApiError({
        status: 0,
        code: "NETWORK",
        message: "The shop cannot be reached. Check your connection, and try again.",
      });
    }
    if (!response.ok) throw errorOf(response, await readJson(response));
    return response;
  }

  #nameOf(request: Request): string {
    const { method, path, params, query, body, version, form } = request;
    const who = this.#parts.session.current.get()?.user.id ?? "";
    return JSON.stringify([who, method, path, params, query, body, version, form]);
  }

  #lostKey(what: string): string | undefined {
    const lost = this.#uncertain.get(what);
    return lost && this.#parts.now() - lost.at < KEY_KEPT_MS ? lost.key : undefined;
  }
}

/** Whether nobody was told what became of a change. For who signs in, "401" is an answer. */
function isUnanswered({ anonymous }: Request, error: unknown): boolean {
  return error instanceof ApiError && error.isUncertain && !(anonymous && error.status === 401);
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** "/orders/{id}" → "/orders/ord_1", each part encoded. */
export function fill(path: string, params: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`${path} needs ${name}`);
    return encodeURIComponent(value);
  });
}

function search(query: Request["query"]): string {
  const given = Object.entries(query ?? {}).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

interface Envelope {
  success?: boolean;
  data?: unknown;
  error?: { code?: string; message?: string; details?: unknown };
  meta?: { requestId?: string };
}

async function dataOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const body = await readJson(response);
  if (body === undefined || body.success !== true) throw errorOf(response, body);
  return body.data;
}

async function readJson(response: Response): Promise<Envelope | undefined> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, body: Envelope | undefined): ApiError {
  const after = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const status = response.ok ? 502 : response.status;
  return new ApiError({
    status,
    code: body?.error?.code ?? "BAD_ANSWER",
    message: body?.error?.message ?? "The shop gave an answer that makes no sense. Try again in a moment.",
    details: body?.error?.details,
    requestId: body?.meta?.requestId ?? response.headers.get("X-Request-Id"),
    retryAfterSeconds: Number.isFinite(after) ? after : null,
  });
}
