"""Calls to the outside never reach what only this machine or its network can see."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from stockwright.adapters.outbound import HttpOutbound, is_private
from stockwright.base.errors import Permanent

PRIVATE = [
    "127.0.0.1",
    "127.0.0.53",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - called, not bound
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.88.99.1",
    "192.0.2.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:192.168.1.1",
    "fe80::1",
    "fe80::1%1",
    "febf::1",
    "fc00::1",
    "fd00:ec2::254",
    "fdff::1",
    "ff02::1",
    "ff0e::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:c0a8:101::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
    "100::1",
]
PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_recognized_in_every_ipv6_wrapping(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address: str) -> None:
    assert not is_private(address)


@dataclass
class Receiver:
    """A server on this machine that counts who comes."""

    port: int = 0
    answer: bytes = b"HTTP/1.1 204 -\r\nConnection: close\r\n\r\n"
    connections: int = 0
    heads: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@pytest.fixture
async def guarded() -> AsyncIterator[HttpOutbound]:
    outbound = HttpOutbound(allow_private=False)
    yield outbound
    await outbound.close()


@pytest.fixture
async def open_to_all() -> AsyncIterator[HttpOutbound]:
    outbound = HttpOutbound(allow_private=True)
    yield outbound
    await outbound.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",  # noqa: S104 - called, not bound
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "shop@127.0.0.1",
        "example.com@127.0.0.1",
        "user:password@localhost",
        "LOCALHOST",
        "localhost.",
    ],
)
async def test_no_spelling_of_a_loopback_address_is_connected_to(
    guarded: HttpOutbound, receiver: Receiver, host: str
) -> None:
    with pytest.raises((Permanent, OSError)):
        await guarded.post(f"http://{host}:{receiver.port}/", b"{}", {})
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "//127.0.0.1/",
        "127.0.0.1",
        "",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://exa mple.com/",
    ],
)
async def test_an_address_that_is_not_http_is_never_called(guarded: HttpOutbound, url: str) -> None:
    with pytest.raises((Permanent, OSError)):
        await guarded.post(url, b"{}", {})


async def test_a_setting_lets_private_addresses_be_called(open_to_all: HttpOutbound, receiver: Receiver) -> None:
    status = (
        await open_to_all.post(f"http://localhost:{receiver.port}/hook?a=1", b'{"a": 1}', {"x-api-key": "k"})
    ).status
    assert status == 204
    assert receiver.heads[0].startswith("POST /hook?a=1 HTTP/1.1")
    assert f"host: localhost:{receiver.port}" in receiver.heads[0].lower()
    assert "x-api-key: k" in receiver.heads[0]


async def test_a_redirect_is_an_answer_and_is_not_followed(open_to_all: HttpOutbound, receiver: Receiver) -> None:
    receiver.answer = (
        f"HTTP/1.1 302 -\r\nLocation: http://127.0.0.1:{receiver.port}/secret\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert (await open_to_all.post(f"http://127.0.0.1:{receiver.port}/", b"{}", {})).status == 302
    assert receiver.connections == 1


async def test_an_endless_answer_is_cut_off(open_to_all: HttpOutbound, receiver: Receiver) -> None:
    receiver.answer = b"HTTP/1.1 200 -\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 5_000_000
    assert (await open_to_all.post(f"http://127.0.0.1:{receiver.port}/", b"{}", {})).status == 200
