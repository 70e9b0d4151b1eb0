"""Answers that are ready, and who a token identifies, until what they were made from changes.

The answer of a route marked `cached` depends on nothing but the store and the caller's role. It is made through a
watched store, and cached with the watch (`store/port.py`): the next request for it is answered without the store, a
call, or a task, with its own request id, time, headers and rate limit, and is logged and counted as any other.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from stockwright.base.actor import ANONYMOUS
from stockwright.http.answers import answer_of, cache_headers, etag_matches, is_for_anybody
from stockwright.http.compression import COMPRESSED_BYTES_MIN
from stockwright.http.envelope import around
from stockwright.http.headers import lines_of, status_line
from stockwright.http.limits import OverLimit
from stockwright.http.route import Answer

if TYPE_CHECKING:
    from stockwright.base.actor import Actor
    from stockwright.http.edge import Edge
    from stockwright.http.route import AnyCall, Route
    from stockwright.http.streaming import Scope
    from stockwright.request import Request
    from stockwright.store.port import Watch

CALLERS_MAX: Final = 5000
BYTES_MAX: Final = 8 * 1024 * 1024
"""Of all answers that are cached."""
ANSWER_BYTES_MAX: Final = 128 * 1024
ENTRY_BYTES: Final = 2000
"""What an answer takes beside its data, roughly."""
_encode = msgspec.json.Encoder().encode


class _Known(Struct, frozen=True):
    """Whom an Authorization header identifies until then (ms), while nothing of theirs changes."""

    actor: Actor
    until: int
    watch: Watch


class _Ready(Struct, frozen=True):
    """An answer: what the envelope holds, and the headers' lines that are the same each time."""

    data: bytes
    etag: str | None
    own: bytes
    beside: bytes
    watch: Watch


_Name = tuple[str, bytes, str]
"""The path, the query, and the caller's role ("": everybody's; PRIVATE: the same, but not for shared caches)."""
PRIVATE: Final = "-"


class Ready:
    """What one process has ready."""

    def __init__(self, edge: Edge) -> None:
        self._edge, self._app = edge, edge.app
        self._callers: dict[str, _Known] = {}
        self._answers: dict[_Name, _Ready] = {}
        self._routes: dict[str, Route] = {}
        self._numbers: Counter[str] = Counter()
        """How many answers a path has."""
        self._bytes = 0

    # ---- who asks ------------------------------------------------------------------------

    def find_caller(self, header: str) -> Actor | None:
        """Return whom this Authorization header identified, if nothing of theirs has changed and it is still valid."""
        known = self._callers.get(header)
        if known is None:
            return None
        self._app.store.look()
        if known.watch.is_current and self._app.clock.now() < known.until:
            return known.actor
        known.watch.end()
        del self._callers[header]
        return None

    async def identify(self, request: Request, header: str) -> Actor:
        """Return whom this header identifies, or raise Unauthorized; it is remembered for as long as it lasts."""
        known = self.find_caller(header)
        if known is not None:
            return known
        hooks, watched = self._edge.hooks, self._app.store.watched()
        if watched is None:
            return await hooks.authenticate(self._app, request, header)
        store, watch = watched
        actor = await hooks.authenticate(self._app.reading(store), request, header)
        until = hooks.lasts_until(self._app, header)
        if until is None or not watch.is_current:
            watch.end()
            return actor
        if len(self._callers) >= CALLERS_MAX:
            self._callers.pop(next(iter(self._callers))).watch.end()
        self._callers[header] = _Known(actor, until, watch)
        return actor

    # ---- what is answered ----------------------------------------------------------------

    async def run(self, route: Route, call: AnyCall) -> Answer:
        """Return the answer of a cached route: the one that is ready, or else a new one, which is cached."""
        self._app.store.look()
        ready = self._find(_name(route, call.scope, call.request.actor))
        if ready is not None:
            return Answer(msgspec.Raw(ready.data), ready.etag)
        watched = self._app.store.watched()
        if watched is None:
            return answer_of(route, call, await route.run(call))
        call.app, watch = call.app.reading(watched[0]), watched[1]
        answer = answer_of(route, call, await route.run(call))
        data = _encode(answer.data)
        encoded = Answer(msgspec.Raw(data), answer.etag)
        large = len(data) >= COMPRESSED_BYTES_MIN - ENTRY_BYTES // 4 and is_for_anybody(route, encoded)
        if not watch.is_current or large or len(data) > ANSWER_BYTES_MAX or answer.status or answer.headers:
            watch.end()
        else:
            self._cache(route, call, encoded, data, watch)
        return Answer(encoded.data, answer.etag, answer.status, answer.headers)

    def _cache(self, route: Route, call: AnyCall, answer: Answer, data: bytes, watch: Watch) -> None:
        scope, name = call.scope, _name(route, call.scope, call.request.actor)
        if name is None:
            watch.end()
            return
        self._drop(name)
        own = {} if answer.etag is None else {"etag": answer.etag}
        if own:
            own |= cache_headers(route, has_credentials=_has_credentials(scope))
        beside = self._edge.answer_headers.beside(own, scope).lines
        self._routes[scope["path"]] = route
        self._numbers[scope["path"]] += 1
        self._answers[name] = _Ready(data, answer.etag, lines_of(own), beside, watch)
        self._bytes += len(data) + ENTRY_BYTES
        while self._bytes > BYTES_MAX:
            self._drop(next(iter(self._answers)))

    def _find(self, name: _Name | None) -> _Ready | None:
        ready = None if name is None else self._answers.get(name)
        if ready is None or name is None or ready.watch.is_current:
            return ready
        self._drop(name)
        return None

    def _drop(self, name: _Name) -> None:
        former = self._answers.pop(name, None)
        if former is not None:
            former.watch.end()
            self._bytes -= len(former.data) + ENTRY_BYTES
            path = name[0]
            self._numbers[path] -= 1
            if not self._numbers[path]:
                del self._numbers[path], self._routes[path]

    def answer(self, scope: Scope) -> bytes | None:
        """Return the whole answer to a GET, head and body, where it is ready."""
        route = self._routes.get(scope["path"])
        if route is None or scope["method"] != "GET":
            return None
        started, edge = time.perf_counter(), self._edge
        headers: dict[bytes, bytes] = dict(scope["headers"])
        self._app.store.look()
        actor = ANONYMOUS if route.who == "public" else self._caller_of(headers)
        ready = None if actor is None else self._find(_name(route, scope, actor))
        if ready is None or actor is None:
            return None
        address = edge.address(scope)
        try:
            counted = edge.limits.count(route.limit, f"address {address}" if actor is ANONYMOUS else actor.id)
        except OverLimit:
            # It is refused as any other request is.
            return None
        request_id = edge.request_id(headers.get(b"x-request-id", b"").decode("latin-1"))
        status, body, last = 200, around(ready.data, request_id, self._app.clock.now()), ""
        if ready.etag is not None and b"if-none-match" in headers:
            matched = etag_matches(headers[b"if-none-match"].decode("latin-1"), ready.etag)
            status, body = (304, b"") if matched else (status, body)
        if status == 200:  # noqa: PLR2004
            last = f"content-type: {route.content_type}\r\ncontent-length: {len(body)}\r\n"
        extra = edge.answer_headers.cors(headers.get(b"origin", b"").decode("latin-1")) | counted
        edge.note(scope, route.full_path, status, started, request_id, actor.id, address)
        return b"%b%b%b%b%b%b" % (
            status_line(status),
            lines_of(extra) if extra else b"",
            ready.own,
            ready.beside,
            f"x-request-id: {request_id}\r\n{last}\r\n".encode("latin-1"),
            body,
        )

    def _caller_of(self, headers: dict[bytes, bytes]) -> Actor | None:
        header = headers.get(b"authorization")
        return None if header is None else self.find_caller(header.decode("latin-1"))


def _has_credentials(scope: Any) -> bool:
    return any(name == b"authorization" for name, _ in scope["headers"])


def _name(route: Route, scope: Any, actor: Actor) -> _Name | None:
    """Name an answer; None where it is not one that all of a role get."""
    if route.who == "public":
        is_private = route.public_seconds and _has_credentials(scope)
        return scope["path"], scope["query_string"], PRIVATE if is_private else ""
    return (scope["path"], scope["query_string"], actor.role or "") if actor.kind == "account" else None
