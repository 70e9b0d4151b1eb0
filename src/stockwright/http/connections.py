"""What a connection may take: room for headers, time for each part of a request, and a slot among the others.

uvicorn ends what is idle after an answer and nothing else: it has no deadline for headers, none for bodies, no
bound on headers, and no cap that leaves room for others. This is its protocol with those (docs/decisions/0012).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from stockwright.http.envelope import BUSY_RETRY_SECONDS

State = Literal["idle", "head", "body", "answer", "refused"]
"""Idle: nothing has come yet, or since the last answer. Head and body: they are coming. Answer: it is ours to give."""
CONNECTIONS_MAX: Final = 10_000
CONNECTIONS_MIN: Final = 16
FILES_KEPT: Final = 64
"""Descriptors that connections leave to the store, the log, partners and mail."""


class ConnectionLimits(Struct, frozen=True, kw_only=True):
    """SPEC section 2; tests give shorter ones."""

    head_bytes: int = 64 * 1024
    head_seconds: float = 10
    """For a first byte and the whole head: a silent connection is closed then."""
    idle_seconds: float = 65
    """Between an answer and the next request."""
    progress_seconds: float = 30
    """A body that brings nothing, and an answer of which nothing is taken, end after this."""
    body_seconds: float = 30 * 60
    linger_seconds: float = 1
    """So long a refused client may go on sending: closed at once, it would not get to read why."""
    connections: int = 1000


def connections_for(files: int) -> int:
    """Return how many connections fit beside everything else into so many file descriptors."""
    return max(CONNECTIONS_MIN, min(CONNECTIONS_MAX, files * 3 // 4 - FILES_KEPT))


class Guard(Struct, eq=False):
    """All connections of a server, those that have waited longest first."""

    limits: ConnectionLimits
    waiting: dict[BoundedProtocol, None] = field(default_factory=dict)
    busy: set[BoundedProtocol] = field(default_factory=set)

    def admit(self, connection: BoundedProtocol) -> bool:
        """Take a connection in; where there is no room, one that only waits makes room. False: all are at work."""
        if len(self.waiting) + len(self.busy) >= self.limits.connections:
            if not self.waiting:
                return False
            longest = next(iter(self.waiting))
            self.forget(longest)
            longest.transport.abort()
        self.waiting[connection] = None
        return True

    def note(self, connection: BoundedProtocol, *, waits: bool) -> None:
        """Note whether a connection waits for its client, or has a request at work."""
        if connection not in self.waiting and connection not in self.busy:
            return
        if waits:
            self.busy.discard(connection)
            self.waiting[connection] = None
        elif connection in self.waiting:
            del self.waiting[connection]
            self.busy.add(connection)

    def forget(self, connection: BoundedProtocol) -> None:
        """Give its slot to another."""
        self.waiting.pop(connection, None)
        self.busy.discard(connection)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with deadlines and bounds; `bounded` makes one for a server."""

    guard: Guard

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = self.guard.limits
        self.state: State = "idle"
        self._head_due = False
        self._head_bytes = 0
        self._silent_bytes = 0
        self._body_ends = 0.0
        self._unsent = 0
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None

    # ---- the connection ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it in, and wait for its first head."""
        super().connection_made(transport)
        if self.guard.admit(self):
            self._await_head()
        else:
            self._refuse(503, "BUSY", "There are too many connections; try again shortly", retry=True)
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.guard.forget(self)
        self._stop_waiting()
        self._taken()
        # uvicorn cancels its own timer only where the client has closed in order.
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and look what it cost."""
        if self.state == "refused" or self.transport.is_closing():
            return
        began = self.state
        if began == "idle":
            # Blank lines are no request: they must not put off its deadline.
            self._await_head()
        elif began == "head":
            self._head_bytes += len(data)
        else:
            self._silent_bytes += len(data)
        super().data_received(data)
        if self.state == "head" and self._head_bytes > self.limits.head_bytes:
            self._refuse_head()
        elif self.state == "body" and self._silent_bytes > self.limits.head_bytes:
            # Frames and trailers without a byte of the body.
            self._close()

    # ---- the parser's steps ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin to count the head."""
        super().on_message_begin()
        if self.state == "refused":
            return
        self._enter("head")
        self._head_bytes = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """Count it, and stop where it is too long already."""
        super().on_url(url)
        if len(self.url) > self.limits.head_bytes:
            self._head_bytes = self.limits.head_bytes + 1

    def on_headers_complete(self) -> None:
        """Refuse too large a head; else wait for the body."""
        self._stop_waiting()
        self._head_due = False
        if self.state == "refused" or self.transport.is_closing():
            return
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.limits.head_bytes:
            self._refuse_head()
            return
        self._enter("body")
        self._silent_bytes = 0
        self._body_ends = self.loop.time() + self.limits.body_seconds
        self._await_body()
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer, which comes after the body, is ignored."""
        if self.state == "head":
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body: that is progress."""
        if self.state == "refused" or self.transport.is_closing():
            return
        self._silent_bytes = 0
        self._await_body()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer it."""
        if self.state == "refused" or self.transport.is_closing():
            return
        self._stop_waiting()
        # An answer may have been complete before its request was.
        self._enter("answer" if self._is_answering() else "idle")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of this one, which is ignored."""
        if not self.pipeline:
            self._enter("idle" if self.state == "answer" else self.state)
        if self.state == "body":
            self._body_ends = min(self._body_ends, self.loop.time() + self.limits.progress_seconds)
        super().on_response_complete()

    def _is_answering(self) -> bool:
        return bool(self.pipeline) or (self.cycle is not None and not self.cycle.response_complete)

    # ---- what is not taken -------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Wait for the client to take what was sent."""
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        """Go on."""
        self._taken()
        super().resume_writing()

    def _await_taking(self) -> None:
        self._taken()
        self._unsent = self.transport.get_write_buffer_size()
        self._writing = self.loop.call_later(self.limits.progress_seconds, self._end_of_taking)

    def _end_of_taking(self) -> None:
        """Break off where nothing was taken."""
        if self.transport.get_write_buffer_size() < self._unsent:
            self._await_taking()
        else:
            self._abort()

    def _taken(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    # ---- deadlines -------------------------------------------------------------------------

    def _enter(self, state: State) -> None:
        self.state = state
        self.guard.note(self, waits=state in {"idle", "head"} and not self._is_answering())
        if state == "idle":
            self._wait(self.limits.idle_seconds, self._close)

    def _await_head(self) -> None:
        if not self._head_due:
            self._head_due = True
            self._wait(self.limits.head_seconds, self._close)

    def _wait(self, seconds: float, end: Callable[[], None]) -> None:
        self._stop_waiting()
        self._reading = self.loop.call_later(seconds, end)

    def _stop_waiting(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _await_body(self) -> None:
        left = self._body_ends - self.loop.time()
        self._wait(max(0.0, min(self.limits.progress_seconds, left)), self._end_of_body)

    def _end_of_body(self) -> None:
        """Close what made no progress; where it was us who did not read on, that is no fault of the client's."""
        self._reading = None
        if self.flow.read_paused and self.loop.time() < self._body_ends:
            self._await_body()
        else:
            self._close()

    def _close(self) -> None:
        """Close in order; what the client does not take is not waited for long."""
        self._reading = None
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._await_taking()

    def _abort(self) -> None:
        self._writing = None
        self.transport.abort()

    def _refuse_head(self) -> None:
        self._refuse(431, "PAYLOAD_TOO_LARGE", f"The headers may hold at most {self.limits.head_bytes} bytes")
        self._wait(self.limits.linger_seconds, self._close)

    def _refuse(self, status: int, code: str, message: str, *, retry: bool = False) -> None:
        """Answer without the application, which never learns of the request; nothing else is answered."""
        self.state = "refused"
        self._stop_waiting()
        body = msgspec.json.encode({"success": False, "error": {"code": code, "message": message}})
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\nconnection: close\r\n"
            + (b"retry-after: %d\r\n" % BUSY_RETRY_SECONDS if retry else b"")
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.transport.write_eof()


def bounded(limits: ConnectionLimits) -> type[BoundedProtocol]:
    """Make the protocol of one server."""
    return type("ServerProtocol", (BoundedProtocol,), {"guard": Guard(limits)})
