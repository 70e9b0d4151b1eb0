"""Requests that read much: few at once, one for each client, the others wait a moment."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

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
    "/imports/{id}/errors.csv",
    "/products/export",
    "/inventory/export",
    "/movements/export",
    "/orders/export",
}


def test_routes_that_read_more_than_a_page_need_a_slot() -> None:
    assert {route.path for route in ROUTES if route.reads_much} == READ_MUCH


async def test_a_client_has_one_slot_and_waits_only_for_its_own() -> None:
    slots, order = Slots("report"), list[str]()
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
    taken = Slots("report")
    async with taken.take("alice"), taken.take("bob"):
        for client in ("alice", "carol"):
            with pytest.raises(Busy, match="reports are still running; try again"):
                async with taken.take(client):
                    pytest.fail("no slot is free")
        monkeypatch.setattr(slots, "WAITING_MAX", 0)
        with pytest.raises(Busy, match="Too many reports"):
            async with taken.take("carol"):
                pytest.fail("no slot is free")
    async with taken.take("carol"), taken.take("alice"):
        pass


async def test_a_failure_frees_the_slot() -> None:
    slots = Slots("report")
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            async with slots.take("alice"):
                raise ZeroDivisionError


OTHER_WORKER = """
import asyncio, pathlib, sys
from stockwright.http.slots import Slots

async def hold():
    slots = Slots("export", pathlib.Path(sys.argv[1]))
    async with slots.take(sys.argv[2]):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    print("given back", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

asyncio.run(hold())
"""


def other_worker(folder: Path, caller: str) -> subprocess.Popen[str]:
    """Start a process that holds a place for a caller until it gets a line, or is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_WORKER, str(folder), caller],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def give_back(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "given back\n"


async def refused(slots: Slots, caller: str) -> bool:
    try:
        async with slots.take(caller):
            return False
    except Busy:
        return True


async def test_the_places_and_each_callers_turn_are_those_of_all_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Slots("export", tmp_path)
    with other_worker(tmp_path, "alice") as first:
        monkeypatch.setattr(slots, "WAIT_SECONDS", 0.1)
        assert await refused(ours, "alice")
        assert not await refused(ours, "bob")
        async with ours.take("bob"):
            assert await refused(ours, "carol")
        with other_worker(tmp_path, "bob") as second:
            assert await refused(ours, "carol")
            assert not await refused(Slots("report", tmp_path), "alice")
            monkeypatch.setattr(slots, "WAIT_SECONDS", PATIENCE_SECONDS)
            waiting = asyncio.create_task(refused(ours, "carol"))
            await asyncio.sleep(0)
            give_back(second)
            assert not await waiting
            second.kill()
        first.kill()
        first.wait()
        assert not await refused(ours, "alice")


async def test_a_request_that_is_cancelled_while_it_waits_for_another_worker_leaves_nothing_taken(
    tmp_path: Path,
) -> None:
    ours = Slots("export", tmp_path)
    with other_worker(tmp_path, "alice") as first, other_worker(tmp_path, "bob") as second:
        waiting = asyncio.create_task(refused(ours, "carol"))
        for _ in range(10):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        give_back(first)
        give_back(second)
        with other_worker(tmp_path, "carol") as third:
            third.kill()
        first.kill()
        second.kill()
    async with ours.take("alice"), ours.take("bob"):
        pass
