"""What is before MiniStack on one machine, as CloudFront is before the stack on AWS.

MiniStack's CloudFront sends nothing on to an HTTP API, and is refused by a bucket that wants TLS. So
this does both: /api/* and /.well-known/* go to the API, /media/* to the bucket of pictures, everything else is the
built web app.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import httpx2
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from infra.publish import WEB
from stockwright.cloud.origin import ADDRESS_HEADER, SECRET_HEADER
from stockwright.http.pages import PAGE_HEADERS

SECONDS: Final = 60
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HOP: Final = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


def front(url: str, api_id: str, secret: str, pictures: Callable[[str], Response], web: Path = WEB) -> Starlette:
    """Make the application; `url` is MiniStack's, `secret` what the API's function wants of CloudFront."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx2.AsyncClient(base_url=url, timeout=SECONDS, trust_env=False) as client:
            app.state.client = client
            yield

    async def pass_on(request: Request) -> Response:
        path = request.scope["raw_path"].decode()
        if path.startswith("/media/"):
            return await run_in_threadpool(pictures, path.removeprefix("/"))
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


def pictures_of(s3: Any, bucket: str) -> Callable[[str], Response]:
    """Return what answers with the files of a bucket, with the headers that each was stored with."""

    def answer(name: str) -> Response:
        try:
            found = s3.get_object(Bucket=bucket, Key=name)
        except ClientError:
            return Response(status_code=403)
        headers = {"cache-control": found["CacheControl"], **PAGE_HEADERS}
        return Response(found["Body"].read(), media_type=found["ContentType"], headers=headers)

    return answer


def _page(web: Path, path: str) -> Response:
    """Answer with a file of the web app, or with its one document."""
    file = (web / path.lstrip("/")).resolve()
    is_file = file.is_relative_to(web) and file.is_file()
    return FileResponse(file if is_file else web / "index.html", headers=PAGE_HEADERS)
