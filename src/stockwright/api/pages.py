"""What is no API: the documentation, and the web app at the root."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

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


def build_pages(lifespan: Lifespan) -> Starlette:
    """Make the application of the pages; a server tells it when it starts and ends."""
    return Starlette(
        routes=[
            Route("/api/docs", _docs),
            Route("/api/docs/", _docs),
            Mount("/api/docs/assets/swagger", _Files(SWAGGER, SWAGGER_HEADERS), name="swagger"),
            Mount("/api/docs/assets", _Files(DOCS, SWAGGER_HEADERS), name="docs"),
            Mount(
                "/assets",
                _Files(WEB / "assets", {"cache-control": "public, max-age=31536000, immutable"}),
            ),
            Route("/{path:path}", _page),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1024)],
        lifespan=lifespan,
    )


class _Files(StaticFiles):
    """Files of a folder that may not have been built, with headers of their own."""

    def __init__(self, directory: Path, headers: dict[str, str]) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._headers = headers

    async def check_config(self) -> None:
        """A folder that was not built has no files; that is all."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with the file."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(self._headers)
        return response


async def _docs(_: Request) -> Response:
    if not (SWAGGER / "swagger-ui-bundle.js").is_file():
        return PlainTextResponse(UNBUILT, 503)
    return FileResponse(DOCS / "index.html", headers=SWAGGER_HEADERS)


async def _page(request: Request) -> Response:
    """Answer with the web app, whichever of its pages is asked for; without one, with the documentation."""
    index = WEB / "index.html"
    if not index.is_file():
        if request.url.path == "/":
            return RedirectResponse("/api/docs", 307)
        return PlainTextResponse("There is nothing here; the API is below /api.\n", 404)
    asked = _file_of_web(request.path_params["path"])
    if asked is not None:
        return FileResponse(asked)
    return FileResponse(index, headers={"cache-control": "no-cache"})


def _file_of_web(path: str) -> Path | None:
    """Find a file of the web app's folder, and nothing outside of it."""
    try:
        asked = (WEB / path).resolve()
        return asked if asked.is_relative_to(WEB.resolve()) and asked.is_file() else None
    except (OSError, ValueError):
        # A name that no file can have: too long, or with a NUL.
        return None
