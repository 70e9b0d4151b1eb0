import { beforeEach, describe, expect, test } from "vitest";
import type { Storage } from "@/lib/storage";
import { dataOf, type Fetch } from "./answers";
import { createClients, ifMatch } from "./clients";
import { ApiError } from "./errors";
import { type Lock, SessionKeeper } from "./session";
import type { SessionAnswer, User } from "./types";

const HOUR = 3_600_000;

/** A small API of this test's own: it answers from `replies` in turn, and keeps what it was asked. */
class Server {
  readonly asked: { url: string; method: string; headers: Headers; body: string | null }[] = [];
  replies: (Response | Error)[] = [];
  /** The tokens it accepts; null accepts all. */
  valid: Set<string> | null = null;

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    this.asked.push({
      url,
      method: init.method ?? "GET",
      headers,
      body: (init.body as string | null) ?? null,
    });
    const token = headers.get("Authorization")?.replace("Bearer ", "");
    if (token !== undefined && this.valid && !this.valid.has(token)) return refusal(401, "UNAUTHORIZED");
    const reply = this.replies.shift() ?? good({});
    if (reply instanceof Error) throw reply;
    return reply;
  };

  keys(): (string | null)[] {
    return this.asked.map(({ headers }) => headers.get("Idempotency-Key"));
  }
}

const good = (data: unknown) => Response.json({ success: true, data, meta: { requestId: "req_1" } });
const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json(
    { success: false, error: { code, message: code }, meta: { requestId: "req_1" } },
    { status, headers },
  );

class Memory implements Storage {
  readonly stored = new Map<string, string>();
  read(key: string) {
    return this.stored.get(key) ?? null;
  }
  write(key: string, value: string | null) {
    if (value === null) this.stored.delete(key);
    else this.stored.set(key, value);
  }
}

/** As the browser's: one at a time over all tabs. */
function makeLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  };
}

let server: Server;
let memory: Memory;
let lock: Lock;
let now: number;
let spent: string[];
let refused: boolean;
let broken: boolean;
let slept: number[];
let replays: number;

const user = (id: string): User => ({ id, email: `${id}@example.com`, role: "customer" }) as User;
const answer = (token: string, who = "mia"): SessionAnswer =>
  ({ idToken: token, refreshToken: `${token}-refresh`, expiresIn: 3600, user: user(who) }) as SessionAnswer;

function tab() {
  const session: SessionKeeper = new SessionKeeper({
    storage: memory,
    lock,
    now: () => now,
    refresh: async (refreshToken) => {
      if (broken) throw new ApiError({ status: 0, code: "NETWORK", message: "" });
      spent.push(refreshToken);
      if (refused) throw new ApiError({ status: 401, code: "UNAUTHORIZED", message: "" });
      server.valid?.add("fresh");
      return answer("fresh");
    },
  });
  let keys = 0;
  const { api, guest, sentBy } = createClients({
    origin: "https://page.example",
    base: async () => "https://shop.example/api",
    session,
    fetch: server.fetch,
    newKey: () => `key-${++keys}`,
    sleep: async (milliseconds) => void slept.push(milliseconds),
    now: () => now,
    onReplay: () => {
      replays++;
    },
  });
  /** Changes something. */
  const change = (name = "Mia", options: { headers?: Record<string, string>; fetch?: Fetch } = {}) =>
    dataOf(api.PATCH("/users/me", { body: { name }, ...options }));
  const read = () => dataOf(api.GET("/users/me"));
  const signIn = () =>
    dataOf(guest.POST("/signin", { body: { email: "mia@example.com", password: "wrong" } }));
  return { session, api, sentBy, change, read, signIn };
}

beforeEach(() => {
  server = new Server();
  memory = new Memory();
  lock = makeLock();
  now = 1_000_000;
  spent = [];
  refused = false;
  broken = false;
  slept = [];
  replays = 0;
});

describe("a request", () => {
  test("is addressed, filled in, and unwrapped", async () => {
    server.replies = [good({ id: "ord/1" })];
    const { api } = tab();
    const path = { id: "ord/1" };
    expect(await dataOf(api.GET("/orders/{id}", { params: { path } }))).toEqual({ id: "ord/1" });
    expect(server.asked[0]?.url).toBe("https://shop.example/api/orders/ord%2F1");
    const query = { status: "PENDING", nextToken: null, search: "a b&c", category: "", limit: 5 } as const;
    await api.GET("/products", { params: { query: { ...query, status: "ACTIVE" } } });
    expect(server.asked[1]?.url).toBe(
      "https://shop.example/api/products?status=ACTIVE&search=a%20b%26c&limit=5",
    );
    expect(server.keys()).toEqual([null, null]);
  });

  test("sends its body as JSON, and says which answer it reads", async () => {
    await tab().change("Mia");
    const [asked] = server.asked;
    expect(asked?.method).toBe("PATCH");
    expect(asked?.body).toBe('{"name":"Mia"}');
    expect(asked?.headers.get("Content-Type")).toBe("application/json");
    expect(asked?.headers.get("Accept")).toBe("application/json");
  });

  test("for a file or a stream returns the raw answer", async () => {
    server.replies = [new Response("sku,name"), refusal(403, "FORBIDDEN")];
    const options = { headers: { Accept: "text/csv" }, parseAs: "stream" } as const;
    const { api } = tab();
    expect(await (await api.GET("/products/export", options)).response.text()).toBe("sku,name");
    await expect(api.GET("/products/export", options)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("is not compiled with a filter or a field that the API does not know", async () => {
    const { api } = tab();
    // @ts-expect-error
    await api.GET("/products", { params: { query: { colour: "red" } } });
    // @ts-expect-error
    await api.PATCH("/users/me", { body: { name: "Mia", nmae: "Mia" } });
    // @ts-expect-error
    await api.PATCH("/users/me", { body: { name: 5 } });
    // @ts-expect-error
    await expect(api.GET("/orders/{id}")).resolves.toBeDefined();
    expect(server.asked).toHaveLength(4);
  });

  test("that is aborted is not a failure of the server", async () => {
    server.replies = [new DOMException("", "AbortError")];
    await expect(tab().read()).rejects.toMatchObject({ name: "AbortError" });
  });

  test("that changes something has an idempotency key and If-Match", async () => {
    await tab().change("Mia", { headers: ifMatch(7) });
    expect(server.asked[0]?.headers.get("If-Match")).toBe('"7"');
    expect(server.keys()).toEqual(["key-1"]);
  });

  test("that is refused has code, details and request id", async () => {
    server.replies = [refusal(409, "INSUFFICIENT_STOCK")];
    await expect(tab().change()).rejects.toMatchObject({
      status: 409,
      code: "INSUFFICIENT_STOCK",
      requestId: "req_1",
    });
  });

  test("that another server answers is reported as such", async () => {
    server.replies = [new Response("<html>", { status: 200 })];
    await expect(tab().read()).rejects.toMatchObject({
      code: "BAD_ANSWER",
      isUncertain: true,
    });
  });
});

describe("a change whose answer is lost", () => {
  test("is sent again with the same key", async () => {
    server.replies = [
      new TypeError("offline"),
      refusal(503, "BUSY", { "Retry-After": "2" }),
      good({ id: 1 }),
    ];
    expect(await tab().change()).toEqual({ id: 1 });
    expect(server.keys()).toEqual(["key-1", "key-1", "key-1"]);
    expect(slept).toEqual([500, 2000]);
  });

  test("keeps its key until it is sent again", async () => {
    const { change } = tab();
    server.replies = [new TypeError("offline"), new TypeError("offline"), new TypeError("offline"), good({})];
    await expect(change()).rejects.toMatchObject({ code: "NETWORK" });
    await change("Tom");
    await change();
    expect(server.keys()).toEqual(["key-1", "key-1", "key-1", "key-2", "key-1"]);
  });

  test.each([
    ["is cut off", [new Response('{"success":true,"da', { status: 201 })]],
    ["makes way for a limit", [new TypeError("offline"), refusal(429, "RATE_LIMITED")]],
    ["makes way for an ended session", [new TypeError("offline"), refusal(401, "UNAUTHORIZED")]],
    [
      "makes way for the first try still at work",
      [
        new TypeError("offline"),
        refusal(409, "IDEMPOTENCY_IN_PROGRESS"),
        refusal(409, "IDEMPOTENCY_IN_PROGRESS"),
      ],
    ],
  ])("keeps its key where it %s", async (_, replies) => {
    const { change } = tab();
    server.replies = [...replies];
    await expect(change()).rejects.toBeInstanceOf(ApiError);
    await change();
    expect(new Set(server.keys())).toEqual(new Set(["key-1"]));
  });

  test("is reported as done by the first try, if it was", async () => {
    const { change } = tab();
    const replay = () =>
      Response.json({ success: true, data: {} }, { headers: { "Idempotency-Replayed": "true" } });
    server.replies = [new TypeError("offline"), replay(), new Response("", { status: 502 }), replay()];
    await change();
    expect(replays).toBe(0);
    await expect(change()).rejects.toThrow();
    await change();
    expect(replays).toBe(1);
  });

  test("is not mixed up with the same change from another form", async () => {
    const { sentBy, change } = tab();
    server.replies = [new Response("", { status: 502 })];
    await expect(change("Mia", { fetch: sentBy("one") })).rejects.toThrow();
    await change("Mia", { fetch: sentBy("two") });
    await change("Mia", { fetch: sentBy("one") });
    expect(server.keys()).toEqual(["key-1", "key-2", "key-1"]);
  });

  test("is not mixed up with the same change much later", async () => {
    const { change } = tab();
    server.replies = [new Response("", { status: 502 })];
    await expect(change()).rejects.toThrow();
    now += HOUR;
    await change();
    expect(server.keys()).toEqual(["key-1", "key-2"]);
  });

  test("but an answered change is done: the next one has a new key", async () => {
    const { change } = tab();
    server.replies = [refusal(409, "CONFLICT")];
    await expect(change()).rejects.toThrow();
    await change();
    await change();
    expect(server.keys()).toEqual(["key-1", "key-2", "key-3"]);
  });
});

describe("a session", () => {
  test("whose token has expired is renewed before its use", async () => {
    const { session, read } = tab();
    session.begin(answer("old"));
    now += HOUR;
    await read();
    expect(server.asked[0]?.headers.get("Authorization")).toBe("Bearer fresh");
    expect(spent).toEqual(["old-refresh"]);
  });

  test("is renewed once for many refused requests, and each is sent again", async () => {
    const { session, change, read } = tab();
    session.begin(answer("old"));
    server.valid = new Set();
    await Promise.all([change(), read(), read()]);
    expect(spent).toEqual(["old-refresh"]);
    expect(server.keys().filter(Boolean)).toEqual(["key-1", "key-1"]);
  });

  test("is renewed once for two tabs", async () => {
    const [one, other] = [tab(), tab()];
    one.session.begin(answer("old"));
    other.session.reload();
    server.valid = new Set();
    await Promise.all([one.read(), other.read()]);
    expect(spent).toEqual(["old-refresh"]);
    expect(other.session.current.get()?.idToken).toBe("fresh");
  });

  test("that has ended asks for the password, and then continues", async () => {
    const { session, change } = tab();
    session.begin(answer("old"));
    server.valid = new Set(["again"]);
    refused = true;
    server.replies = [good({ id: "ord_1" })];
    const waiting = change();
    await expect.poll(() => session.ended.get()).toBe(true);
    expect(session.current.get()?.user.id).toBe("mia");
    session.begin(answer("again"));
    expect(await waiting).toEqual({ id: "ord_1" });
    expect(session.ended.get()).toBe(false);
    expect(server.keys()).toEqual(["key-1", "key-1"]);
  });

  test("that is given up refuses the waiting requests, and ends", async () => {
    const { session, change } = tab();
    session.begin(answer("old"));
    server.valid = new Set();
    refused = true;
    const waiting = change();
    await expect.poll(() => session.ended.get()).toBe(true);
    session.giveUp();
    await expect(waiting).rejects.toMatchObject({ status: 401 });
    expect(memory.stored.size).toBe(0);
  });

  test("of another person does not send the requests of the first", async () => {
    const { session, change } = tab();
    session.begin(answer("old"));
    server.valid = new Set(["theirs"]);
    refused = true;
    const waiting = change();
    await expect.poll(() => session.ended.get()).toBe(true);
    session.begin(answer("theirs", "tom"));
    await expect(waiting).rejects.toMatchObject({ status: 401 });
  });

  test("that another tab has renewed is adopted", async () => {
    const { session } = tab();
    session.begin(answer("new"));
    expect(await session.renew("old")).toMatchObject({ idToken: "new" });
    expect(spent).toEqual([]);
  });

  test("that another tab has renewed keeps its tokens when the account changes here", async () => {
    const [one, other] = [tab(), tab()];
    one.session.begin(answer("old"));
    other.session.reload();
    server.valid = new Set();
    await one.read();
    other.session.updateUser({ ...user("mia"), name: "Mia" });
    expect(JSON.parse(memory.read("stockwright.session") ?? "")).toMatchObject({
      idToken: "fresh",
      user: { name: "Mia" },
    });
    other.session.updateUser(user("tom"));
    expect(other.session.current.get()?.user.id).toBe("mia");
  });

  test("stays while the server cannot be reached", async () => {
    const { session, read } = tab();
    session.begin(answer("old"));
    server.valid = new Set();
    broken = true;
    await expect(read()).rejects.toMatchObject({ code: "NETWORK" });
    expect(session.ended.get()).toBe(false);
    expect(tab().session.current.get()?.idToken).toBe("old");
  });

  test("that cannot be read is no session", () => {
    memory.write("stockwright.session", "{");
    expect(tab().session.current.get()).toBeNull();
  });

  test("sends the device token at sign-in only", async () => {
    const { session, read, signIn } = tab();
    await signIn();
    for (const token of ["aa", "bb", "aa"]) session.begin({ ...answer("old"), deviceToken: token });
    session.begin(answer("renewed"));
    session.end();
    await signIn();
    session.begin(answer("new"));
    await read();
    const sent = server.asked.map(({ headers }) => headers.get("X-Device-Token"));
    expect(sent).toEqual([null, "aa,bb", null]);
    for (const token of ["1", "2", "3", "4", "5"]) session.begin({ ...answer("old"), deviceToken: token });
    expect(session.devices()).toBe("5,4,3,2,1");
    memory.write("stockwright.devices", "{");
    expect(session.devices()).toBe("");
  });

  test("is not renewed when the answer is a wrong password", async () => {
    const { session, signIn } = tab();
    session.begin(answer("old"));
    server.replies = [refusal(401, "UNAUTHORIZED")];
    await expect(signIn()).rejects.toMatchObject({ status: 401 });
    await signIn();
    expect(server.keys()).toEqual(["key-1", "key-2"]);
    expect(server.asked[0]?.headers.has("Authorization")).toBe(false);
    expect(spent).toEqual([]);
  });
});
