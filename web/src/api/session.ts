import type { Storage } from "@/lib/storage";
import { Store } from "@/lib/store";
import { ApiError } from "./errors";
import type { SessionAnswer, User } from "./types";

const KEY = "stockwright.session";
const DEVICES = "stockwright.devices";
/** How many people who share a browser keep theirs. */
const DEVICES_MAX = 5;
/** A token this close to its end is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;

export interface Session {
  idToken: string;
  refreshToken: string;
  /** By this browser's clock, ms. */
  expiresAt: number;
  user: User;
}

/** Runs one at a time across all tabs of this browser. */
export type Lock = <Result>(work: () => Promise<Result>) => Promise<Result>;

export interface SessionParts {
  storage: Storage;
  lock: Lock;
  now: () => number;
  /** POST /token/refresh; throws ApiError. */
  refresh: (refreshToken: string) => Promise<SessionAnswer>;
}

export function sessionOf(answer: SessionAnswer, now: number): Session {
  return {
    idToken: answer.idToken,
    refreshToken: answer.refreshToken,
    expiresAt: now + answer.expiresIn * 1000,
    user: answer.user,
  };
}

/** Who is signed in, shared by all tabs: a refresh token is spent once, by whichever tab comes first. */
export class SessionKeeper {
  readonly current: Store<Session | null>;
  /** True while the person must show the password again; what they were doing waits for it. */
  readonly ended = new Store(false);
  readonly #parts: SessionParts;
  #renewing: Promise<Session | null> | null = null;
  #waiting: ((session: Session | null) => void)[] = [];

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.current = new Store(this.#read());
  }

  /** Another tab wrote: take over what it knows. */
  readonly reload = (): void => {
    const found = this.#read();
    if (found?.idToken !== this.current.get()?.idToken) this.#take(found);
  };

  /** Distinguishes this browser from a stranger's at sign-in: X-Device-Token; empty before the first time. */
  devices(): string {
    return this.#readDevices().join(",");
  }

  begin(answer: SessionAnswer): Session {
    if (answer.deviceToken) this.#rememberDevice(answer.deviceToken);
    const session = sessionOf(answer, this.#parts.now());
    this.#keep(session);
    return session;
  }

  end(): void {
    this.#keep(null);
  }

  /** The account changed (a new name, the second factor): show it everywhere. */
  updateUser(user: User): void {
    // Another tab may have renewed the session, or somebody else may have signed in there.
    this.reload();
    const session = this.current.get();
    if (session?.user.id === user.id) this.#keep({ ...session, user });
  }

  /** The token to send now, renewed where its hour is over; null where nobody is signed in. */
  async token(): Promise<string | null> {
    const session = this.current.get();
    if (!session) return null;
    if (this.#parts.now() < session.expiresAt - RENEW_BEFORE_MS) return session.idToken;
    const renewed = await this.renew(session.idToken).catch(() => session);
    return renewed?.idToken ?? null;
  }

  /** After a 401: a fresh session in place of that token's, or null where only the password helps. */
  renew(refused: string): Promise<Session | null> {
    this.#renewing ??= this.#renew(refused).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Ask the person to sign in again, and wait for it; null where they would not. */
  signInAgain(): Promise<Session | null> {
    this.ended.set(true);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** They would rather not: the session is over. */
  giveUp(): void {
    this.#keep(null);
  }

  #renew(refused: string): Promise<Session | null> {
    return this.#parts.lock(async () => {
      // Another tab may have been faster while we waited for the lock.
      this.reload();
      const session = this.current.get();
      if (!session) return null;
      if (session.idToken !== refused) return session;
      try {
        const renewed = sessionOf(await this.#parts.refresh(session.refreshToken), this.#parts.now());
        this.#keep(renewed);
        return renewed;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    });
  }

  #rememberDevice(token: string): void {
    const others = this.#readDevices().filter((each) => each !== token);
    this.#parts.storage.write(DEVICES, JSON.stringify([token, ...others].slice(0, DEVICES_MAX)));
  }

  #readDevices(): string[] {
    try {
      const found: unknown = JSON.parse(this.#parts.storage.read(DEVICES) ?? "[]");
      return Array.isArray(found) ? found.filter((each) => /^[0-9a-f]+$/.test(String(each))) : [];
    } catch {
      return [];
    }
  }

  #keep(session: Session | null): void {
    this.#parts.storage.write(KEY, session ? JSON.stringify(session) : null);
    this.#take(session);
  }

  #take(session: Session | null): void {
    this.current.set(session);
    this.ended.set(false);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(session);
  }

  #read(): Session | null {
    try {
      const found = JSON.parse(this.#parts.storage.read(KEY) ?? "null") as Session | null;
      return found && typeof found.idToken === "string" && typeof found.user?.id === "string" ? found : null;
    } catch {
      return null;
    }
  }
}
