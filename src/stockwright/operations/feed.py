"""The event log for everybody who follows it: read once in this process, encoded once, sent to each stream.

One task reads the log while there are streams. Each stream has a queue of a bounded size: one whose
client does not read is dropped, and may come again with the id of its last event. The more streams
there are, the more events are sent together.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final, Self

import msgspec

from stockwright.base.errors import Busy, RateLimited
from stockwright.base.event import Event
from stockwright.base.long_work import give_way
from stockwright.context import App
from stockwright.events.log import newest_position, stable_position
from stockwright.http.compression import STREAM_HEAD, compress_part
from stockwright.operations.wire import event_view
from stockwright.store.port import log_order
from stockwright.store.retention import load_log_start

STREAMS_MAX: Final = 500
STREAMS_OF_ACCOUNT_MAX: Final = 20
QUEUE_BYTES_MAX: Final = 1024 * 1024
REPLAY_MAX: Final = 1000
"""How many former events a stream that comes again is sent; one that missed more starts again from the summary."""
READ_AT_ONCE: Final = 100
ROUND_MAX: Final = 2000
"""How many events go to each stream as one part."""
COMPRESSED_AT_ONCE: Final = 32 * 1024
"""A part of more bytes is compressed in a thread."""
WAIT_SECONDS: Final = 15.0
"""How long nothing is sent before a comment is; as often each stream's right to it is checked."""
STREAMS_AT_ONCE: Final = 50
"""How many streams send in one turn of the loop: all at once would keep requests waiting."""
LINES_MAX: Final = 2000
"""How many of the newest events are remembered as they are sent: many clients that come again miss the same ones."""
PACE_SECONDS: Final = 0.001
"""For each stream, between two rounds of sending."""
PACE_SECONDS_MAX: Final = 1.0
RETRY_SECONDS: Final = 1.0
FULL_RETRY_AFTER_SECONDS: Final = 30
RESET: Final = "stream.reset"
"""The event that says: more was missed than is sent again; reload what is shown, and continue from here."""
STAY: Final = b": still here\n\n"
COMPRESSED_STAY: Final = compress_part(STAY)
MayRead = Callable[[], Awaitable[bool]]


class Stream:
    """What one client is still to be sent."""

    def __init__(self, account_id: str, may_read: MayRead, position: str, *, compressed: bool = False) -> None:
        self.account_id, self.may_read = account_id, may_read
        self.compressed = compressed
        self.position = position
        """Where the live events of this stream begin."""
        self.dropped = False
        self.doubted = True
        """Whether its account may have changed, so that its right must be checked before more is sent."""
        self._queue: deque[tuple[str, bytes]] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._is_asked = False

    def push(self, last: str, part: bytes) -> None:
        """Queue encoded events, of which `last` is the last one's position; drop the stream where it is full."""
        if self.dropped:
            return
        if self._queue and self._bytes + len(part) > QUEUE_BYTES_MAX:
            self.end()
            return
        self._queue.append((last, part))
        self._bytes += len(part)
        self._news.set()

    def end(self) -> None:
        """Send nothing more; the client may come again with the id of its last event."""
        self.dropped = True
        self._queue.clear()
        self._news.set()

    def ask(self) -> None:
        """Have something sent, so that a client that has gone is noticed."""
        self._is_asked = True
        self._news.set()

    async def next(self) -> tuple[str, bytes] | None:
        """Return what is queued; None where nothing came for a while."""
        while not (self._queue or self.dropped or self._is_asked):
            self._news.clear()
            await self._news.wait()
        self._is_asked = False
        if not self._queue:
            return None
        last, part = self._queue.popleft()
        self._bytes -= len(part)
        return last, part


class Parts:
    """What one stream sends, part by part. Closing it frees its slot, also where nothing was read of it."""

    def __init__(self, parts: AsyncGenerator[bytes, None], leave: Callable[[], None]) -> None:
        self._parts, self._leave = parts, leave

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._parts)

    async def aclose(self) -> None:
        """End the stream."""
        try:
            await self._parts.aclose()
        finally:
            # A generator that was never begun does not run its end.
            self._leave()


class Feed:
    """The log's one reader in this process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._streams: set[Stream] = set()
        self._of_account: Counter[str] = Counter()
        self._reader: asyncio.Task[None] | None = None
        self._position = ""
        self._starting = asyncio.Lock()
        self._lines: dict[str, tuple[Event, bytes]] = {}
        self._asked = 0.0
        """When all streams were last asked to send something."""
        self._ended = False
        app.on_stop.append(self.end)

    def end(self) -> None:
        """End every stream, and let none begin: this process stops."""
        self._ended = True
        for stream in self._streams:
            stream.end()

    async def open(self, account_id: str, may_read: MayRead, after: str | None, *, compressed: bool = False) -> Parts:
        """Return what a stream sends, from behind `after` (None: from now on); refuse one too many.

        It has its position in the log when this returns, and must be closed by its caller, read or not.
        """
        stream = await self._join(account_id, may_read, compressed=compressed)
        return Parts(self._parts(stream, after), partial(self._leave, stream))

    async def _parts(self, stream: Stream, after: str | None) -> AsyncGenerator[bytes, None]:
        """Begin with where the stream begins, so that who has seen nothing yet misses nothing either."""
        try:
            begin = stream.position if after is None else after
            opening = b"retry: 2000\nid: %s\n\n" % begin.encode()
            yield STREAM_HEAD + compress_part(opening) if stream.compressed else opening
            if after is not None:
                async for part in self._replay(stream, after):
                    yield compress_part(part) if stream.compressed else part
            async for part in self._live(stream):
                yield part
        finally:
            self._leave(stream)

    async def _replay(self, stream: Stream, after: str) -> AsyncIterator[bytes]:
        """Send what was missed, a step at a time; where it is too much, say so and go on from now."""
        await give_way()
        position, left = after, REPLAY_MAX
        if log_order(after) > log_order(stream.position):
            # Another process may be ahead of this one; a position that nothing has is of another log.
            if log_order(after) > log_order(await newest_position(self._app)):
                yield reset(stream.position)
            else:
                stream.position = after
            return
        while log_order(position) < log_order(stream.position):
            events = await self._app.store.tail(position, READ_AT_ONCE)
            if log_order(position) < log_order((await load_log_start(self._app.store)).through):
                # What was missed is no longer kept.
                yield reset(stream.position)
                return
            missed = [event for event in events if log_order(event.position) <= log_order(stream.position)]
            if not missed:
                return
            left -= len(missed)
            if left < 0:
                yield reset(stream.position)
                return
            yield b"".join(map(self._line_of, missed))
            position = missed[-1].position
            await give_way()

    async def _live(self, stream: Stream) -> AsyncIterator[bytes]:
        checked = time.monotonic()
        while True:
            found = await stream.next()
            if stream.dropped:
                return
            if found is None or stream.doubted or time.monotonic() - checked > WAIT_SECONDS:
                stream.doubted, checked = False, time.monotonic()
                if not await stream.may_read():
                    return
            if found is None:
                yield COMPRESSED_STAY if stream.compressed else STAY
            elif log_order(found[0]) > log_order(stream.position):
                yield found[1]

    async def _join(self, account_id: str, may_read: MayRead, *, compressed: bool) -> Stream:
        """Let a stream hear of everything from now on; refuse one too many."""
        async with self._starting:
            if self._of_account[account_id] >= STREAMS_OF_ACCOUNT_MAX:
                raise RateLimited(
                    f"This account already has {STREAMS_OF_ACCOUNT_MAX} event streams open; close one of them",
                    retry_after_seconds=FULL_RETRY_AFTER_SECONDS,
                )
            if self._ended:
                raise Busy("This server is stopping; try again shortly")
            if len(self._streams) >= STREAMS_MAX:
                raise Busy("All event streams of this server are in use; try again shortly")
            if self._reader is None:
                self._position = await stable_position(self._app)
                self._asked = time.monotonic()
                self._reader = asyncio.create_task(self._read())
            stream = Stream(account_id, may_read, self._position, compressed=compressed)
            self._streams.add(stream)
            self._of_account[account_id] += 1
        return stream

    def _leave(self, stream: Stream) -> None:
        if stream not in self._streams:
            return
        self._streams.discard(stream)
        self._of_account[stream.account_id] -= 1
        if not self._of_account[stream.account_id]:
            del self._of_account[stream.account_id]
        if not self._streams and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _read(self) -> None:
        """Read the log for as long as anybody follows it; whatever goes wrong is logged and tried again."""
        while True:
            try:
                await self._round()
            except Exception:
                self._app.log.exception("reading events for the streams failed")
                await asyncio.sleep(RETRY_SECONDS)
            if time.monotonic() - self._asked >= WAIT_SECONDS:
                self._asked = time.monotonic()
                await self._each_stream(Stream.ask)
            # More come together while this waits, and are then one part for each stream.
            await asyncio.sleep(min(PACE_SECONDS_MAX, PACE_SECONDS * len(self._streams)))

    async def _round(self) -> None:
        """Wait for events, read all that are there (at most ROUND_MAX), and send them to each stream as one part."""
        encoded: list[bytes] = []
        changed: set[str] = set()
        position, wait = self._position, WAIT_SECONDS
        while len(encoded) < ROUND_MAX:
            events = await self._app.store.tail(position, READ_AT_ONCE, wait_seconds=wait)
            encoded += map(self._line_of, events)
            changed |= {event.subject for event in events if event.name.startswith("account.")}
            if events:
                position = events[-1].position
            if len(events) < READ_AT_ONCE:
                break
            wait = 0
            await give_way()
        if not encoded:
            return
        part = b"".join(encoded)
        # Once for all streams, which have equal rights; in a thread where it may take longer than a step.
        compressed = b""
        if any(stream.compressed for stream in self._streams):
            large = len(part) > COMPRESSED_AT_ONCE
            compressed = await asyncio.to_thread(compress_part, part) if large else compress_part(part)
        self._position = position

        def push(stream: Stream) -> None:
            stream.doubted = stream.doubted or stream.account_id in changed
            stream.push(position, compressed if stream.compressed else part)

        await self._each_stream(push)

    async def _each_stream(self, act: Callable[[Stream], None]) -> None:
        """Do it to each stream that is open now, a few in each turn of the loop."""
        for number, stream in enumerate(list(self._streams), 1):
            act(stream)
            if number % STREAMS_AT_ONCE == 0:
                await give_way()

    def _line_of(self, event: Event) -> bytes:
        """Write an event, or take it as it was written before; one that was stored again is written again."""
        known = self._lines.get(event.position)
        if known is not None and known[0] is event:
            return known[1]
        line = line_of(event)
        self._lines[event.position] = event, line
        if len(self._lines) > LINES_MAX:
            del self._lines[next(iter(self._lines))]
        return line


def line_of(event: Event) -> bytes:
    """Write an event as the HTML standard says (section 9.2)."""
    data = msgspec.json.encode(event_view(event))
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event.position.encode(), event.name.encode(), data)


def reset(position: str) -> bytes:
    """Say that more was missed than is sent again; the stream goes on from this position."""
    data = b'{"message":"More events were missed than are sent again: reload what you show."}'
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (position.encode(), RESET.encode(), data)
