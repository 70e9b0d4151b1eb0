"""What stands before MiniStack on one machine, as CloudFront stands before the stack on AWS.

MiniStack's CloudFront sends nothing on to an HTTP API, so this does: /api/* and /.well-known/* go to
the API, everything else to the distribution, which reads the bucket and adds its headers.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECONDS: Final = 60
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HOP: Final = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


def front(url: str, api_id: str, distribution: str) -> Starlette:
    """Make the application; `url` is MiniStack's."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=url, timeout=SECONDS, trust_env=False) as client:
            app.state.client = client
            yield

    async def pass_on(request: Request) -> Response:
        is_api = request.url.path.startswith(("/api/", "/.well-known/"))
        path = request.scope["raw_path"].decode()
        headers = {name: value for name, value in request.headers.items() if name not in {"host", "accept-encoding"}}
        if not is_api:
            # As a browser's over TLS, which the distribution insists on.
            headers |= {"host": distribution, "x-forwarded-proto": "https"}
        told = await request.app.state.client.request(
            request.method,
            httpx.URL(
                url + (f"/_aws/execute-api/{api_id}/$default{path}" if is_api else path),
                query=request.url.query.encode() or None,
            ),
            headers=headers,
            content=await request.body(),
        )
        kept = {name: value for name, value in told.headers.items() if name not in HOP}
        return Response(told.content, told.status_code, kept)

    return Starlette(routes=[Route("/{path:path}", pass_on, methods=METHODS)], lifespan=lifespan)
