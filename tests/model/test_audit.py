"""The audit of a running shop names what was tampered with, and repairs it with a reason; backup; upgrades."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from stockwright.audit.repair import repair
from stockwright.audit.usecases import audit
from stockwright.base.errors import Misconfigured
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.context import App
from stockwright.orders.usecases import PlaceOrder, pack_order, place_order
from stockwright.request import BY_SYSTEM
from stockwright.reservations.usecases import Reserve, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.model import Wanted
from stockwright.stock.records import get_stock
from stockwright.store.migrations import FORMAT
from stockwright.store.migrations.sqlite import FileUpgrade
from stockwright.store.sqlite.engine import SqliteStore
from tests.conftest import ADMIN, ALICE, Clock, bare_app

OLD = Path(__file__).parent / "data" / "format-1.db"


@pytest.fixture
async def shop(tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    """A shop with some of everything, that nobody audits at the end."""
    app = await bare_app(tmp_path, clock)
    await fill(app)
    yield app
    await app.store.close()


async def fill(app: App) -> None:
    await create_product(
        app, ADMIN, CreateProduct("Chair", "CHAIR-1", "A chair to sit on.", "other", 1000, 50, id="chair")
    )
    for units in (1, 2):
        order = await place_order(app, ALICE, PlaceOrder([LineWanted(units, "chair")]))
    await pack_order(app, ADMIN, order.id)
    await reserve_stock(app, ALICE, Reserve([Wanted("chair", 4)]))


def tamper(app: App, sort: str, path: str, value: Any) -> str:
    """Change one number by hand, from another process, as the shop runs; returns the partition it was in."""
    connection = apsw.Connection(str(app.settings.data_dir / "stockwright.db"))
    try:
        if sort == "EVENT":
            (found,) = connection.execute(
                "SELECT position, body FROM event WHERE json_extract(body, '$[1]')='order.packed'"
            ).fetchall()
            position, body = found
            if value is None:
                connection.execute("DELETE FROM event WHERE position=?", (position,))
            else:
                sql = "UPDATE event SET body=CAST(json_set(body, ?, ?) AS BLOB) WHERE position=?"
                connection.execute(sql, (path, value, position))
            return str(json.loads(body)[0])
        pk, sk = connection.execute("SELECT pk, sk FROM item WHERE sk LIKE ? ORDER BY sk", (sort,)).fetchall()[0]
        sql = "UPDATE item SET body=CAST(json_set(body, ?, ?) AS BLOB) WHERE pk=? AND sk=?"
        connection.execute(sql, (path, value, pk, sk))
        return str(pk)
    finally:
        connection.close()


TAMPERED = {
    "an available balance": ("STOCK", "$.levels.default.available", 48, "total is available and reserved together"),
    "a reserved balance": ("STOCK", "$.levels.default.reserved", 3, "holds sum to the reserved"),
    "a total": ("STOCK", "$.levels.default.total", 7, "total is available and reserved together"),
    "a movement": ("MOVEMENT#%", "$.quantity", 5, "movements sum to the total"),
    "a reservation": ("RESERVATION", "$.items[0].allocation.default", 1, "holds sum to the reserved"),
}
EVENTS = {
    "an event's step": ("$[1]", "order.delivered", "the order has taken the step of its event"),
    "an event's order": ("$[2]", "ord_nobody", "the order of an event is there"),
    "an event's total": ("$[4].totalAmount", 1, "an event has the order's total"),
    "an event that is gone": ("", None, "each step has its event"),
}


@pytest.mark.parametrize("name", TAMPERED)
async def test_manipulated_numbers_are_found_and_repaired_with_a_reason(shop: App, name: str) -> None:
    assert (await audit(shop)).is_clean
    sort, path, value, rule = TAMPERED[name]
    await asyncio.to_thread(tamper, shop, sort, path, value)

    found = await audit(shop)
    assert {(drift.product_id, drift.location) for drift in found.drifts} == {("chair", "default")}
    assert rule in {drift.rule for drift in found.drifts}

    booked = await repair(shop, BY_SYSTEM, found)
    assert (await audit(shop)).is_clean
    (entry,) = booked
    assert entry.reason.startswith("Audit repair: ")
    listed = (await list_movements(shop, MovementFilter(product_id="chair", limit=1)))[0][0]
    assert (listed.movement.id, listed.movement.type) == (entry.id, "ADJUSTMENT")
    assert listed.balance_after == (await get_stock(shop.store, "chair")).total
    result = (await shop.store.tail(limit=1, reverse=True))[0]
    assert (result.name, result.subject, result.actor) == ("stock.changed", "chair", "system")
    assert await repair(shop, BY_SYSTEM, await audit(shop)) == []


@pytest.mark.parametrize("name", EVENTS)
async def test_a_manipulated_event_is_found(shop: App, name: str) -> None:
    path, value, rule = EVENTS[name]
    event_id = await asyncio.to_thread(tamper, shop, "EVENT", path, value)
    drifts = (await audit(shop)).drifts
    assert rule in {drift.rule for drift in drifts}
    if value is not None:
        assert any(event_id in drift.about for drift in drifts)
    else:
        assert [drift.about.partition(" ")[0] for drift in drifts] == ["order"]


async def test_the_audit_of_a_busy_shop_is_clean_and_so_is_a_backup_taken_meanwhile(
    shop: App, tmp_path: Path, clock: Clock
) -> None:
    done = asyncio.Event()
    written = 0

    async def client() -> None:
        nonlocal written
        while not done.is_set():
            await place_order(shop, ALICE, PlaceOrder([LineWanted(1, "chair")]))
            order = await place_order(shop, ALICE, PlaceOrder([LineWanted(1, "chair")]))
            await pack_order(shop, ADMIN, order.id)
            written += 3

    await create_product(shop, ADMIN, CreateProduct("Desk", "DESK-1", "A desk to sit at.", "other", 1000, 9, id="desk"))
    from stockwright.catalog.inventory import ChangeStock, change_stock

    await change_stock(shop, ADMIN, ChangeStock("chair", 1_000_000, "RESTOCK"))
    started = time.monotonic()
    clients = [asyncio.create_task(client()) for _ in range(16)]
    await asyncio.sleep(0.3)
    store: Any = shop.store
    report = await audit(shop)
    copy = tmp_path / "other"
    copy.mkdir()
    await store.backup(copy / "stockwright.db")
    done.set()
    await asyncio.gather(*clients)
    print(f"backup and audit among {written / (time.monotonic() - started):.0f} commits a second")

    assert report.is_clean
    restored = await bare_app(copy, clock)
    again = await audit(restored)
    await restored.store.close()
    assert (again.drifts, again.unsettled) == ([], [])
    assert again.movements > 10
    assert (await audit(shop)).is_clean


async def test_a_folder_of_the_first_format_opens_and_stays_usable(tmp_path: Path, clock: Clock) -> None:
    """`data/format-1.db` was written by the release of data format 1, before this test was."""
    path = tmp_path / "stockwright.db"
    path.write_bytes(OLD.read_bytes())
    with pytest.raises(Misconfigured, match=f"has data format 1, this release uses {FORMAT}: stockwright migrate"):
        SqliteStore(path)
    with closing(FileUpgrade(path)) as upgrade:
        while not upgrade.done:
            upgrade.step()
    app = await bare_app(tmp_path, clock)
    report = await audit(app)
    assert (report.is_clean, report.holds, report.movements) == (True, 2, 2)
    await place_order(app, ALICE, PlaceOrder([LineWanted(1, "chair")]))
    assert (await audit(app)).is_clean
    await app.store.close()


def test_a_folder_of_a_newer_release_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "stockwright.db"
    path.write_bytes(OLD.read_bytes())
    newer = apsw.Connection(str(path))
    newer.pragma("user_version", FORMAT + 1)
    newer.close()
    with pytest.raises(Misconfigured, match=f"data format {FORMAT + 1}, this release reads {FORMAT} at most"):
        SqliteStore(path)
