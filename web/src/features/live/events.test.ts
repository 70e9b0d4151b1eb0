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

test("events are read wherever the stream was cut", () => {
  for (const size of [1, 2, 3, 7, 1000]) {
    const reader = new EventReader();
    const found: ServerEvent[] = [];
    for (let at = 0; at < TEXT.length; at += size) found.push(...reader.push(TEXT.slice(at, at + size)));
    expect(found).toEqual(EVENTS);
    expect(reader.retry).toBe(2000);
  }
});

test("every kind of line end is one", () => {
  const reader = new EventReader();
  expect([...reader.push("data: a\r\n\r\ndata: b\r\rdata: c\n\n")].map(({ data }) => data)).toEqual([
    "a",
    "b",
    "c",
  ]);
});

test("an event that was cut off is not told", () => {
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
  const told = {
    asked: [] as (string | null)[],
    ids: [] as string[],
    waits: [] as number[],
    is: [] as Connection[],
  };
  await follow(
    {
      position: { after: null },
      open: async (after) => {
        told.asked.push(after);
        const opening = openings.shift();
        if (!opening) throw new Error("final");
        return opening();
      },
      isFinal: (error) => (error as Error).message === "final",
      onEvent: (event) => told.ids.push(event.id),
      onOpen: () => undefined,
      onConnection: (connection) => told.is.push(connection),
      sleep: async (milliseconds) => {
        told.waits.push(milliseconds);
      },
      random: () => 1,
    },
    stop.signal,
  );
  return told;
}

test("what breaks off is taken up behind the last event", async () => {
  const told = await followed([
    () => streamOf("id: 1\ndata: a\n\nid: 2\ndata: b\n\n", new Error("cut")),
    () => streamOf("id: 3\ndata: c\n\n"),
  ]);
  expect(told.asked).toEqual([null, "2", "3"]);
  expect(told.ids).toEqual(["1", "2", "3"]);
});

test("behind a reset it goes on from the position that the reset names", async () => {
  const told = await followed([
    () => streamOf("id: 1\ndata: a\n\n", 'id: 900\nevent: stream.reset\ndata: {"message":""}\n\n'),
  ]);
  expect(told.asked).toEqual([null, "900"]);
  expect(told.ids).toEqual(["1", "900"]);
});

test("it waits longer after each failure, and anew after a success", async () => {
  const broken = () => {
    throw new Error("down");
  };
  const told = await followed([broken, broken, () => streamOf("retry: 500\n\n"), broken]);
  expect(told.waits).toEqual([2000, 4000, 500, 2000]);
  expect(told.is.at(-1)).toBe("off");
});

test("what ends well and goes on stays live, what breaks off is connected anew", async () => {
  const ended = await followed([() => streamOf("id: 1\ndata: a\n\n"), () => streamOf("")]);
  expect(ended.is).toEqual(["connecting", "live", "live", "off"]);
  const broken = await followed([() => streamOf(new Error("cut")), () => streamOf("")]);
  expect(broken.is).toEqual(["connecting", "live", "waiting", "connecting", "live", "off"]);
});

test("no wait is longer than half a minute, none shorter than half of its turn", () => {
  expect(waitBefore(30, null, 1)).toBe(30_000);
  expect(waitBefore(1, null, 0)).toBe(1_000);
});

test("somebody who leaves is not followed any more", async () => {
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
