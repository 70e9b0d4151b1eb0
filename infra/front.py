"""What is before MiniStack on one machine, as CloudFront is before the stack on AWS.

MiniStack's CloudFront sends nothing on to an HTTP API, and is refused by a bucket that wants TLS. So
this does both: /api/* and /.well-known/* go to the API, everything else is the built web app.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from infra.publish import WEB
from stockwright.cloud.origin import ADDRESS_HEADER, SECRET_HEADER
from stockwright.http.pages import PAGE_HEADERS

SECONDS: Final = 60
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HOP: Final = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


def front(url: str, api_id: str, secret: str, web: Path = WEB) -> Starlette:
    """Make the application; `url` is MiniStack's, `secret` what the API's function wants of CloudFront."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx2.AsyncClient(base_url=url, timeout=SECONDS, trust_env=False) as client:
            app.state.client = client
            yield

    async def pass_on(request: Request) -> Response:
        path = request.scope["raw_path"].decode()
        if path != "/health" and not path.startswith(("/api/", "/.well-known/")):
            return _page(web, request.url.path)
        headers = {name: value for name, value in request.headers.items() if name not in {"host", "accept-encoding"}}
        headers |= {SECRET_HEADER: secret, ADDRESS_HEADER: request.client.host if request.client else ""}
        found = await request.app.state.client.request(
            request.method,
            httpx2.URL(f"{url}/_aws/execute-api/{api_id}/$default{path}", query=request.url.query.encode() or None),
            headers=headers,
            content=await request.body(),
        )
        kept = {name: value for name, value in found.headers.items() if name not in HOP}
        return Response(found.content, found.status_code, kept)

    return Starlette(routes=[Route("/{path:path}", pass_on, methods=METHODS)], lifespan=lifespan)


def _page(web: Path, path: str) -> Response:
    """Answer with a file of the web app, or with its one document."""
    file = (web / path.lstrip("/")).resolve()
    is_file = file.is_relative_to(web) and file.is_file()
    return FileResponse(file if is_file else web / "index.html", headers=PAGE_HEADERS)
