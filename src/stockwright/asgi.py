"""The ASGI application: the API below /api, the documentation, and the web app at the root."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Any, Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stockwright.accounts.locks import account_attempts_id
from stockwright.accounts.sign_in import authenticate, lasts_until
from stockwright.context import App
from stockwright.error_details import wire_of
from stockwright.http.edge import Edge, Hooks
from stockwright.http.headers import HSTS
from stockwright.operations.feed import Feed
from stockwright.routes import ROUTES

DOCS_ASSETS: Final = "/api/docs/assets/"
HOOKS: Final = Hooks(authenticate, lasts_until, account_attempts_id, wire_of)


class Api:
    """Hands requests below /api (and the few routes at the root) to the edge."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._feed = Feed(edge.app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["stockwright.metrics"] = self._edge.metrics
        scope["stockwright.openapi"] = openapi_document
        scope["stockwright.feed"] = self._feed
        await self._edge(scope, receive, send)


@cache
def openapi_document() -> bytes:
    """Write the document when it is first asked for: starts are the faster for it."""
    from stockwright.examples import EXAMPLES
    from stockwright.http.openapi import document

    return msgspec.json.encode(document(ROUTES, EXAMPLES))


class Front:
    """Sends API requests straight to the edge, and everything else to the pages."""

    def __init__(self, api: ASGIApp, pages: Callable[[], ASGIApp], edge: Edge) -> None:
        self._api, self._pages, self._https = api, pages, edge.answer_headers.https
        self.ready = edge.ready.answer
        """Returns the whole answer to a request without a body where it is at hand."""
        self._roots = frozenset({*(route.path for route in ROUTES if route.root), *_also_at()})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by path and method: pages are only read."""
        if scope["type"] == "http":
            if self._is_of_the_api(scope["path"]) or scope["method"] not in {"GET", "HEAD"}:
                await self._api(scope, receive, send)
                return
            send = _kept_safe(send, https=self._https or scope["scheme"] == "https")
        await self._pages()(scope, receive, send)

    def _is_of_the_api(self, path: str) -> bool:
        if path in self._roots or path == "/api":
            return True
        return path.startswith("/api/") and path not in {"/api/docs", "/api/docs/"} and not path.startswith(DOCS_ASSETS)


def _also_at() -> Iterator[str]:
    return (route.also_at for route in ROUTES if route.also_at is not None)


def _kept_safe(send: Send, *, https: bool) -> Send:
    """Give every answer of the pages a page's headers, a refusal too; one that has its own keeps it."""
    from stockwright.http.pages import PAGE_HEADERS

    wanted = [(name.encode(), value.encode()) for name, value in PAGE_HEADERS.items()] + [HSTS] * https

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(each for each in wanted if each[0] not in own)]
        await send(message)

    return sent


def build_asgi(app: App, running: AbstractAsyncContextManager[Any] | None = None) -> Front:
    """Make the application; `running` is what runs beside it (the event handlers, the sweeper)."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        if running is None:
            yield
        else:
            async with running:
                yield

    @cache
    def pages() -> ASGIApp:
        """Make them when the first is asked for: a function is hardly ever asked for one, and starts the faster."""
        from stockwright.http.pages import build_pages

        return build_pages(lifespan, api, app.files)

    edge = Edge(app, ROUTES, HOOKS)
    api = Api(edge)
    return Front(api, pages, edge)
