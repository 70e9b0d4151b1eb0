import { expect, test } from "vitest";
import { type Connection, EventReader, follow, type ServerEvent, waitBefore } from "./events";

const TEXT = [
  "retry: 2000\n\n",
  'id: 7\nevent: order.placed\ndata: {"n": 1}\n\n',
  ": still here\n\n",
  "id: 8\ndata: one\ndata: two\n\n",
].join("");

const EVENTS: ServerEvent[] = [
  { id: "7", name: "order.placed", data: '{"n": 1}' },
  { id: "8", name: "message", data: "one\ntwo" },
];

test("events are read from chunks of any size", () => {
  for (const size of [1, 2, 3, 7, 1000]) {
    const reader = new EventReader();
    const found: ServerEvent[] = [];
    for (let at = 0; at < TEXT.length; at += size) found.push(...reader.push(TEXT.slice(at, at + size)));
    expect(found).toEqual(EVENTS);
    expect(reader.retry).toBe(2000);
  }
});

test("every kind of line end is accepted", () => {
  const reader = new EventReader();
  expect([...reader.push("data: a\r\n\r\ndata: b\r\rdata: c\n\n")].map(({ data }) => data)).toEqual([
    "a",
    "b",
    "c",
  ]);
});

test("an incomplete event is not reported", () => {
  expect(new EventReader().push("id: 9\ndata: half")).toEqual([]);
});

function streamOf(...pieces: (string | Error)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else if (typeof piece === "string") controller.enqueue(new TextEncoder().encode(piece));
      else controller.error(piece);
    },
  });
}

/** Follows what is opened one after the other; the last opening ends it. */
async function followed(openings: (() => ReadableStream<Uint8Array>)[]) {
  const stop = new AbortController();
  const seen = {
    asked: [] as (string | null)[],
    ids: [] as string[],
    waits: [] as number[],
    is: [] as Connection[],
    opened: 0,
  };
  await follow(
    {
      position: { after: null },
      open: async (after) => {
        seen.asked.push(after);
        const opening = openings.shift();
        if (!opening) throw new Error("final");
        return opening();
      },
      isFinal: (error) => (error as Error).message === "final",
      onEvent: (event) => seen.ids.push(event.id),
      onOpen: () => {
        seen.opened += 1;
      },
      onConnection: (connection) => seen.is.push(connection),
      sleep: async (milliseconds) => {
        seen.waits.push(milliseconds);
      },
      random: () => 1,
    },
    stop.signal,
  );
  return seen;
}

test("a broken stream continues behind the last event", async () => {
  const seen = await followed([
    () => streamOf("id: 1\ndata: a\n\nid: 2\ndata: b\n\n", new Error("cut")),
    () => streamOf("id: 3\ndata: c\n\n"),
  ]);
  expect(seen.asked).toEqual([null, "2", "3"]);
  expect(seen.ids).toEqual(["1", "2", "3"]);
});

test("a poll that ends well goes on where it ended, and nothing is fetched again for it", async () => {
  const poll = () => streamOf("retry: 5000\nid: 7\n\n");
  const seen = await followed([
    poll,
    poll,
    () => streamOf("id: 8\ndata: a\n\n"),
    () => streamOf(new Error("cut")),
  ]);
  expect(seen.asked).toEqual([null, "7", "7", "8", "8"]);
  expect(seen.ids).toEqual(["8"]);
  expect(seen.opened).toBe(1);
});

test("after a reset the stream continues from the position of the reset", async () => {
  const seen = await followed([
    () => streamOf("id: 1\ndata: a\n\n", 'id: 900\nevent: stream.reset\ndata: {"message":""}\n\n'),
  ]);
  expect(seen.asked).toEqual([null, "900"]);
  expect(seen.ids).toEqual(["1", "900"]);
});

test("the delay grows with each failure, and starts again after a success", async () => {
  const broken = () => {
    throw new Error("down");
  };
  const seen = await followed([broken, broken, () => streamOf("retry: 500\n\n"), broken]);
  expect(seen.waits).toEqual([2000, 4000, 500, 2000]);
  expect(seen.is.at(-1)).toBe("off");
});

test("a stream that ends well stays live, one that breaks off is connected again", async () => {
  const ended = await followed([() => streamOf("id: 1\ndata: a\n\n"), () => streamOf("")]);
  expect(ended.is).toEqual(["connecting", "live", "live", "off"]);
  const broken = await followed([() => streamOf(new Error("cut")), () => streamOf("")]);
  expect(broken.is).toEqual(["connecting", "live", "waiting", "connecting", "live", "off"]);
});

test("a delay is at most half a minute, and at least half of its step", () => {
  expect(waitBefore(30, null, 1)).toBe(30_000);
  expect(waitBefore(1, null, 0)).toBe(1_000);
});

test("an aborted stream is not followed any more", async () => {
  const stop = new AbortController();
  const is: Connection[] = [];
  await follow(
    {
      position: { after: null },
      open: async () => {
        stop.abort();
        throw new Error("aborted");
      },
      isFinal: () => false,
      onEvent: () => undefined,
      onOpen: () => undefined,
      onConnection: (connection) => is.push(connection),
      sleep: () => Promise.reject(new Error("must not wait")),
      random: () => 0,
    },
    stop.signal,
  );
  expect(is).toEqual(["connecting", "off"]);
});
