"""Requests that read much: few at once, one for each client, the others wait a moment."""

from __future__ import annotations

import asyncio

import pytest

from stockwright.base.errors import Busy
from stockwright.http import slots
from stockwright.http.slots import Slots
from stockwright.routes import ROUTES
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.one_engine

READ_MUCH = {
    "/inventory/product/{productId}/explain",
    "/reports/summary",
    "/reports/sales",
    "/reports/top-products",
    "/reports/stock-history",
    "/products/export",
    "/inventory/export",
    "/movements/export",
    "/orders/export",
}


def test_routes_that_read_more_than_a_page_need_a_slot() -> None:
    assert {route.path for route in ROUTES if route.reads_much} == READ_MUCH


async def test_a_client_has_one_slot_and_waits_only_for_its_own() -> None:
    slots, order = Slots(), list[str]()
    begun = asyncio.Event()

    async def ask(client: str, name: str, leave: asyncio.Event) -> None:
        async with slots.take(client):
            order.append(name)
            begun.set()
            await leave.wait()

    first, rest = asyncio.Event(), asyncio.Event()
    rest.set()
    one = asyncio.create_task(ask("alice", "first", first))
    await begun.wait()
    two = asyncio.create_task(ask("alice", "second", rest))
    await asyncio.wait_for(ask("bob", "third", rest), PATIENCE_SECONDS)
    assert order == ["first", "third"]
    first.set()
    await asyncio.wait_for(asyncio.gather(one, two), PATIENCE_SECONDS)
    assert order == ["first", "third", "second"]


async def test_a_client_that_waits_too_long_or_exceeds_the_queue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "WAIT_SECONDS", 0.01)
    taken = Slots()
    async with taken.take("alice"), taken.take("bob"):
        for client in ("alice", "carol"):
            with pytest.raises(Busy, match="running; try again"):
                async with taken.take(client):
                    pytest.fail("no slot is free")
        monkeypatch.setattr(slots, "WAITING_MAX", 0)
        with pytest.raises(Busy, match="Too many"):
            async with taken.take("carol"):
                pytest.fail("no slot is free")
    async with taken.take("carol"), taken.take("alice"):
        pass


async def test_a_failure_frees_the_slot() -> None:
    slots = Slots()
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            async with slots.take("alice"):
                raise ZeroDivisionError
