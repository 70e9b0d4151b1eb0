"""Files as they are served: compressed once, validated, in ranges."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from stockwright.context import App
from stockwright.http import compression, files
from stockwright.http.pages import _Folder
from tests.api.asking import Client

pytestmark = pytest.mark.one_engine

TEXT = b"/* a style sheet that says the same again and again */\n" * 100
GZIP = {"accept-encoding": "gzip"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "assets"
    made.mkdir()
    (made / "style.css").write_bytes(TEXT)
    (made / "small.css").write_bytes(b"p {}")
    (made / "picture.png").write_bytes(TEXT)
    return made


@pytest.fixture
async def http(folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=[Mount("/assets", _Folder(folder, {"cache-control": "public, max-age=60"}))])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


async def raw(http: httpx2.AsyncClient, path: str, **headers: str) -> tuple[httpx2.Response, bytes]:
    async with http.stream("GET", path, headers={"accept-encoding": "identity", **headers}) as response:
        return response, b"".join([part async for part in response.aiter_raw()])


async def test_many_downloads_compress_a_file_once(http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[Path] = []
    compress = files._compress

    def counted(path: Path) -> bytes:
        compressed.append(path)
        return compress(path)

    monkeypatch.setattr(files, "_compress", counted)
    monkeypatch.setattr(files, "_files", files._Files())
    answers = await asyncio.gather(*[raw(http, "/assets/style.css", **GZIP) for _ in range(16)])
    answers.append(await raw(http, "/assets/style.css", **GZIP))
    assert [gzip.decompress(body) for _, body in answers] == [TEXT] * 17
    assert len(compressed) == 1


async def test_the_cache_of_compressed_files_is_limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ALL_BYTES_MAX", 300)
    made = files._Files()
    for number in range(20):
        path = folder / f"{number}.css"
        path.write_bytes(TEXT)
        await made.compress(path, 1, len(TEXT))
        assert made.size == sum(map(len, made.compressed.values())) <= 300


async def test_each_representation_has_its_own_etag(http: httpx2.AsyncClient) -> None:
    plain, body = await raw(http, "/assets/style.css")
    packed, packed_body = await raw(http, "/assets/style.css", **GZIP)
    assert body == TEXT
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(packed_body) < len(TEXT)
    assert plain.headers["etag"] != packed.headers["etag"]
    for each in (plain, packed):
        assert each.headers["vary"] == "Accept-Encoding"
        assert each.headers["cache-control"] == "public, max-age=60"
        assert each.headers["content-type"].startswith("text/css")
    for response, accepted in ((plain, "identity"), (packed, "gzip")):
        etag = response.headers["etag"]
        for given in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            answer, nothing = await raw(
                http, "/assets/style.css", **{"accept-encoding": accepted, "if-none-match": given}
            )
            assert (answer.status_code, nothing) == (304, b"")
            assert answer.headers["etag"] == etag
            assert answer.headers["cache-control"] == "public, max-age=60"
    assert (await raw(http, "/assets/style.css", **{"if-none-match": '"other"'}))[0].status_code == 200


async def test_what_the_build_compressed_is_sent_to_those_who_take_it(http: httpx2.AsyncClient, folder: Path) -> None:
    (folder / "style.css.br").write_bytes(b"the build's")
    seen = {}
    for accepted, coding, wanted in (
        ("gzip, deflate, br, zstd", "br", b"the build's"),
        ("br;q=1.0, gzip;q=0.5", "br", b"the build's"),
        ("gzip, br;q=0", "gzip", TEXT),
        ("gzip", "gzip", TEXT),
        ("identity", None, TEXT),
    ):
        answer, body = await raw(http, "/assets/style.css", **{"accept-encoding": accepted})
        assert answer.headers.get("content-encoding") == coding
        assert (gzip.decompress(body) if coding == "gzip" else body) == wanted
        assert int(answer.headers["content-length"]) == len(body)
        assert answer.headers["content-type"].startswith("text/css")
        seen[coding] = answer.headers["etag"]
        again, _ = await raw(
            http, "/assets/style.css", **{"accept-encoding": accepted, "if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 304
    assert len(set(seen.values())) == 3
    part, body = await raw(http, "/assets/style.css", **{"range": "bytes=3-9", "accept-encoding": "br"})
    assert (part.status_code, body) == (206, TEXT[3:10])


async def test_a_changed_file_is_served_in_its_new_version(http: httpx2.AsyncClient, folder: Path) -> None:
    before, _ = await raw(http, "/assets/style.css", **GZIP)
    (folder / "style.css").write_bytes(TEXT + b"p {}")
    after, body = await raw(http, "/assets/style.css", **GZIP)
    assert gzip.decompress(body) == TEXT + b"p {}"
    assert after.headers["etag"] != before.headers["etag"]


async def test_a_range_counts_the_uncompressed_bytes(http: httpx2.AsyncClient) -> None:
    part, body = await raw(http, "/assets/style.css", range="bytes=3-9", **GZIP)
    assert (part.status_code, body) == (206, TEXT[3:10])
    assert "content-encoding" not in part.headers
    whole, _ = await raw(http, "/assets/style.css")
    again, body = await raw(
        http, "/assets/style.css", **{"range": "bytes=0-1", "if-range": whole.headers["etag"], **GZIP}
    )
    assert (again.status_code, body) == (206, TEXT[:2])
    stale, body = await raw(http, "/assets/style.css", **{"range": "bytes=0-1", "if-range": '"old"', **GZIP})
    assert (stale.status_code, body) == (200, TEXT)


@pytest.mark.parametrize("name", ["small.css", "picture.png"])
async def test_files_that_compression_does_not_shrink_are_sent_as_they_are(
    http: httpx2.AsyncClient, folder: Path, name: str
) -> None:
    response, body = await raw(http, f"/assets/{name}", **GZIP)
    assert "content-encoding" not in response.headers
    assert body == (folder / name).read_bytes()


@pytest.mark.parametrize("path", ["/assets/none.css", "/assets/", "/assets/../x", "/assets/%2e%2e/x", "/assets/%00"])
async def test_a_missing_file_gets_404(http: httpx2.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_head_answers_with_the_headers_of_get(http: httpx2.AsyncClient) -> None:
    got, _ = await raw(http, "/assets/style.css", **GZIP)
    head = await http.head("/assets/style.css", headers=GZIP)
    assert head.content == b""
    for name in ("content-length", "etag", "content-encoding", "content-type"):
        assert head.headers[name] == got.headers[name]
    assert (await http.post("/assets/style.css")).status_code == 405


async def test_the_openapi_document_is_compressed_once(app: App, asgi: Any, monkeypatch: Any) -> None:
    compressed = []
    compress = compression.compress

    def counted(body: bytes) -> bytes:
        compressed.append(len(body))
        return compress(body)

    monkeypatch.setattr(compression, "compress", counted)
    compression.compressed_once.cache_clear()
    transport = httpx2.ASGITransport(app=asgi)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as http:
        for _ in range(3):
            answer = await Client(http).get("/docs/spec", headers=GZIP)
            assert answer.headers["content-encoding"] == "gzip"
    assert len(compressed) == 1
