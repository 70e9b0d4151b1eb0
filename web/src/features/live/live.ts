import { useEffect } from "react";
import { api } from "@/api/client";
import { isApiError } from "@/api/errors";
import { queryClient } from "@/api/queries";
import { Store, useStore } from "@/lib/store";
import { type Connection, follow } from "./events";

/** While many events come in, what is shown is fetched again this often, one fetch at a time. */
const LOOK_AGAIN_MS = 1_000;
/** A tab that nobody looks at lets go of its connection: a browser has few of them. */
const HIDDEN_MS = 10_000;

const connection = new Store<Connection>("off");

let users = 0;
let stop: AbortController | null = null;
const position: { after: string | null } = { after: null };
let looking = false;
let wanted = false;
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;

/** Keeps what the back office shows as it is, for as long as a component that calls this is shown. */
export function useLive(): Connection {
  useEffect(() => {
    users += 1;
    if (users === 1) begin();
    return () => {
      users -= 1;
      // The next page takes it over.
      setTimeout(() => {
        if (users === 0) end();
      }, 1_000);
    };
  }, []);
  return useStore(connection);
}

function begin(): void {
  document.addEventListener("visibilitychange", onVisibility);
  connect();
}

function end(): void {
  document.removeEventListener("visibilitychange", onVisibility);
  disconnect();
  position.after = null;
}

function onVisibility(): void {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(disconnect, HIDDEN_MS);
  else if (users > 0) connect();
}

function disconnect(): void {
  stop?.abort();
  stop = null;
}

function connect(): void {
  if (stop) return;
  const mine = new AbortController();
  stop = mine;
  follow(
    {
      position,
      open: openStream,
      // Not an admin any more, or an old server without a stream: the pages still look now and then.
      isFinal: (error) => isApiError(error) && [401, 403, 404].includes(error.status),
      // `stream.reset` too: more was missed than is sent again, so what is shown is fetched again.
      onEvent: lookAgain,
      onOpen: lookAgain,
      onConnection: (now) => {
        if (stop === mine || now === "off") connection.set(now);
      },
      sleep,
      random: Math.random,
    },
    mine.signal,
  );
}

async function openStream(after: string | null, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const headers = { Accept: "text/event-stream", ...(after && { "Last-Event-ID": after }) };
  try {
    const { response } = await api.GET("/events/stream", { headers, signal, parseAs: "stream" });
    return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
  } catch (error) {
    // The shop's log is another one now.
    if (isApiError(error) && error.status === 400) position.after = null;
    throw error;
  }
}

/** Fetch everything again that the back office shows now. */
async function lookAgain(): Promise<void> {
  wanted = true;
  if (looking) return;
  looking = true;
  while (wanted) {
    wanted = false;
    await queryClient.invalidateQueries({ queryKey: ["admin"] }, { cancelRefetch: false });
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  looking = false;
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
