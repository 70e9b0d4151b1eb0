"""Files as they are served: compressed once and not for each download, with a validator and ranges."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from os import stat_result
from pathlib import Path
from typing import Final

from msgspec import Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from stockwright.http.compression import Coding, accepts

COMPRESSED_BYTES_MIN: Final = 1024
COMPRESSED_BYTES_MAX: Final = 8 * 1024 * 1024
"""Of the file; what is larger is sent as it is."""
ALL_BYTES_MAX: Final = 32 * 1024 * 1024
"""Of all that is compressed; more than everything that a release ships."""
COMPRESSIBLE: Final = frozenset({".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".webmanifest", ".xml", ""})


class _Files(Struct):
    compressed: dict[tuple[str, int, int], bytes] = field(default_factory=dict)
    size: int = 0
    under_way: dict[tuple[str, int, int], asyncio.Future[bytes]] = field(default_factory=dict)

    async def compress(self, path: Path, mtime: int, size: int) -> bytes:
        """Compress a file, or return what was compressed before; many at once wait for one."""
        key = (str(path), mtime, size)
        found = self.compressed.get(key)
        if found is not None:
            return found
        if (other := self.under_way.get(key)) is not None:
            return await asyncio.shield(other)
        mine: asyncio.Future[bytes] = asyncio.ensure_future(run_in_threadpool(_compress, path))
        self.under_way[key] = mine
        try:
            made = await asyncio.shield(mine)
        finally:
            self.under_way.pop(key, None)
        if self.size + len(made) > ALL_BYTES_MAX:
            self.compressed.clear()
            self.size = 0
        self.compressed[key] = made
        self.size += len(made)
        return made


def _compress(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)


_files = _Files()


async def serve_file(request: Request, path: Path, headers: Mapping[str, str]) -> Response:
    """Answer with a file, or with 304 where the client has it.

    What compresses well is compressed: with Brotli where the build has left such a file beside it (`app.js.br`), else
    with gzip here.
    """
    stat = await run_in_threadpool(path.stat)
    tag = hashlib.sha256(f"{path.name}-{stat.st_mtime_ns}-{stat.st_size}".encode()).hexdigest()[:20]
    plain = FileResponse(path, stat_result=stat, headers=dict(headers))
    packs = path.suffix in COMPRESSIBLE and COMPRESSED_BYTES_MIN <= stat.st_size <= COMPRESSED_BYTES_MAX
    packed = await _packed(request, path, stat) if packs else None
    # Each representation has its own validator (RFC 9110, 8.8.3.3).
    plain.headers["etag"] = etag = f'"{tag}"' if packed is None else f'"{tag}-{packed[0]}"'
    if packs:
        plain.headers["vary"] = "Accept-Encoding"
    if _has(request, etag):
        return _without_body(plain, 304)
    if packed is None:
        return plain
    coding, body = packed
    answer = Response(b"" if request.method == "HEAD" else body, media_type=plain.media_type)
    answer.raw_headers = [each for each in plain.raw_headers if each[0] not in {b"content-length", b"accept-ranges"}]
    answer.headers["content-encoding"] = coding
    answer.headers["content-length"] = str(len(body))
    return answer


async def _packed(request: Request, path: Path, stat: stat_result) -> tuple[Coding, bytes] | None:
    """Return a file compressed in the best way that the client takes, and which; None: as it is."""
    accepted = request.headers.get("accept-encoding", "")
    # A range is one of the file's own bytes.
    if "range" in request.headers:
        return None
    if accepts("br", accepted):
        made = await run_in_threadpool(_read_if_there, path.with_name(f"{path.name}.br"))
        if made is not None:
            return "br", made
    if accepts("gzip", accepted):
        return "gzip", await _files.compress(path, stat.st_mtime_ns, stat.st_size)
    return None


def _read_if_there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def serve_bytes(request: Request, name: str, content: bytes, headers: Mapping[str, str]) -> Response:
    """Answer with a file of this name, which never changes; or with 304 where the client has it."""
    answer = Response(b"" if request.method == "HEAD" else content, headers=dict(headers))
    answer.headers["content-length"] = str(len(content))
    answer.headers["etag"] = etag = f'"{hashlib.sha256(name.encode()).hexdigest()[:20]}"'
    return _without_body(answer, 304) if _has(request, etag) else answer


def _has(request: Request, etag: str) -> bool:
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in given.split(",")]
    return "*" in tags or etag in tags


def _without_body(response: Response, status: int) -> Response:
    sent = {b"etag", b"vary", b"cache-control", b"date", b"expires", b"content-location", b"last-modified"}
    answer = Response(status_code=status)
    answer.raw_headers = [each for each in response.raw_headers if each[0] in sent]
    return answer
