import { expect, test } from "vitest";
import { parseScans, ScanQueue, type WaitingScan } from "./scan-queue";

const scan = (key: string, code = "A-1"): WaitingScan => ({
  key,
  countId: "cnt_1",
  code,
  quantity: 1,
  recount: false,
  at: "2026-01-01T00:00:00.000Z",
});

class Lost extends Error {}

function queueOf(answers: ("counted" | "lost" | "refused")[], stored: string | null = null) {
  const sent: string[] = [];
  const counted: string[] = [];
  const memory = new Map<string, string>(stored ? [["stockwright.scans", stored]] : []);
  const queue = new ScanQueue<string>({
    storage: {
      read: (key) => memory.get(key) ?? null,
      write: (key, value) => void (value === null ? memory.delete(key) : memory.set(key, value)),
    },
    send: async ({ key }) => {
      sent.push(key);
      const answer = answers.shift() ?? "counted";
      if (answer === "lost") throw new Lost();
      if (answer === "refused") throw new Error("No product has that code");
      return key;
    },
    isLost: (error) => error instanceof Lost,
    messageOf: (error) => String(error),
    sleep: async () => undefined,
    onCounted: (line) => counted.push(line),
  });
  return { queue, sent, counted, memory };
}

test("scans are sent one after the other, and nothing is left", async () => {
  const { queue, sent, counted, memory } = queueOf([]);
  for (const key of ["a", "b", "c"]) queue.add(scan(key));
  await queue.run();
  await new Promise((resolve) => setTimeout(resolve));
  expect(sent).toEqual(["a", "b", "c"]);
  expect(counted).toEqual(["a", "b", "c"]);
  expect(memory.size).toBe(0);
});

test("a scan that did not reach the shop is sent again with the same key, in its turn", async () => {
  const { queue, sent, counted } = queueOf(["lost", "lost"]);
  queue.add(scan("a"));
  queue.add(scan("b"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(sent).toEqual(["a", "a", "a", "b"]);
  expect(counted).toEqual(["a", "b"]);
  expect(queue.state.get()).toEqual({ waiting: [], refused: [], offline: false });
});

test("a refused scan is put aside with its reason, and the next one follows", async () => {
  const { queue, counted } = queueOf(["refused"]);
  queue.add(scan("a", "NO-SUCH"));
  queue.add(scan("b"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(counted).toEqual(["b"]);
  expect(queue.state.get().refused.map((each) => each.scan.code)).toEqual(["NO-SUCH"]);
  queue.dismiss("a");
  expect(queue.state.get().refused).toEqual([]);
});

test("scans of an earlier page are sent, and what is no scan is left out", async () => {
  const { queue, sent } = queueOf([], JSON.stringify([scan("a"), { key: 1 }, null]));
  await queue.run();
  expect(sent).toEqual(["a"]);
  expect(parseScans("{")).toEqual([]);
});
