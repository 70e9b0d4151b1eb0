"""The audit finds a planted error in every rollup, and its repair counts again."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.audit import rollups as auditing
from stockwright.audit.repair import repair
from stockwright.audit.rollups import RULE
from stockwright.audit.usecases import audit
from stockwright.base.event import Event
from stockwright.catalog.backfill import backfill
from stockwright.context import App
from stockwright.events.handling import give_up
from stockwright.events.records import DeadLetter, put_cursor
from stockwright.orders.usecases import PlaceOrder, cancel_order, confirm_order, place_order
from stockwright.rollups.fill import HANDLER, fill_rollups
from stockwright.rollups.records import contribution_key
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.store.batch import Batch
from stockwright.store.port import ABSENT, Key
from tests.conftest import ADMIN, ALICE, Clock, Product
from tests.rollups.recount import assert_exact, count_all

DAY = "ROLLUP#1#SALES#2023-11-14"


async def a_counted_shop(app: App, product: Product) -> None:
    chair = (await product(100, cost_cents=450)).product.id
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(2, chair)]))
    await cancel_order(app, ALICE, (await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))).id)
    await record_sale(app, ADMIN, Sell([LineWanted(3, chair)]))
    event = Event("evt_1", "order.placed", order.id, app.clock.now())
    batch = Batch()
    give_up(app, batch, DeadLetter("dlq_1", "warehouse", event, "broken", 3, 1, 2))
    await batch.commit(app.store)
    await backfill(app)
    await count_all(app)


async def everything_is_handled(app: App) -> None:
    """Write the cursor as the dispatcher does when nothing is left."""
    batch = Batch()
    [newest] = await app.store.tail(limit=1, reverse=True)
    put_cursor(batch, HANDLER, newest.position, ABSENT)
    await batch.commit(app.store)


async def plant(app: App, key: Key, body: dict[str, Any] | None) -> None:
    item = (await app.store.get([key])).get(key)
    batch = Batch()
    if body is not None:
        batch.put(key, body, item.version if item else ABSENT)
    else:
        assert item is not None
        batch.delete(key, item.version)
    await batch.commit(app.store)


def added(body: Any) -> list[Any]:
    """The same with one more in each of its first cell's numbers in turn."""
    if isinstance(body, list):
        return [[*body[:place], number + 1, *body[place + 1 :]] for place, number in enumerate(body)]
    name = next(iter(body))
    return [{**body, name: each} for each in added(body[name])]


async def sorts_of(app: App, partition: str) -> list[str]:
    return [item.key[1] for item in (await app.store.query(partition)).items]


async def test_a_wrong_number_in_any_rollup_is_found_and_counted_again(app: App, product: Product) -> None:
    await a_counted_shop(app, product)
    await everything_is_handled(app)
    assert (await audit(app)).is_clean
    keys = [(partition, sort) for partition in (DAY, "ROLLUP#1#STATE") for sort in await sorts_of(app, partition)]
    assert {sort.partition("#")[0] for _, sort in keys} == {"TOTALS", "DAY", "HOUR", "ORDERS", "DEAD_LETTERS"}
    for key in keys:
        right = (await app.store.get([key]))[key].body
        wrong = added(right)
        assert len(wrong) == {"TOTALS": 8, "DAY": 4, "HOUR": 4}.get(key[1].partition("#")[0], 1)
        for place, each in enumerate(wrong):
            await plant(app, key, each)
            report = await audit(app)
            [drift] = report.drifts
            assert (drift.rule, drift.about.split()[1], drift.stored) == (RULE, key[1], drift.expected + 1)
            assert drift.about.split()[-1] == str(place)
        await plant(app, key, right)
    assert (await audit(app)).is_clean


async def test_a_rollup_that_is_missing_or_not_of_the_day_is_found(app: App, product: Product) -> None:
    await a_counted_shop(app, product)
    await plant(app, (DAY, "TOTALS"), None)
    await plant(app, (DAY, "DAY#f"), {"JPY": {"nobody": [1, 5]}})
    found = {drift.about for drift in (await audit(app)).drifts}
    assert f"{DAY.removeprefix('ROLLUP#1#')} DAY#f JPY nobody 1" in found
    assert any(about.endswith("TOTALS 88 USD 0") for about in found)
    report = await audit(app)
    assert await repair(app, ADMIN, report) == []
    assert (await audit(app)).is_clean
    await assert_exact(app)


async def test_an_order_that_was_not_counted_is_a_drift_once_everything_is_handled(app: App, product: Product) -> None:
    await a_counted_shop(app, product)
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, (await product(5)).product.id)]))
    assert (await audit(app)).is_clean
    await everything_is_handled(app)
    report = await audit(app)
    assert f"ORDER {order.id}" in {drift.about for drift in report.drifts}
    await repair(app, ADMIN, report)
    assert (await audit(app)).is_clean


async def test_a_shop_without_rollups_has_none_to_audit(app: App, product: Product) -> None:
    await a_counted_shop(app, product)
    await plant(app, ("ROLLUPS", "STATE"), None)
    await everything_is_handled(app)
    assert (await audit(app)).is_clean
    assert await fill_rollups(app)
    assert (await audit(app)).is_clean


async def test_a_contribution_that_is_gone_is_a_drift(app: App, product: Product) -> None:
    await a_counted_shop(app, product)
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, (await product(5)).product.id)]))
    await count_all(app)
    await plant(app, contribution_key("ORDER", order.id), None)
    assert {drift.rule for drift in (await audit(app)).drifts} == {RULE}
    await repair(app, ADMIN, await audit(app))
    assert (await audit(app)).is_clean


async def test_what_changes_while_it_is_read_is_no_drift(
    app: App, product: Product, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_counted_shop(app, product)
    chair = (await product(500)).product.id
    original, placed = auditing.page_of_orders, 0

    async def beside(*given: Any, **named: Any) -> Any:
        nonlocal placed
        found = await original(*given, **named)
        placed += 1
        order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))
        await count_all(app)
        await confirm_order(app, ADMIN, order.id)
        clock.advance(seconds=1)
        return found

    monkeypatch.setattr(auditing, "page_of_orders", beside)
    assert (await audit(app)).is_clean
    assert placed > 3
