"""Rollups equal a recount to the unit: counted late, twice, by many at once, in any order, or after a crash."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import ValidationError
from msgspec.structs import replace

from stockwright.base.errors import Busy, StockwrightError
from stockwright.base.event import Event
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.context import App
from stockwright.events.handling import give_up
from stockwright.events.records import DeadLetter
from stockwright.operations.usecases import delete_dead_letter, list_dead_letters, redrive
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    ListOrders,
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    confirm_order,
    deliver_order,
    list_orders,
    pack_order,
    place_order,
    return_order,
)
from stockwright.rollups import fill, records, usecases
from stockwright.rollups.fill import HANDLER
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.store.batch import Batch
from stockwright.store.port import ABSENT, Put
from tests.conftest import ADMIN, ALICE, Clock, Product, bare_app
from tests.engines import ENGINES, need
from tests.registered import registered, run_many
from tests.rollups.recount import assert_exact, count_all, recounted, stored

HOUR = 60


async def events_of(app: App) -> list[Event]:
    return [event for event in await app.store.tail(limit=1000) if event.name.startswith(("order.", "sale."))]


async def busy_day(app: App, product: Product, clock: Clock) -> None:
    chair = (await product(500, cost_cents=450)).product.id
    table = (await product(500, currency="EUR", price_cents=70)).product.id
    for number in range(8):
        clock.advance(minutes=7 * HOUR)
        order = await place_order(app, ALICE, PlaceOrder([LineWanted(number + 1, (chair, table)[number % 2])]))
        await record_sale(app, ADMIN, Sell([LineWanted(2, table)]))
        if number % 4 == 1:
            await cancel_order(app, ALICE, order.id)
        elif number % 4 == 2:
            await pack_order(app, ADMIN, order.id)
            await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, chair)]))
        elif number % 4 == 3:
            await pack_order(app, ADMIN, order.id)
            await deliver_order(app, ADMIN, order.id)


async def test_events_that_come_twice_and_in_any_order_count_once(app: App, product: Product, clock: Clock) -> None:
    await busy_day(app, product, clock)
    events = await events_of(app)
    shuffled = [*events, *events]
    random.Random(7).shuffle(shuffled)
    for event in shuffled:
        await registered(HANDLER).run(app, event)
    await assert_exact(app)


async def test_many_that_count_at_once_count_once(app: App, product: Product, clock: Clock) -> None:
    await busy_day(app, product, clock)
    events = await events_of(app)
    await asyncio.gather(*[run_many(HANDLER, app, events[number::3] + events[::2]) for number in range(3)])
    await assert_exact(app)


async def test_a_batch_that_is_too_large_for_one_commit_is_counted_in_several(
    app: App, product: Product, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await busy_day(app, product, clock)
    monkeypatch.setattr(app.store, "writes_max", 40)
    await run_many(HANDLER, app, await events_of(app))
    await assert_exact(app)


async def test_an_order_that_cannot_be_read_keeps_no_other_from_being_counted(
    app: App, product: Product, clock: Clock
) -> None:
    await busy_day(app, product, clock)
    await app.store.commit([Put(("ORDER#ord_damaged", "ORDER"), {"id": "ord_damaged", "lines": []}, ABSENT)])
    events = await events_of(app)
    damaged = replace(events[0], subject="ord_damaged")
    with pytest.raises(ValidationError, match="missing required field"):
        await run_many(HANDLER, app, [*events[:5], damaged, *events[5:]])
    await assert_exact(app)


async def test_an_order_that_is_counted_late_counts_as_it_is_then(app: App, product: Product) -> None:
    chair = (await product(10)).product.id
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair)]))
    [placed] = [event for event in await events_of(app) if event.name == "order.placed"]
    await cancel_order(app, ALICE, order.id)
    await registered(HANDLER).run(app, placed)
    await assert_exact(app)
    assert await usecases.count_orders(app) == {
        "PENDING": 0, "CONFIRMED": 0, "PACKED": 0, "DELIVERED": 0, "CANCELLED": 1,
    }  # fmt: skip


async def test_dead_letters_are_counted_until_they_are_deleted_or_sent_again(app: App) -> None:
    for number in range(4):
        event = Event(f"evt_{number}", "order.placed", f"ord_{number}", app.clock.now())
        batch = Batch()
        give_up(app, batch, DeadLetter(f"dlq_{number}", "warehouse", event, "broken", 3, 1, 2))
        await batch.commit(app.store)
    await count_all(app)
    assert await usecases.count_dead_letters(app) == 4
    await delete_dead_letter(app, ADMIN, "dlq_0")
    await redrive(app, ADMIN, "dlq_1")
    await count_all(app)
    await count_all(app)
    assert await usecases.count_dead_letters(app) == 2 == len((await list_dead_letters(app, 10))[0])


# ---- filling and rebuilding ------------------------------------------------------------------


async def forget(app: App) -> None:
    """Make the shop one of a release that kept no rollups."""
    state = await records.load_state(app.store)
    batch = Batch()
    batch.delete(("ROLLUPS", "STATE"), state.version)
    await batch.commit(app.store)


async def test_a_shop_without_rollups_is_filled_and_refuses_its_reports_until_then(
    app: App, product: Product, clock: Clock
) -> None:
    await busy_day(app, product, clock)
    await forget(app)
    with pytest.raises(Busy):
        await usecases.count_orders(app)
    assert await usecases.count_dead_letters(app) == 0
    assert await fill.fill_rollups(app)
    await assert_exact(app)
    assert await fill.fill_rollups(app)


async def test_a_rebuild_goes_on_after_an_end_at_any_step_beside_orders_that_take_their_steps(
    app: App, product: Product, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "STEP_ROWS", 2)
    await busy_day(app, product, clock)
    await count_all(app)
    await fill.begin(app)
    await fill.begin(app)
    chair = (await product(100)).product.id
    steps = 0
    while await fill.step(app):
        steps += 1
        placed = await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))
        orders, _ = await list_orders(app, ADMIN, ListOrders(status="PENDING", everybody=True, limit=50))
        await confirm_order(app, ADMIN, orders[steps % len(orders)].id)
        await run_many(HANDLER, app, (await events_of(app))[-3:])
        if steps > 60:
            await asyncio.gather(*[fill.step(app) for _ in range(2)])
        if steps > 40:
            await cancel_order(app, ALICE, placed.id)
        assert steps < 300
    state = await records.load_state(app.store)
    assert (state.active, state.building, state.former) == (2, None, None)
    await count_all(app)
    await assert_exact(app)
    assert (await app.store.query("ROLLUP#1#SALES#2023-11-15")).items == ()
    assert (await app.store.query("ROLLUP#1#STATE")).items == ()


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 8, 100])
@pytest.mark.parametrize("where", ["before the state is read", "after the orders are read"])
async def test_what_is_counted_while_a_rebuild_begins_or_ends_is_in_it(
    app: App, product: Product, clock: Clock, monkeypatch: pytest.MonkeyPatch, steps: int, where: str
) -> None:
    await busy_day(app, product, clock)
    originals, rebuilt = (usecases.load_subjects, records.load_state), False

    async def rebuild(read: Any) -> None:
        nonlocal rebuilt
        if rebuilt or (read is records.load_state) is not where.endswith("state is read"):
            return
        rebuilt = True
        await fill.begin(app)
        for _ in range(steps):
            await fill.step(app)

    async def load_subjects(*given: Any) -> Any:
        found = await originals[0](*given)
        await rebuild(load_subjects)
        return found

    async def load_state(*given: Any) -> Any:
        await rebuild(records.load_state)
        return await originals[1](*given)

    monkeypatch.setattr(usecases, "load_subjects", load_subjects)
    monkeypatch.setattr(records, "load_state", load_state)
    await run_many(HANDLER, app, await events_of(app))
    assert rebuilt
    while await fill.step(app):
        pass
    assert (await records.load_state(app.store)).active == 2
    await assert_exact(app)


async def test_steps_that_two_processes_take_at_once_are_taken_once(
    app: App, product: Product, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "STEP_ROWS", 2)
    await busy_day(app, product, clock)
    await fill.begin(app)
    while any(await asyncio.gather(*[fill.step(app) for _ in range(3)])):
        pass
    assert (await records.load_state(app.store)).active == 2
    await assert_exact(app)


async def test_a_fill_ends_after_its_steps_and_goes_on_with_the_next_call(
    app: App, product: Product, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "STEPS_MAX", 2)
    await busy_day(app, product, clock)
    await forget(app)
    calls = 1
    while not await fill.fill_rollups(app):
        calls += 1
    assert calls > 3
    await assert_exact(app)


async def test_a_rebuild_corrects_whatever_is_wrong(app: App, product: Product, clock: Clock) -> None:
    await busy_day(app, product, clock)
    await count_all(app)
    for place in ("TOTALS", "DAY#0", "HOUR#05#1"):
        key = ("ROLLUP#1#SALES#2023-11-15", place)
        item = (await app.store.get([key])).get(key)
        batch = Batch()
        batch.put(key, {"9": {"USD": [1] * 6}}, item.version if item else 0)
        await batch.commit(app.store)
    assert await stored(app) != await recounted(app)
    await fill.begin(app)
    while await fill.step(app):
        pass
    await assert_exact(app)


# ---- any history -----------------------------------------------------------------------------

STEPS = (
    "place", "place", "sell", "confirm", "pack", "deliver", "cancel", "return", "restock", "price", "cost", "delete",
)  # fmt: skip
Step = tuple[str, int, int]


class Crashing:
    """The store, whose commits end before or after they were written, now and then."""

    def __init__(self, store: Any, seed: int) -> None:
        self._store = store
        self._random = random.Random(seed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Any]) -> None:
        chance = self._random.random()
        if chance < 0.15:
            raise ConnectionError("the process ended before the commit")
        await self._store.commit(writes)
        if chance > 0.85:
            raise ConnectionError("the process ended after the commit")


async def take(app: App, clock: Clock, products: list[str], step: Step) -> None:
    """Take a step of a history; what the rules refuse changes nothing."""
    name, which, units = step
    clock.advance(minutes=units * 11)
    product_id = products[which % len(products)]
    orders, _ = await list_orders(app, ADMIN, ListOrders(everybody=True, limit=50))
    order_id = orders[which % len(orders)].id if orders else ""
    try:
        match name:
            case "place":
                other = products[(which + units) % len(products)]
                await place_order(app, ALICE, PlaceOrder([LineWanted(units, product_id), LineWanted(1, other)]))
            case "sell":
                await record_sale(app, ADMIN, Sell([LineWanted(units, product_id)]))
            case "confirm":
                await confirm_order(app, ADMIN, order_id)
            case "pack":
                await pack_order(app, ADMIN, order_id)
            case "deliver":
                await deliver_order(app, ADMIN, order_id)
            case "cancel":
                await cancel_order(app, ADMIN, order_id)
            case "return":
                items = [ReturnItem(units, line_id="line_1")]
                await return_order(app, ADMIN, ReturnOrder(order_id, items, restock=bool(which % 2)))
            case "restock":
                await change_stock(app, ADMIN, ChangeStock(product_id, units, "RESTOCK"))
            case "price":
                await update_product(app, ADMIN, UpdateProduct(product_id, {"price_cents": units * 100}))
            case "cost":
                cost = None if which % 3 == 0 else units * 40
                await update_product(app, ADMIN, UpdateProduct(product_id, {"cost_cents": cost}))
            case _:
                await delete_product(app, ADMIN, product_id)
    except StockwrightError:
        return


async def live(folder: Path, engine: str, steps: list[Step], seed: int) -> None:
    clock = Clock()
    app = await bare_app(folder, clock, engine)
    try:
        products = [
            (
                await create_product(
                    app,
                    ADMIN,
                    CreateProduct(f"Chair {name}", f"SKU-{name}", "A chair to sit on.", "other", 500, 40, **given),
                )
            ).product.id
            for name, given in (("a", {}), ("b", {"currency": "EUR", "cost_cents": 300}), ("c", {"cost_cents": 0}))
        ]
        chance = random.Random(seed)
        crashing = replace(app, store=Crashing(app.store, seed))  # type: ignore[arg-type]
        for step in steps:
            await take(app, clock, products, step)
            if chance.random() < 0.5:
                events = await events_of(app)
                try:
                    await run_many(HANDLER, crashing, chance.sample(events, min(len(events), 4)))
                except ConnectionError:
                    continue
            if chance.random() < 0.1:
                await fill.begin(app)
            if chance.random() < 0.5:
                await fill.step(app)
        events = await events_of(app)
        chance.shuffle(events)
        await run_many(HANDLER, app, events)
        await assert_exact(app)
    finally:
        await app.store.close()


steps_of_a_history = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=25
)


@pytest.mark.parametrize("kind", ENGINES)
def test_after_any_history_the_rollups_are_a_recount(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    need(kind)

    @settings(max_examples=60 if kind == "sqlite" else 8, suppress_health_check=list(HealthCheck))
    @given(steps_of_a_history, st.integers(0, 1000))
    def check(steps: list[Step], seed: int) -> None:
        asyncio.run(live(tmp_path_factory.mktemp("shop"), kind, steps, seed))

    check()
