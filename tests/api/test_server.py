"""A real server on a real socket: what only bytes on the wire can show."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import uvicorn

from stockwright.asgi import HOOKS
from stockwright.context import App
from stockwright.http.edge import Edge
from stockwright.http.route import Answer, Call, Route
from tests.api.asking import Client
from tests.api.conftest import KEYBOARD, signed_in
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
async def port(asgi: Any) -> AsyncIterator[int]:
    async with serving(asgi) as port:
        yield port


@contextlib.asynccontextmanager
async def serving(asgi: Any) -> AsyncIterator[int]:
    """Serve on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(asgi, host="127.0.0.1", port=0, log_config=None, lifespan="on"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def spoken(port: int, request: bytes) -> tuple[int, bytes]:
    """Send bytes as they are; return the status and everything that came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        answer = await asyncio.wait_for(reader.read(65536), PATIENCE_SECONDS)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer


async def test_a_shop_is_used_over_http(port: int, admin: Client, alice: Client) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        shop, buyer = Client(http, admin.authorization), Client(http, alice.authorization)
        product = (await shop.post("/products", KEYBOARD)).data
        order = await buyer.post("/orders", {"productId": product["id"], "quantity": 2}, key="k")
        assert (order.status, order.data["totalAmount"]) == (201, 15998)
        assert (await buyer.post("/orders", {"productId": product["id"], "quantity": 2}, key="k")).replayed
        assert (await buyer.get(f"/orders/{order.data['id']}")).data == order.data


async def test_an_id_with_a_slash_is_found_over_http(port: int, admin: Client) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        shop = Client(http, admin.authorization)
        await shop.post("/inventory/initialize", {"productId": "a/b", "sku": "S/1", "initialStock": 3})
        assert (await shop.get("/inventory/product/a%2Fb")).data["sku"] == "S/1"
        assert (await shop.get("/inventory/sku/S%2f1")).data["productId"] == "a/b"


async def test_a_body_that_is_too_large_is_refused_before_it_has_arrived(port: int, admin: Client) -> None:
    head = (
        f"POST /api/orders HTTP/1.1\r\nHost: x\r\nAuthorization: {admin.authorization}\r\n"
        "Content-Type: application/json\r\n"
    ).encode()

    status, answer = await spoken(port, head + b"Content-Length: 99999999999\r\n\r\n{")
    assert status == 413
    assert b"PAYLOAD_TOO_LARGE" in answer
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    status, _ = await spoken(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17)
    assert status == 413


@pytest.mark.parametrize(
    "request_line", [b"GET /api/health HTTP/1.1\r\nHost: x\r\nContent-Length: x", b"\x00\xff", b"GET  HTTP/1.1"]
)
async def test_input_that_is_not_http_is_refused(port: int, request_line: bytes) -> None:
    status, _ = await spoken(port, request_line + b"\r\n\r\n")

    assert status == 400


async def test_a_client_that_disconnects_within_its_request_changes_nothing(port: int, admin: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /api/products HTTP/1.1\r\nHost: x\r\nAuthorization: {admin.authorization}\r\nContent-Length: 500\r\n\r\n"
    )
    writer.write(head.encode() + json.dumps(KEYBOARD).encode()[:100])
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert (await admin.get("/products")).data["items"] == []


async def test_a_stream_ends_with_the_client_that_reads_it(app: App, asgi: Any) -> None:
    ended = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        try:
            yield b"data: first\n\n"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def run(_: Call) -> Answer:
        return Answer(stream=parts(), content_type="text/event-stream")

    edge = Edge(app, [Route("GET", "/stream", run, "Streams", "Test", who="public")], HOOKS)

    async def only_http(scope: Any, receive: Any, send: Any) -> None:
        await (edge if scope["type"] == "http" else asgi)(scope, receive, send)

    async with serving(only_http) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        async with http.stream("GET", "/api/stream") as response:
            assert response.headers["content-type"] == "text/event-stream"
            assert await anext(response.aiter_bytes()) == b"data: first\n\n"
            assert not ended.is_set()
        await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)


async def test_the_event_stream_ends_when_access_is_revoked(
    port: int, app: App, http: httpx2.AsyncClient, admin: Client
) -> None:
    second = await signed_in(app, http, "second", "admin")
    second_id = (await second.get("/users/me")).data["id"]
    headers = {"authorization": second.authorization or ""}
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as over,
        over.stream("GET", "/api/events/stream", headers=headers) as response,
    ):
        lines = response.aiter_lines()
        # The first line is sent when the stream has its place in the log: it gets what comes from then on.
        assert (await anext(lines)).startswith("retry:")
        await admin.post("/categories", {"name": "before"})
        async for line in lines:
            if line == "event: category.created":
                break
        await admin.patch(f"/users/{second_id}", {"role": "customer"})
        await admin.post("/categories", {"name": "after"})
        rest = [line async for line in lines]
    # What was sent already may still come; nothing that happened since does, and the stream has ended.
    assert "after" not in "\n".join(rest)
    assert "account.changed" not in "\n".join(rest)
