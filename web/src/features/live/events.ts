/** One event of a stream of server-sent events, as the HTML standard (section 9.2) reads them. */
export interface ServerEvent {
  id: string;
  name: string;
  data: string;
}

/** Reads a stream piece by piece, wherever it was cut. */
export class EventReader {
  /** How long the server asks to wait before the next connection, ms. */
  retry: number | null = null;
  /** The place of the last event, or where the stream began. */
  get id(): string {
    return this.#id;
  }
  #rest = "";
  #id = "";
  #name = "";
  #data: string[] = [];

  push(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#read(line));
  }

  #read(line: string): ServerEvent[] {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return [];
  }

  #dispatch(): ServerEvent[] {
    const event = { id: this.#id, name: this.#name || "message", data: this.#data.join("\n") };
    const complete = this.#data.length > 0;
    this.#name = "";
    this.#data = [];
    return complete ? [event] : [];
  }
}

export type Connection = "connecting" | "live" | "waiting" | "off";

export interface FollowerParts {
  /** Behind which event to go on; null is from now on. */
  position: { after: string | null };
  /** Opens the stream from behind an event; throws where it is refused. */
  open: (after: string | null, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  /** Whether that refusal is for good. */
  isFinal: (error: unknown) => boolean;
  onEvent: (event: ServerEvent) => void;
  /** Events before this may have been missed. */
  onOpen: () => void;
  onConnection: (connection: Connection) => void;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
}

const WAIT_MS = 1_000;
const WAIT_MAX_MS = 30_000;

/** Follows a stream until the signal aborts: after a break it continues behind the last event. */
export async function follow(parts: FollowerParts, signal: AbortSignal): Promise<void> {
  const { position } = parts;
  let failures = 0;
  let live = false;
  while (!signal.aborted) {
    const reader = new EventReader();
    // A stream that ends well and goes on (a poll, in the cloud) was live all along.
    if (!live) parts.onConnection("connecting");
    try {
      const stream = await parts.open(position.after, signal);
      // After a good end it goes on where that stream ended, and nothing was missed (in the cloud it is a poll).
      const missed = !live || position.after === null;
      failures = 0;
      live = true;
      parts.onConnection("live");
      if (missed) parts.onOpen();
      for await (const event of readEvents(stream, reader)) {
        position.after = event.id || position.after;
        parts.onEvent(event);
      }
      position.after = reader.id || position.after;
    } catch (error) {
      if (signal.aborted) break;
      if (parts.isFinal(error)) break;
      failures += 1;
      live = false;
    }
    if (signal.aborted) break;
    if (failures) parts.onConnection("waiting");
    await parts.sleep(waitBefore(failures, reader.retry, parts.random()), signal);
  }
  parts.onConnection("off");
}

/** After a good end what the server asks for; after failures longer each time, and never all at once. */
export function waitBefore(failures: number, retry: number | null, random: number): number {
  if (failures === 0) return retry ?? WAIT_MS;
  const most = Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** failures);
  return most / 2 + (random * most) / 2;
}

async function* readEvents(
  stream: ReadableStream<Uint8Array>,
  reader: EventReader,
): AsyncGenerator<ServerEvent> {
  const pieces = stream.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await pieces.read();
      if (done) return;
      yield* reader.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    pieces.cancel().catch(() => undefined);
  }
}
