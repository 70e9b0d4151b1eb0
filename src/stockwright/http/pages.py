"""What is no API: the documentation, and the web app at the root."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stockwright.adapters.pictures import PICTURE_HEADERS
from stockwright.base.errors import NotFound
from stockwright.base.ports import Files
from stockwright.http.files import serve_bytes, serve_file

STATIC: Final = Path(__file__).parent / "static"
SWAGGER: Final = STATIC / "swagger"
WEB: Final = STATIC / "web"
DOCS: Final = STATIC / "docs"
PAGE_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: https:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}
"""Every page has them (app.py gives them), but where it has its own."""
SWAGGER_HEADERS: Final = {
    # Swagger UI sets styles from its script; it still runs no script but its own.
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
UNBUILT: Final = "The documentation's pages were not built into this installation: run `make setup`.\n"
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
ROUTES_OF_WEB: Final = (
    r"/(products(/[^/]+)?|cart|orders(/[^/]+)?|account|login|signup(/confirm)?|password/(forgot|reset)|setup|"
    r"admin(/.*)?)?"
)
"""The paths of the web app's own pages (web/src/routes.tsx); the deployed form's CloudFront uses it too."""
MOVED: Final = {"/docs": "/api/docs", "/docs/": "/api/docs", "/openapi.json": "/api/docs/spec"}
"""Where other services have what is below /api here."""
_OF_WEB = re.compile(f"{ROUTES_OF_WEB}/?")
_FILE = re.compile(r"\.[A-Za-z0-9]+$")
_PICTURE = re.compile(r"img_[0-9a-z]{1,64}-[0-9]{1,5}\.webp")


def build_pages(lifespan: Lifespan, missing: ASGIApp, files: Files) -> Starlette:
    """Make the application of the pages; `missing` answers for what is not there, and a server runs `lifespan`."""

    async def answer_missing(_: Request, __: Exception) -> Response:
        return cast("Response", missing)  # Starlette only calls it, as an ASGI application.

    return Starlette(
        routes=[
            Route("/api/docs", _docs),
            Route("/api/docs/", _docs),
            Mount("/api/docs/assets/swagger", _Folder(SWAGGER, SWAGGER_HEADERS), name="swagger"),
            Mount("/api/docs/assets", _Folder(DOCS, SWAGGER_HEADERS), name="docs"),
            Mount(
                "/assets",
                _Folder(WEB / "assets", {"cache-control": "public, max-age=31536000, immutable"}),
            ),
            Route("/media/{name}", _Pictures(files)),
            Route("/{path:path}", _page),
        ],
        exception_handlers={404: answer_missing},
        lifespan=lifespan,
    )


class _Folder:
    """Files of a folder that may not have been built, with headers of their own."""

    def __init__(self, folder: Path, headers: dict[str, str]) -> None:
        self._folder, self._headers = folder, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file; what is not there is 404."""
        request = Request(scope, receive)
        found = _file_in(self._folder, scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/"))
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        if found is None:
            raise HTTPException(404)
        answer = await serve_file(request, found, self._headers)
        await answer(scope, receive, send)


class _Pictures:
    """Products' pictures, for everybody: the file of a name never changes."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a picture; what is not there is 404."""
        request = Request(scope, receive)
        name = request.path_params["name"]
        if _PICTURE.fullmatch(name) is None:
            raise HTTPException(404)
        answer = await self._answer(request, f"media/{name}")
        await answer(scope, receive, send)

    async def _answer(self, request: Request, name: str) -> Response:
        path = self._files.path(name)
        try:
            if path is not None:
                return await serve_file(request, path, PICTURE_HEADERS)
            # From a bucket, where CloudFront is not before it.
            content = b"".join([part async for part in self._files.read(name)])
        except (FileNotFoundError, NotFound):
            raise HTTPException(404) from None
        return serve_bytes(request, name, content, PICTURE_HEADERS)


async def _docs(request: Request) -> Response:
    if not (SWAGGER / "swagger-ui-bundle.js").is_file():
        return PlainTextResponse(UNBUILT, 503)
    return await serve_file(request, DOCS / "index.html", SWAGGER_HEADERS)


async def _page(request: Request) -> Response:
    """Answer with a file of the web app, or with its document to a browser that goes to a page.

    A browser is shown the app's own "not found" page too, with that status. Everybody else (a script, a
    monitor, a scanner, anything that requests a file) gets the API's 404.
    """
    path, index = request.url.path, WEB / "index.html"
    if path in MOVED:
        return RedirectResponse(MOVED[path], 307)
    if not index.is_file():
        if path == "/":
            return RedirectResponse("/api/docs", 307)
        raise HTTPException(404)
    asked = _file_in(WEB, request.path_params["path"])
    if asked is not None:
        return await serve_file(request, asked, {"cache-control": "no-cache"})
    own = _OF_WEB.fullmatch(path) is not None
    if path != "/" and "text/html" not in request.headers.get("accept", ""):
        raise HTTPException(404)
    if not own and _FILE.search(path):
        raise HTTPException(404)
    page = await serve_file(request, index, {"cache-control": "no-cache"})
    if not own and page.status_code == 200:  # noqa: PLR2004
        page.status_code = 404
    return page


def _file_in(folder: Path, path: str) -> Path | None:
    """Find a file of a folder, and nothing outside of it."""
    try:
        asked = (folder / path).resolve()
        return asked if asked.is_relative_to(folder.resolve()) and asked.is_file() else None
    except (OSError, ValueError):
        # A name that no file can have: too long, or with a NUL.
        return None
