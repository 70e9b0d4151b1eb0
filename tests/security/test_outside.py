"""Every address that the shop calls goes through the one guarded door, in whatever form it is written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stockwright.adapters.outbound import HttpOutbound
from stockwright.base.errors import Misconfigured, Permanent
from stockwright.base.event import Event
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.catalogue import OrderEvent, OrderPacked, OrderPlaced
from stockwright.orders.usecases import PlaceOrder, pack_order, place_order
from stockwright.sales.load_lines import LineWanted
from tests.conftest import ADMIN, Product
from tests.needs import ROOT
from tests.registered import registered

_WRITTEN = r"""
    127.0.0.1 127.1 127.0.1 127.127.127.127 127.0.0.1. 2130706433 017700000001 0x7f000001 0x7F.0.0.1 0x7f.1
    0177.0.0.1 0177.1 0 0.0.0.0 00 0x0 localhost LOCALHOST localhost. localhost.localdomain ip6-localhost [::1] [::]
    [0:0:0:0:0:0:0:1] [0000::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:0:127.0.0.1] [::127.0.0.1] [::7f00:1]
    [64:ff9b::7f00:1] [64:ff9b::127.0.0.1] [2002:7f00:1::] [2001:0:0:0:0:0:80ff:fffe] [fe80::1] [fc00::1]
    [fd00:ec2::254] [fec0::1] [ff02::1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] 169.254.169.254 2852039166
    0xA9FEA9FE 0251.0376.0251.0376 10.0.0.1 10.1 012.0.0.1 167772161 172.16.0.1 172.31.255.255 192.168.0.1 192.168.1
    3232235777 0xC0A80101 100.64.0.1 192.0.0.192 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 user@127.0.0.1
    example.com@127.0.0.1 user:password@localhost example.com%40@127.0.0.1 example.com#@127.0.0.1
    127.0.0.1#@example.com 127.0.0.1?@example.com 127.0.0.1\\@example.com example.com:80@127.0.0.1 ①②⑦.⓪.⓪.①
    １２７.0.0.1 127。0。0。1 ⓛocalhost 127.0.0.1%00 127.0.0.1%0d%0a 127.0.0.1%2e %31%32%37.0.0.1 [::1%25lo]
    [::ffff:127.0.0.1%25lo]
"""
FORMS = tuple(_WRITTEN.split())
"""Hosts that are this machine, its network or a cloud's own services, as tricks write them."""
SCHEMES = ("file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:6379/_x", "dict://127.0.0.1/", "//127.0.0.1/",
           "javascript:alert(1)", "data:text/plain,x", "unix:///run/docker.sock", "http:127.0.0.1", "http:///127.0.0.1",
           "https:/127.0.0.1", "jar:http://127.0.0.1!/", "ldap://127.0.0.1/", "http://", "", "127.0.0.1")  # fmt: skip


class Calls:
    """A server on every address of this machine that counts who comes."""

    def __init__(self) -> None:
        self.count = 0
        self.port = 0

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        writer.close()


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    made = Calls()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


async def event_of(app: App, order_id: str, of: type[OrderEvent]) -> Event:
    return next(
        each for each in await app.store.tail(limit=100) if (each.subject, each.name) == (order_id, of.event_name)
    )


@pytest.fixture
async def orders(app: App, product: Product) -> AsyncIterator[dict[str, Event]]:
    """An event for each partner, in a shop that may not call private addresses."""
    app.outbound = HttpOutbound(allow_private=False, timeout_seconds=2)
    chair = (await product()).product.id
    placed = await place_order(app, ADMIN, PlaceOrder([LineWanted(1, chair)]))
    packed = await place_order(app, ADMIN, PlaceOrder([LineWanted(1, chair)]))
    await pack_order(app, ADMIN, packed.id)
    yield {
        "warehouse_url": await event_of(app, placed.id, OrderPlaced),
        "delivery_url": await event_of(app, packed.id, OrderPacked),
    }
    await app.outbound.close()


PARTNERS = {"warehouse_url": "warehouse", "delivery_url": "delivery-service"}


async def called(app: App, orders: dict[str, Event], setting: str, url: str) -> BaseException | None:
    """What comes of a setting: how its call ends, or that it is none."""
    try:
        Settings.load({f"STOCKWRIGHT_{setting.upper()}": url}, Path("none"))
    except Misconfigured as refused:
        return refused
    app.settings = app.settings.changed(**{setting: url})
    try:
        await registered(PARTNERS[setting]).run(app, orders[setting])
    except (Permanent, OSError) as refused:
        return refused
    return None


@pytest.mark.parametrize("setting", PARTNERS)
async def test_no_form_of_a_private_address_is_connected_to(
    app: App, orders: dict[str, Event], calls: Calls, setting: str
) -> None:
    assert len(FORMS) >= 60
    for host in FORMS:
        before, _, after = host.partition("#")
        port = f":{calls.port}"
        for url in {f"http://{host}{port}/", f"http://{before}{port}#{after}/", f"http://{host}/"}:
            assert await called(app, orders, setting, url) is not None, url
    assert calls.count == 0


async def test_no_picture_is_fetched_from_a_private_address(calls: Calls) -> None:
    outbound = HttpOutbound(allow_private=False, timeout_seconds=2)
    for host in FORMS:
        for url in {f"http://{host}:{calls.port}/a.jpg", f"http://{host}/a.jpg", f"https://{host}:{calls.port}/a.jpg"}:
            with pytest.raises((Permanent, OSError)):
                await outbound.get(url, 1000)
    for url in [*SCHEMES, "file:///etc/passwd", "/etc/passwd"]:
        with pytest.raises(Permanent):
            await outbound.get(url, 1000)
    await outbound.close()
    assert calls.count == 0


@pytest.mark.parametrize("setting", PARTNERS)
async def test_an_invalid_partner_url_stops_the_start(setting: str) -> None:
    for url in [url for url in SCHEMES if url]:
        with pytest.raises(Misconfigured):
            Settings.load({f"STOCKWRIGHT_{setting.upper()}": url}, Path("none"))


async def test_a_host_name_that_changes_its_address_gains_nothing(calls: Calls) -> None:
    """DNS rebinding: public when it is checked, private when it is connected to."""
    answers = iter([["203.0.114.5"], ["127.0.0.1"], ["127.0.0.1"]])
    asked = 0

    async def resolve(_: str, __: int) -> list[str]:
        nonlocal asked
        asked += 1
        return next(answers)

    outbound = HttpOutbound(allow_private=False, timeout_seconds=2, resolve=resolve)
    # The tests let nobody leave this machine: that it is tried shows that the checked address is the one used.
    with pytest.raises(ExceptionGroup) as tried:
        await outbound.post(f"http://rebinding.example:{calls.port}/", b"{}", {})
    assert "a test tried to reach 203.0.114.5" in repr(tried.value.exceptions)
    assert asked == 1
    with pytest.raises(Permanent):
        await outbound.post(f"http://rebinding.example:{calls.port}/", b"{}", {})
    await outbound.close()
    assert calls.count == 0


async def test_one_private_address_among_public_ones_is_enough_to_refuse(calls: Calls) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return ["203.0.114.5", "127.0.0.1"]

    outbound = HttpOutbound(allow_private=False, timeout_seconds=2, resolve=resolve)
    with pytest.raises(Permanent, match="private"):
        await outbound.post(f"http://mixed.example:{calls.port}/", b"{}", {})
    await outbound.close()
    assert calls.count == 0


def test_no_other_code_opens_outgoing_connections() -> None:
    """Only the guarded adapter opens connections to addresses that a setting or a person names."""
    opens = re.compile(r"httpx2?\.(?:(?:Async)?Client|post|get|request|stream)\(|urlopen\(|create_connection\(|aiohttp")
    doors = {
        str(file.relative_to(ROOT / "src/stockwright"))
        for file in (ROOT / "src/stockwright").rglob("*.py")
        if opens.search(file.read_text(encoding="utf-8"))
    }
    # bench calls the shop that its user names on the command line; cognito fetches AWS's keys of the configured pool;
    # watch calls the shop's own address, which the stack sets.
    assert doors <= {"adapters/outbound.py", "accounts/cognito.py", "cli/bench.py", "cloud/watch.py"}
