"""What a connection may take: room for headers, time for each part of a request, and a slot among the others.

uvicorn ends what is idle after an answer and nothing else: it has no deadline for headers, none for bodies, no
bound on headers, and no cap that leaves room for others. This is its protocol with those (docs/decisions/0012), and
with two shorter ways to an answer (docs/decisions/0022): one that the application has ready is written without a task
for its request, and any other in one piece, where the application sends it so (`cycle.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from stockwright.http.cycle import EXTENSIONS, Cycle, path_of
from stockwright.http.envelope import BUSY_RETRY_SECONDS
from stockwright.http.guard import ConnectionLimits, Guard
from stockwright.http.streaming import Scope

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

State = Literal["idle", "head", "body", "answer", "refused"]
"""Idle: nothing has come yet, or since the last answer. Head and body: they are coming. Answer: it is ours to give."""
_WAITS: Final = frozenset({"idle", "head"})
_OF_BODIES: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests for whose end the application does not wait."""


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
        self._has_body = False
        """Whether the head of this request announces a body."""
        self._unstarted = False
        """Whether this request waits for its end before the application learns of it."""
        self._body_ends = 0.0
        self._unsent = 0
        self._in_packet = False
        self._due: tuple[float, Callable[[], None]] | None = None
        """When what is waited for must have come, and what happens then."""
        self._reading: asyncio.TimerHandle | None = None
        """Fires when `_due` ends, or before: it is not moved each time, but set again when it fires."""
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
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and look what it cost."""
        if self.state == "refused" or self.transport.is_closing():
            return
        self._in_packet = True
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
        self._in_packet = False
        self._set_timer()

    # ---- the parser's steps ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin to count the head."""
        self.url = b""
        self.expect_100_continue = self._has_body = self._unstarted = False
        self.headers = []
        if self.state == "refused":
            return
        self._enter("head")
        self._head_bytes = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """Count it, and stop where it is too long already."""
        self.url += url
        if len(self.url) > self.limits.head_bytes:
            self._head_bytes = self.limits.head_bytes + 1

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer, which comes after the body, is ignored."""
        if self.state != "head":
            return
        name = name.lower()
        if name in _OF_BODIES and not (name == b"content-length" and value == b"0"):
            self._has_body = True
            self.expect_100_continue |= name == b"expect" and value.lower() == b"100-continue"
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Refuse too large a head; else wait for the body."""
        self._stop_waiting()
        self._head_due = False
        if self.state == "refused" or self.transport.is_closing():
            return
        size = len(self.url) + 4 * len(self.headers)
        for name, value in self.headers:
            size += len(name) + len(value)
        if size > self.limits.head_bytes:
            self._refuse_head()
            return
        self._enter("body")
        self._silent_bytes = 0
        self._body_ends = self.loop.time() + self.limits.body_seconds
        self._await_body()
        path, raw_path, query = path_of(self.url)
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": self.parser.get_http_version(),
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "method": self.parser.get_method().decode("ascii"),
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
            "state": self.app_state.copy(),
            "extensions": EXTENSIONS,
        }
        self.scope = cast("HTTPScope", scope)
        if self._has_body:
            self._start()
        else:
            self._unstarted = True

    def _start(self) -> None:
        """Let the application answer, behind the answers that are under way."""
        former = self.cycle
        self._unstarted = False
        self.cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self._is_kept_alive(),
            on_response=self.on_response_complete,
        )
        if former is None or former.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _is_kept_alive(self) -> bool:
        return self.scope["http_version"] != "1.0" and bool(self.parser.should_keep_alive())

    def _answer_ready(self) -> bool:
        """Write the answer that the application has ready, where nothing else is being answered or waits to leave."""
        if self.flow.write_paused or self._is_answering() or not self._is_kept_alive():
            return False
        answer = self.guard.ready(cast("Scope", self.scope))
        if answer is None:
            return False
        self._unstarted = False
        self.server_state.total_requests += 1
        self.transport.write(answer)
        return True

    def on_body(self, body: bytes) -> None:
        """Take a part of the body: that is progress."""
        if self.state == "refused" or self.transport.is_closing():
            return
        self._silent_bytes = 0
        self._await_body()
        if self._unstarted:
            self._start()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer it."""
        if self.state == "refused" or self.transport.is_closing():
            return
        self._stop_waiting()
        if self._unstarted:
            if self._answer_ready():
                self._enter("idle")
                return
            self._start()
        # An answer may have been complete before its request was.
        self._enter("answer" if self._is_answering() else "idle")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of this one, which is ignored."""
        if not self.pipeline:
            self._enter("idle" if self.state == "answer" else self.state)
        if self.state == "body":
            self._body_ends = min(self._body_ends, self.loop.time() + self.limits.progress_seconds)
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

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
        self.guard.note(self, waits=state in _WAITS and not self._is_answering())
        if state == "idle":
            self._wait(self.limits.idle_seconds, self._close)

    def _await_head(self) -> None:
        if not self._head_due:
            self._head_due = True
            self._wait(self.limits.head_seconds, self._close)

    def _wait(self, seconds: float, end: Callable[[], None]) -> None:
        self._due = (self.loop.time() + seconds, end)
        if not self._in_packet:
            self._set_timer()

    def _stop_waiting(self) -> None:
        self._due = None

    def _set_timer(self) -> None:
        """Have the timer fire no later than what is waited for must have come: most of it comes in the same packet."""
        if self._due is None or self.transport.is_closing():
            return
        at = self._due[0]
        if self._reading is not None:
            if self._reading.when() <= at:
                return
            self._reading.cancel()
        self._reading = self.loop.call_at(at, self._end_of_waiting)

    def _end_of_waiting(self) -> None:
        self._reading = None
        if self._due is None:
            return
        at, end = self._due
        if self.loop.time() < at:
            self._set_timer()
        else:
            self._due = None
            end()

    def _await_body(self) -> None:
        left = self._body_ends - self.loop.time()
        self._wait(max(0.0, min(self.limits.progress_seconds, left)), self._end_of_body)

    def _end_of_body(self) -> None:
        """Close what made no progress; where it was us who did not read on, that is no fault of the client's."""
        if self.flow.read_paused and self.loop.time() < self._body_ends:
            self._await_body()
        else:
            self._close()

    def _close(self) -> None:
        """Close in order; what the client does not take is not waited for long."""
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


def bounded(limits: ConnectionLimits, ready: Callable[[Scope], bytes | None] = lambda _: None) -> type[BoundedProtocol]:
    """Make the protocol of one server; `ready` returns the whole answer to a request where it is at hand."""
    return type("ServerProtocol", (BoundedProtocol,), {"guard": Guard(limits, ready)})
