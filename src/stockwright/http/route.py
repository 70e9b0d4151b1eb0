"""The route table's types: routes are data, and everything about them is made from that data.

Routing, parsing, authorisation, idempotency, the OpenAPI document, the authorisation tests and the
web client's types all come from the table. A route runs a use case and shows its result:

    async def place(call: Call[PlaceOrderBody, NoQuery]) -> Order: ...

    route("POST", "/orders", place, "Place an order", "Orders", order_view, body=PlaceOrderBody,
          who="any", answer=OrderView, status=201)

`run(call)` awaits the use case and returns its result; `show(call, result)` turns that result into
the wire's form. They are apart so that an Idempotency-Key's record can keep the answer in the same
commit as the effect. The type checker compares the body, the query and the result of a route with what
`run` and `show` are declared to take.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Generic, Literal, TypedDict, TypeVar, Unpack, overload

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.actor import DEVICE_TOKENS_MAX, Origin, Scope
from stockwright.base.errors import Invalid
from stockwright.context import App
from stockwright.http.rules import Wire
from stockwright.request import Request
from stockwright.store.idempotency import Recall

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Who = Literal["public", "any", "admin"]
"""public: no sign-in needed; any: signed in; admin: role admin."""
BODY_BYTES_MAX = 1024 * 1024
DEVICE_HEADER_MAX = 1024
PUBLIC_SECONDS = 5
"""For how long shared caches may give what everybody sees of the shop."""
NEVER = -1
"""A version that nothing has: an If-Match that cannot match."""
Body = TypeVar("Body")
Query = TypeVar("Query")
Result = TypeVar("Result")
WireBody = TypeVar("WireBody", bound=Wire)
WireQuery = TypeVar("WireQuery", bound=Wire)


class Call(Struct, Generic[Body, Query]):
    """One request, parsed: what a route's `run` and `show` work from. Without a body, `body` is None."""

    app: App
    request: Request
    path: Mapping[str, str]
    query: Query
    body: Body
    headers: Mapping[str, str]
    address: str
    scope: Mapping[str, Any]
    started: float
    """When the request came (time.perf_counter)."""
    raw: bytes = b""
    """The body as it came, of a route that takes it whole."""
    parts: AsyncIterator[bytes] | None = None
    """The body as it comes, of a route that takes it as a stream."""

    def body_parts(self) -> AsyncIterator[bytes]:
        """Return the body as it comes."""
        assert self.parts is not None  # noqa: S101 - the route says that it takes a stream
        return self.parts

    def base_url(self) -> str:
        """Return the address that the client reached this server at; where PUBLIC_URL is set, that."""
        set_to = self.app.settings.public_url
        if set_to:
            return set_to.rstrip("/")
        return f"{self.scope.get('scheme', 'http')}://{self.headers.get('host', 'localhost')}"

    @property
    def origin(self) -> Origin:
        """Where the request comes from, as the locks on accounts distinguish origins."""
        return origin_of(self.address, self.headers)

    def log(self, message: str, **fields: Any) -> None:
        """Log what the request has done: for whom, and how long it took until now (ms)."""
        taken = round((time.perf_counter() - self.started) * 1000, 2)
        self.app.log.info(message, request_id=self.request.id, actor=self.request.actor.id, duration=taken, **fields)

    def expected_version(self) -> int | None:
        """Return the version that the client insists on: If-Match, else the body's `expectedVersion`.

        Our ETags start with the version (`"7"`, `"7-12"`); `*` insists on nothing.
        """
        given = self.headers.get("if-match")
        return getattr(self.body, "expected_version", None) if given is None else _version_in(given, 0)

    def expected_stock_version(self) -> int | None:
        """Return the version of the stock that the client insists on: If-Match, else the body's field.

        It is the last number in the ETag of a stock (`"12"`) and of a product (`"7-12"`). The body's field is
        `expectedStockVersion`, and for what is of the stock alone `expectedVersion`.
        """
        given = self.headers.get("if-match")
        if given is not None:
            return _version_in(given, -1)
        named = "expected_stock_version" if hasattr(self.body, "expected_stock_version") else "expected_version"
        return getattr(self.body, named, None)

    def position(self) -> str | None:
        """Return the position in the list that the client's `nextToken` contains."""
        from stockwright.http.cursor import unseal

        token: str | None = getattr(self.query, "next_token", None)
        return None if token is None else unseal(self.app.signing_key, self.list_name(), token)

    def list_name(self) -> str:
        """Name the list that a token belongs to: the path with its filters, but not limit and token."""
        given = msgspec.structs.asdict(self.query) if isinstance(self.query, Wire) else vars(self.query)
        fields = {name: value for name, value in given.items() if name not in {"limit", "next_token"}}
        return f"{self.scope['path']}?{sorted(fields.items())}"


def origin_of(address: str, headers: Mapping[str, str]) -> Origin:
    """Read a request's origin: its address, and the device tokens of its header, separated by commas."""
    sent = (each.strip() for each in headers.get("x-device-token", "")[:DEVICE_HEADER_MAX].split(","))
    return Origin(address, tuple(token for token in sent if token)[:DEVICE_TOKENS_MAX])


def _version_in(if_match: str, part: int) -> int | None:
    """Return a version out of an If-Match; NEVER where there is none, None for `*`."""
    if if_match.strip() == "*":
        return None
    if "," in if_match:
        raise Invalid.field("If-Match", "must hold one version")
    text = if_match.strip().removeprefix("W/").strip('"').split("-")[part]
    return int(text) if text.isdecimal() and len(text) < 16 else NEVER  # noqa: PLR2004


class Answer(Struct):
    """An answer that is more than data: its ETag, headers, another status, or a stream."""

    data: Any = None
    etag: str | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    stream: AsyncIterator[bytes] | None = None
    content_type: str = "application/json"


class NoQuery(Wire):
    """The query of a route that takes no parameters."""


AnyCall = Call[Any, Any]
"""For what reads neither body nor query."""
PlainCall = Call[None, NoQuery]
"""A request without body and query."""


class Route(Struct, frozen=True):
    """One thing that can be asked over HTTP; made by `route`, which checks the types of its parts."""

    method: Method
    path: str
    run: Callable[[AnyCall], Awaitable[Any]]
    summary: str
    tag: str
    show: Callable[[AnyCall, Any], Any] | None = None
    who: Who = "admin"
    scopes: frozenset[Scope] = frozenset()
    """API keys with one of these scopes are accepted as well."""
    body: type[Wire] | None = None
    query: type[Wire] = NoQuery
    any_query: bool = False
    """Whether parameters that it does not know are ignored, not refused (health checks)."""
    look_up: Callable[[AnyCall], Awaitable[None]] | None = None
    """Raises Invalid for what the shop's state forbids in the well-formed part of a malformed body.

    The use case refuses it in a body that is otherwise right; with this, a body with other faults has
    all of them reported at once. The call's body is `Report.well_formed`.
    """
    answer: Any = None
    status: int = 200
    body_bytes_max: int = BODY_BYTES_MAX
    raw: Literal["", "whole", "stream"] = ""
    """Whether its body is no JSON but bytes, which it is given whole or as they come."""
    media_types: tuple[str, ...] = ("application/octet-stream",)
    """What such bytes are."""
    also: Mapping[str, type[Wire]] = {}
    """What else its body may be: the media types of bodies that have fields, and their fields."""
    content_type: str = "application/json"
    limit: str = "general"
    """Which rate limit counts it (`http/limits.py`)."""
    cached: bool = False
    """Whether its answer depends on the store and the caller's role alone, and so is cached (`http/ready.py`)."""
    public_seconds: int = 0
    """For how long shared caches (CloudFront) may give its answer to requests without credentials; 0: not at all."""
    recall: Recall | None = None
    """How a replay finds the result again; None: the answer is stored with the Idempotency-Key."""
    mails: bool = False
    """Whether it may mail somebody who has not asked for it: an address has fewer such requests."""
    reads_much: Literal["", "report", "export"] = ""
    """Whether it reads more than a page: few of a kind are answered at once (`http/slots.py`)."""
    errors: tuple[int, ...] = ()
    description: str = ""
    loopback_too: bool = False
    """Whether anybody on this machine may ask (metrics)."""
    root: bool = False
    """Whether it is at the root, not below /api (`/.well-known`)."""
    also_at: str | None = None
    """Another path, from the root on, that answers as this one does."""
    at_top: tuple[str, ...] = ()
    """Fields of `data` that are beside it in the envelope too (S4 reads them there)."""

    @property
    def full_path(self) -> str:
        """The path as clients ask for it."""
        return self.path if self.root else f"/api{self.path}"

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"

    @property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key counts: bytes that are put again as a stream have the same effect anyway."""
        return self.changes and self.raw != "stream"

    @property
    def name(self) -> str:
        """A stable name: the method and the path's words (OpenAPI's operationId)."""
        words = self.path.replace("{", "by-").replace("}", "").replace(".", "").replace("/", "-").strip("-")
        return f"{self.method.lower()}-{words}"

    def at(self, path: str, method: Method | None = None) -> Route:
        """Return the same route at another path, or with another method."""
        return replace(self, path=path, method=method or self.method)


class Options(TypedDict, total=False):
    """The fields of a Route that say nothing of its types; what each means is said there."""

    who: Who
    scopes: frozenset[Scope]
    any_query: bool
    look_up: Callable[[AnyCall], Awaitable[None]]
    answer: Any
    status: int
    body_bytes_max: int
    raw: Literal["", "whole", "stream"]
    media_types: tuple[str, ...]
    also: Mapping[str, type[Wire]]
    content_type: str
    limit: str
    cached: bool
    public_seconds: int
    recall: Recall
    mails: bool
    reads_much: Literal["", "report", "export"]
    errors: tuple[int, ...]
    description: str
    loopback_too: bool
    root: bool
    also_at: str
    at_top: tuple[str, ...]


@overload
def route(
    method: Method,
    path: str,
    run: Callable[[PlainCall], Awaitable[Result]],
    summary: str,
    tag: str,
    show: Callable[[PlainCall, Result], Any] | None = None,
    **options: Unpack[Options],
) -> Route: ...


@overload
def route(
    method: Method,
    path: str,
    run: Callable[[Call[WireBody, NoQuery]], Awaitable[Result]],
    summary: str,
    tag: str,
    show: Callable[[Call[WireBody, NoQuery], Result], Any] | None = None,
    *,
    body: type[WireBody],
    **options: Unpack[Options],
) -> Route: ...


@overload
def route(
    method: Method,
    path: str,
    run: Callable[[Call[None, WireQuery]], Awaitable[Result]],
    summary: str,
    tag: str,
    show: Callable[[Call[None, WireQuery], Result], Any] | None = None,
    *,
    query: type[WireQuery],
    **options: Unpack[Options],
) -> Route: ...


def route(
    method: Method,
    path: str,
    run: Callable[[Any], Awaitable[Any]],
    summary: str,
    tag: str,
    show: Callable[[Any, Any], Any] | None = None,
    *,
    body: type[Wire] | None = None,
    query: type[Wire] = NoQuery,
    **options: Unpack[Options],
) -> Route:
    """Make a route. No route takes both a body and a query."""
    return Route(method, path, run, summary, tag, show, body=body, query=query, **options)
