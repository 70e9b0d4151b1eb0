"""Uploads: an address to put a file to, bounded, signed, and forgotten after a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx2
import pytest

from stockwright.context import App
from stockwright.request import BY_SYSTEM
from stockwright.sweeper import sweep
from stockwright.uploads.records import find_unused
from stockwright.uploads.usecases import create_upload, get_upload, read_whole
from tests.api.asking import Client
from tests.conftest import Clock

CONTENT = b"sku,quantity\nKB-1,5\n"


async def parts_of(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def put(http: httpx2.AsyncClient, url: str, content: bytes | AsyncIterator[bytes]) -> httpx2.Response:
    parts = urlsplit(url)
    return await http.put(f"{parts.path}?{parts.query}", content=content)


async def test_a_file_is_put_to_the_signed_address_and_kept_as_it_came(
    admin: Client, http: httpx2.AsyncClient, app: App
) -> None:
    made = (await admin.post("/uploads", {"size": len(CONTENT)}, key="k")).data
    assert (made["id"][:4], made["method"], made["size"]) == ("upl_", "PUT", len(CONTENT))
    assert (await admin.post("/uploads", {"size": len(CONTENT)}, key="k")).data == made
    with pytest.raises(Exception, match="Validation"):
        await get_upload(app, made["id"])

    async def in_parts() -> AsyncIterator[bytes]:
        yield CONTENT[:7]
        yield CONTENT[7:]

    answer = await put(http, made["url"], in_parts())
    assert answer.json()["data"] == {"id": made["id"], "size": len(CONTENT)}
    upload = await get_upload(app, made["id"])
    assert await read_whole(app, upload.names[0]) == CONTENT
    # Put again, it replaces the former.
    assert (await put(http, made["url"], CONTENT[::-1])).status_code == 200
    assert await read_whole(app, upload.names[0]) == CONTENT[::-1]


async def test_another_size_than_announced_is_refused_and_keeps_what_was_there(
    admin: Client, http: httpx2.AsyncClient, app: App
) -> None:
    made = (await admin.post("/uploads", {"size": 5})).data
    assert (await put(http, made["url"], b"12345")).status_code == 200
    assert (await put(http, made["url"], b"123456")).status_code == 413
    assert (await put(http, made["url"], b"1234")).status_code == 400
    assert await read_whole(app, f"uploads/{made['id']}") == b"12345"


async def test_an_upload_is_bounded_by_the_setting(admin: Client, app: App) -> None:
    app.settings = app.settings.changed(upload_bytes_max=10)
    assert (await admin.post("/uploads", {"size": 11})).refusal == (413, "PAYLOAD_TOO_LARGE")
    assert (await admin.post("/uploads", {"size": 0})).refusal == (400, "VALIDATION_ERROR")
    assert (await admin.post("/uploads", {"size": 10})).status == 201


async def test_an_address_that_is_changed_or_late_is_refused(
    admin: Client, http: httpx2.AsyncClient, clock: Clock, app: App
) -> None:
    made = (await admin.post("/uploads", {"size": 5})).data
    other = (await admin.post("/uploads", {"size": 5})).data
    path, _, query = urlsplit(made["url"]).path, "", urlsplit(made["url"]).query
    expires = query.split("&")[0].removeprefix("expires=")
    for wrong in (
        f"{urlsplit(other['url']).path}?{query}",
        f"{path}?{query[:-1]}{'0' if query[-1] != '0' else '1'}",
        f"{path}?{query.replace(expires, str(int(expires) + 1))}",
        f"/api/uploads/upl_none?{query}",
        f"{path}?expires={expires}&signature=%C3%A9",
    ):
        assert (await http.put(wrong, content=b"12345")).status_code == 403, wrong
    clock.advance(minutes=61)
    assert (await put(http, made["url"], b"12345")).status_code == 403
    assert await app.files.size(f"uploads/{made['id']}") is None


async def test_the_address_is_of_the_server_that_was_asked_or_of_the_public_url(admin: Client, app: App) -> None:
    made = (await admin.post("/uploads", {"size": 5})).data
    assert urlsplit(made["url"]).netloc
    app.settings = app.settings.changed(public_url="https://shop.example/")
    made = (await admin.post("/uploads", {"size": 5})).data
    assert made["url"].startswith(f"https://shop.example/api/uploads/{made['id']}?")


async def test_what_nobody_has_used_is_removed_after_a_day(
    admin: Client, http: httpx2.AsyncClient, clock: Clock, app: App
) -> None:
    old = (await admin.post("/uploads", {"size": 5})).data
    await put(http, old["url"], b"12345")
    never_put = (await admin.post("/uploads", {"size": 5})).data
    clock.advance(hours=23)
    # Nobody is signed in any more.
    new = (await create_upload(app, BY_SYSTEM, 5)).files
    await app.files.put(new.names[0], parts_of(b"12345"))
    await sweep(app)
    assert await app.files.size(f"uploads/{old['id']}") == 5
    clock.advance(hours=1, seconds=1)
    await sweep(app)
    assert [name async for name in app.files.names()] == [f"uploads/{new.id}"]
    assert await find_unused(app.store, old["id"]) is None
    assert await find_unused(app.store, never_put["id"]) is None
    assert await find_unused(app.store, new.id) is not None
