"""The way of a request: match, limit, authenticate, parse, run once, answer in the envelope."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from collections.abc import Set as AbstractSet
from ipaddress import ip_network
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.actor import ANONYMOUS, Actor, Origin
from stockwright.base.errors import Forbidden, Invalid, StockwrightError, Unauthorized
from stockwright.base.long_work import give_way
from stockwright.context import App
from stockwright.http import decode
from stockwright.http.addresses import client_address
from stockwright.http.answers import answer_of, cache_headers, etag_matches, fields_at_top, is_for_anybody, kept_answer
from stockwright.http.bodies import body_parts, read_body
from stockwright.http.compression import COMPRESSED_BYTES_MIN, accepts_gzip, compress, compressed_once
from stockwright.http.envelope import BUSY_RETRY_SECONDS, failure, retry_after, status_of, success
from stockwright.http.headers import ALLOWED_HEADERS, ALLOWED_METHODS, AnswerHeaders, lines_of, pairs_of, status_line
from stockwright.http.idempotency import KeysAtWork, check_key, request_hash
from stockwright.http.limits import Limits
from stockwright.http.metrics import Metrics, Uncounted
from stockwright.http.ready import Ready
from stockwright.http.route import Answer, AnyCall, Call, Route
from stockwright.http.router import MethodNotAllowed, Router
from stockwright.http.rules import MALFORMED, plan_of
from stockwright.http.sampling import is_logged
from stockwright.http.slots import Slots
from stockwright.http.streaming import ANSWER, Disconnected, Receive, Scope, Send, send_until_left
from stockwright.http.tries import count_tries
from stockwright.request import Idempotency, Request
from stockwright.store.idempotency import AlreadyDone

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Hooks(Struct, frozen=True):
    """What the edge leaves to the rooms, of whose nouns it knows nothing."""

    authenticate: Callable[[App, Request, str], Awaitable[Actor]]
    """Return who carries this Authorization header, or raise Unauthorized."""
    lasts_until: Callable[[App, str], int | None]
    """Return until when (ms) a valid header identifies the same while nothing of theirs changes; None: not known."""
    attempts_id: Callable[[App, str, Origin], Awaitable[str]]
    """Name the count of the tries at an account, for the name that was sent and where the request comes from."""
    show_details: Callable[[Any, int, Actor], Any]
    """Turn an error's details into what may be sent to somebody, as of now (ms)."""


class Edge:
    """The API as one ASGI application."""

    def __init__(self, app: App, routes: Iterable[Route], hooks: Hooks) -> None:
        self.app, self.hooks = app, hooks
        self.limits = Limits(on=app.settings.rate_limit and not app.settings.in_lambda, shared=app.shared)
        self.keys = KeysAtWork(app.shared)
        self.slots = {kind: Slots(kind, app.shared) for kind in ("report", "export")}
        self.metrics = Uncounted() if app.settings.in_lambda else Metrics(app.shared)
        self._proxies = tuple(ip_network(each) for each in app.settings.trusted_proxies)
        self.router = Router(routes)
        self.answer_headers = AnswerHeaders(app.settings)
        self.ready = Ready(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every error is an answer in the envelope."""
        started = time.perf_counter()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(ANONYMOUS, self.request_id(headers.get("x-request-id", "")))
        exchange = Exchange(self, scope, receive, send, headers, request, started)
        try:
            await exchange.answer()
        except Disconnected:
            exchange.status = 499
        except StockwrightError as error:
            if error.code == StockwrightError.code:
                self.app.log.exception("request failed", **exchange.log_fields())
            await exchange.fail(error)
        except Exception:
            self.app.log.exception("request failed", **exchange.log_fields())
            await exchange.fail(StockwrightError())
        finally:
            actor = exchange.request.actor.id
            self.note(scope, exchange.route_name, exchange.status, started, request.id, actor, exchange.address)

    def note(
        self, scope: Scope, route: str, status: int, started: float, request_id: str, actor: str, address: str
    ) -> None:
        """Count and log an answered request."""
        seconds, method = time.perf_counter() - started, scope["method"]
        self.metrics.observe(route, method if method in _METHODS else "OTHER", status, seconds)
        if not is_logged(self.app.settings.log_requests_percent, status, request_id):
            return
        self.app.log.info(
            "request",
            method=method,
            path=scope["path"],
            request_id=request_id,
            actor=actor,
            status=status,
            duration=round(seconds * 1000, 2),
            address=address,
        )

    def address(self, scope: Scope) -> str:
        """Return the client's address; trusted proxies are believed."""
        peer = scope["client"][0] if scope.get("client") else ""
        return client_address(peer, scope["headers"], self.app.settings.forwarded_header, self._proxies)

    def is_local(self, scope: Scope, headers: Mapping[str, str]) -> bool:
        """Return whether it comes from this machine; what a proxy passes on comes from anywhere.

        So does what a page of another host asks, whose name was made to lead here (DNS rebinding).
        """
        passed_on = "x-forwarded-for" in headers or "forwarded" in headers
        named = _LOCAL_HOST.fullmatch(headers.get("host", "")) is not None
        return named and not passed_on and self.address(scope) in _LOOPBACK

    def request_id(self, given: str) -> str:
        """Return the id that a request was given, or else a new one."""
        return given if _REQUEST_ID.fullmatch(given) else self.app.ids.new("req")


class Exchange:
    """One request on its way to its answer."""

    def __init__(
        self,
        edge: Edge,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Mapping[str, str],
        request: Request,
        started: float,
    ) -> None:
        self.edge, self.app = edge, edge.app
        self.scope, self.receive, self.send = scope, receive, send
        self.headers, self.request, self.came = headers, request, started
        self.address = edge.address(scope)
        self.route_name = "unmatched"
        self.status = 500
        self.started = False
        self.extra: dict[str, str] = edge.answer_headers.cors(headers.get("origin", ""))

    async def answer(self) -> None:
        """Go the whole way."""
        methods, path = self.edge.router.match(self.scope)
        method = self.scope["method"]
        if method == "OPTIONS":
            self.route_name = next(iter(methods.values())).full_path
            await self._preflight(methods)
            return
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise MethodNotAllowed(methods)
        self.route_name = route.full_path
        await self._authorise(route)
        call = await self._parse(route, path)
        await self._run(route, call)

    def log_fields(self) -> dict[str, Any]:
        """Return the fields of each line of the log about the request."""
        return {
            "method": self.scope["method"],
            "path": self.scope["path"],
            "request_id": self.request.id,
            "actor": self.request.actor.id,
        }

    async def fail(self, error: StockwrightError) -> None:
        """Answer with an error, unless the answer has begun."""
        if self.started:
            return
        headers = {**retry_after(error), **getattr(error, "headers", {})}
        if isinstance(error, MethodNotAllowed):
            headers["allow"] = error.allowed
        if isinstance(error, Unauthorized):
            headers["www-authenticate"] = "Bearer"
        if isinstance(error, AlreadyDone):
            # Its record vanished between the refusal and the look: the same key may be tried again.
            headers["retry-after"] = str(BUSY_RETRY_SECONDS)
        status = status_of(error)
        now = self.app.clock.now()
        body = failure(
            error, self.request.id, now, self.edge.hooks.show_details(error.details, now, self.request.actor)
        )
        await self._send(status, body, "application/json", headers)

    async def _authorise(self, route: Route) -> None:
        address = self.address
        header = self.headers.get("authorization")
        if route.who == "public":
            self.extra |= self.edge.limits.count(route.limit, f"address {address}")
            return
        if header is None and route.loopback_too and self.edge.is_local(self.scope, self.headers):
            return
        if header is None:
            self.extra |= self.edge.limits.count(route.limit, f"address {address}")
            raise Unauthorized
        try:
            self.request = self.request.by(await self.edge.ready.identify(self.request, header))
        except Unauthorized:
            self.extra |= self.edge.limits.count(route.limit, f"address {address}")
            raise
        self.extra |= self.edge.limits.count(route.limit, self.request.actor.id)
        if not _may(self.request.actor, route):
            raise Forbidden

    async def _parse(self, route: Route, path: Mapping[str, str]) -> AnyCall:
        """Read path, query and body, or refuse them with every wrong field of both."""
        self.raw_body = b""
        if route.changes and route.raw != "stream":
            self.raw_body = await read_body(self.receive, self.headers, route.body_bytes_max)
        call = Call(
            app=self.app,
            request=self.request,
            path={name: decode.path_text(value) for name, value in path.items()},
            query=None,
            body=None,
            headers=self.headers,
            address=self.address,
            scope=self.scope,
            started=self.came,
            raw=self.raw_body if route.raw else b"",
            parts=body_parts(self.receive) if route.raw == "stream" else None,
        )
        entries: list[dict[str, str]] = []
        try:
            call.query = decode.query(route.query, self.scope["query_string"], any_field=route.any_query)
        except decode.WrongFields as wrong:
            call.query = wrong.well_formed
            entries += wrong.details
            entries += _wrong_token(route, call, {each["field"] for each in entries})
        if route.body is not None:
            try:
                call.body = decode.body(route.body, self.raw_body, self.headers.get("content-type", ""))
            except decode.WrongFields as wrong:
                call.body = wrong.well_formed
                entries += wrong.details
        if entries:
            raise Invalid(details=entries + await _looked_up(route, call, {each["field"] for each in entries}))
        return call

    async def _run(self, route: Route, call: AnyCall) -> None:
        key = self.headers.get("idempotency-key") if route.takes_key else None
        if route.limit == "sign-in" and self.app.settings.rate_limit:
            self.extra |= await count_tries(self.edge, route, call)
        if route.reads_much and not self.app.settings.in_lambda:
            async with self.edge.slots[route.reads_much].take(self.request.actor.id):
                await give_way()
                await self._show(route, answer_of(route, call, await route.run(call)))
            return
        if key is None:
            ready = self.edge.ready
            await self._show(
                route, await ready.run(route, call) if route.cached else answer_of(route, call, await route.run(call))
            )
            return
        # One person's keys are their own; an anonymous caller's are their address's.
        whose = self.request.actor.id if self.request.actor is not ANONYMOUS else f"address {call.address}"
        path, query = self.scope["path"], self.scope["query_string"]
        idempotency = Idempotency(
            f"{whose}#{check_key(key)}",
            request_hash(self.app.signing_key, route.method, path, query, self.raw_body),
            lambda result: kept_answer(route, answer_of(route, call, result)),
            recall=route.recall,
            seconds=self.app.settings.keep_requests_hours * 3600,
        )
        call.request = replace(self.request, idempotency=idempotency)
        stored, replayed = await self.edge.keys.run(self.app, idempotency, lambda: route.run(call))
        if replayed:
            self.extra["idempotency-replayed"] = "true"
        data = msgspec.Raw(stored["data"].encode())
        await self._show(route, Answer(data, stored["etag"], stored["status"], stored["headers"]))

    async def _show(self, route: Route, answer: Answer) -> None:
        status = answer.status or route.status
        headers = dict(answer.headers)
        if answer.stream is not None:
            await self._stream(answer, headers)
            return
        if answer.etag is not None:
            headers |= {"etag": answer.etag}
            headers |= cache_headers(route, has_credentials="authorization" in self.headers)
            if not route.changes and etag_matches(self.headers.get("if-none-match"), answer.etag):
                await self._send(304, b"", None, headers)
                return
        body = answer.raw
        if body is None:
            body = success(answer.data, self.request.id, self.app.clock.now(), **fields_at_top(route, answer.data))
        if len(body) >= COMPRESSED_BYTES_MIN and is_for_anybody(route, answer):
            headers["vary"] = self._varies_by_encoding()
            if accepts_gzip(self.headers.get("accept-encoding", "")):
                # What is always the same, such as the API's own description, is compressed once.
                body = compressed_once(body) if answer.raw is not None else compress(body)
                headers["content-encoding"] = "gzip"
        await self._send(status, body, answer.content_type, headers)

    async def _preflight(self, methods: Iterable[str]) -> None:
        headers = {"allow": ", ".join(sorted({*methods, "OPTIONS"}))}
        if "access-control-allow-origin" in self.extra:
            headers |= {
                "access-control-allow-methods": ALLOWED_METHODS,
                "access-control-allow-headers": ALLOWED_HEADERS,
                "access-control-max-age": "600",
            }
        await self._send(204, b"", None, headers)

    async def _send(
        self, status: int, body: bytes, content_type: str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        own = {**self.extra, **headers} if headers else self.extra
        last = {"x-request-id": self.request.id}
        if content_type is not None:
            last["content-type"] = content_type
        if status not in {204, 304}:
            last["content-length"] = str(len(body))
        beside = self.edge.answer_headers.beside(own, self.scope)
        if self.scope["method"] == "HEAD":
            body = b""
        if ANSWER in self.scope.get("extensions", ()):
            head = b"%b%b%b%b" % (status_line(status), lines_of(own), beside.lines, lines_of(last))
            self.status, self.started = status, True
            await self.send({"type": ANSWER, "head": head, "body": body})
            return
        sent = [*pairs_of(own), *beside.pairs, *pairs_of(last)]
        self.status, self.started = status, True
        await self.send({"type": "http.response.start", "status": status, "headers": sent})
        await self.send({"type": "http.response.body", "body": body})

    def _varies_by_encoding(self) -> str:
        return f"{self.extra['vary']}, Accept-Encoding" if "vary" in self.extra else "Accept-Encoding"

    async def _stream(self, answer: Answer, headers: dict[str, str]) -> None:
        """Send what comes until the client goes away, and close it, however much of it was read."""
        parts = answer.stream
        assert parts is not None  # noqa: S101 - the caller looked
        self.status = 200
        self.started = True
        if "content-encoding" in headers:
            headers["vary"] = self._varies_by_encoding()
        own = {**self.extra, **headers, "content-type": answer.content_type, "x-request-id": self.request.id}
        sent = [*pairs_of(own), *self.edge.answer_headers.beside(own, self.scope).pairs]
        try:
            await self.send({"type": "http.response.start", "status": 200, "headers": sent})
            if self.scope["method"] == "HEAD":
                await self.send({"type": "http.response.body", "body": b""})
            else:
                await send_until_left(parts, self.receive, self.send)
        finally:
            # What it holds (a slot among the streams) is given back now, not when memory is freed.
            if hasattr(parts, "aclose"):
                await parts.aclose()


def _wrong_token(route: Route, call: AnyCall, reported: AbstractSet[str]) -> list[dict[str, str]]:
    """Return what is wrong with the token of a query that has other faults.

    A token belongs to a list with its filters: if one of them is wrong, the token cannot be checked.
    """
    if reported & (set(plan_of(route.query).names) - {"limit"}):
        return []
    try:
        call.position()
    except Invalid as wrong:
        return list(wrong.details)
    return []


async def _looked_up(route: Route, call: AnyCall, reported: Container[str]) -> list[dict[str, str]]:
    """Return what the shop's state forbids in the fields that are well formed."""
    if route.look_up is None or call.body is MALFORMED:
        return []
    try:
        await route.look_up(call)
    except Invalid as wrong:
        return [each for each in wrong.details if each["field"] not in reported]
    return []


def _may(actor: Actor, route: Route) -> bool:
    if actor.kind == "key":
        return bool(actor.scopes & route.scopes)
    return route.who == "any" or actor.is_admin
