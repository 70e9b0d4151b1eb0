import createClient, {
  type Client,
  type ClientPathsWithMethod,
  createQuerySerializer,
  type FetchResponse,
  type MaybeOptionalInit,
  type Middleware,
} from "openapi-fetch";
import { checkAnswers, type Fetch, sendTo } from "./answers";
import { authorize } from "./authorization";
import type { ApiError } from "./errors";
import { IdempotentSender } from "./idempotency";
import type { paths } from "./schema";
import type { SessionKeeper } from "./session";

/** The paths below the API's base. */
export type Paths = { [Path in keyof paths as Path extends `/api${infer Rest}` ? Rest : never]: paths[Path] };

type Method = "get" | "post" | "put" | "patch" | "delete";
type Options<M extends Method, Path extends keyof Paths> = MaybeOptionalInit<
  Paths[Path],
  M & keyof Paths[Path]
>;
type Call<M extends Method> = <Path extends ClientPathsWithMethod<Client<Paths>, M>>(
  path: Path,
  ...options: undefined extends Options<M, Path> ? [Options<M, Path>?] : [Options<M, Path>]
) => Promise<FetchResponse<NonNullable<Paths[Path][M]>, object, `${string}/${string}`>>;

/**
 * openapi-fetch's client. Its own types infer the options from what is given, and so overlook the unknown name of a
 * filter or a field; these refuse it.
 */
export type ApiClient = { [M in Method as Uppercase<M>]: Call<M> };

export interface ClientParts {
  /** The address used as the API's base until it is known; any address of this origin. */
  origin: string;
  base: () => Promise<string>;
  session: SessionKeeper;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  newKey: () => string;
  sleep: (milliseconds: number) => Promise<void>;
  now: () => number;
  onReplay: () => void;
}

export interface Clients {
  /** Sends the session's token, and renews it. */
  api: ApiClient;
  /** For signing in and the like: it sends no token, and a 401 is an answer like any other. */
  guest: ApiClient;
  /** The `fetch` option of a call that a certain form or button makes. */
  sentBy: (form: string) => Fetch;
}

/** Clients of the API. A call throws ApiError where the answer is not a good one; `dataOf` gives its data. */
export function createClients({
  origin,
  base,
  session,
  fetch,
  newKey,
  sleep,
  now,
  onReplay,
}: ClientParts): Clients {
  const checked = checkAnswers(sendTo(base, fetch));
  const user = () => session.current.get()?.user.id ?? "";
  const sender = (send: Fetch, isUncertain: (error: ApiError) => boolean) =>
    new IdempotentSender({ send, isUncertain, user, newKey, sleep, now, onReplay });
  const signed = sender(authorize(session, checked), (error) => error.isUncertain);
  const unsigned = sender(checked, (error) => error.isUncertain && error.status !== 401);
  const client = ({ send }: { send: Fetch }) =>
    createClient<Paths>({
      baseUrl: origin,
      fetch: send,
      headers: { Accept: "application/json" },
      querySerializer: withoutEmpty,
    }) as ApiClient & Client<Paths>;
  const api = client({ send: (request) => signed.send(request) });
  const guest = client({ send: (request) => unsigned.send(request) });
  guest.use(deviceToken(session));
  return { api, guest, sentBy: (form) => (request) => signed.send(request, form) };
}

/** `headers: ifMatch(7)` changes version 7, and no other. */
export function ifMatch(version: number): { "If-Match": string } {
  return { "If-Match": `"${version}"` };
}

/** Distinguishes this browser from a stranger's when somebody signs in. */
function deviceToken(session: SessionKeeper): Middleware {
  return {
    onRequest({ request }) {
      const devices = session.devices();
      if (devices) request.headers.set("X-Device-Token", devices);
      return request;
    },
  };
}

const serialize = createQuerySerializer();

/** An empty filter filters nothing. */
function withoutEmpty(query: Record<string, unknown>): string {
  return serialize(Object.fromEntries(Object.entries(query).filter(([, value]) => value !== "")));
}
