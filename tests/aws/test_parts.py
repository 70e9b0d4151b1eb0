"""A hot stock in parts, on AWS's own engine: exact to the unit beside every other thing that changes a stock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stockwright.audit.usecases import audit
from stockwright.base.errors import Busy, InsufficientStock
from stockwright.catalog.inventory import ChangeStock, CountStock, change_stock, count_stock
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.context import App
from stockwright.orders.usecases import PlaceOrder, confirm_order, place_order
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.records import get_stock, page_of_stocks, put_stock, stock_key
from stockwright.store.batch import Batch, Stale
from stockwright.store.copying import DynamoDbSide
from stockwright.store.dynamodb import splitting
from stockwright.store.dynamodb.layout import SPLITS
from stockwright.store.dynamodb.parts import PARTS, Split, spread
from stockwright.store.port import Add, Check, ConditionFailed
from tests.conftest import ADMIN, ALICE, Clock, bare_app, without_hold_limits
from tests.proving import SECONDS, SEED

KEY = stock_key("chair")
THREADS = 16
UNITS = 2000 if SECONDS else 300


@pytest.fixture
async def app(tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    made = await bare_app(tmp_path, clock, "dynamodb")
    without_hold_limits(made)
    command = CreateProduct("Chair", "CHAIR-1", "A chair to sit on.", "other", 1000, UNITS, id="chair")
    await create_product(made, ADMIN, command)
    yield made
    report = await audit(made)
    await made.store.close()
    assert (report.drifts, report.unsettled) == ([], [])


async def divide(app: App) -> Split:
    store: Any = app.store
    await asyncio.to_thread(store.splits.divide, KEY)
    split = store.splits.get(KEY)
    assert split is not None
    return split  # type: ignore[no-any-return]


async def buy(app: App, units: int = 1) -> str:
    return (await place_order(app, ALICE, PlaceOrder([LineWanted(units, "chair")]))).id


async def test_sixteen_buyers_at_once_get_exactly_what_there_is(app: App) -> None:
    """Each with a store of its own, as functions have; some of their orders are confirmed meanwhile."""
    await divide(app)
    dice, sold = random.Random(SEED), 0
    stores = [await bare_app(app.settings.data_dir, app.clock, "dynamodb") for _ in range(THREADS)]  # type: ignore[arg-type]

    async def buyer(own: App) -> int:
        taken = 0
        while True:
            units = dice.choice((1, 1, 2, 5))
            try:
                order = await buy(own, units)
            except Busy:
                # That is always allowed: nothing was written.
                continue
            except InsufficientStock:
                # Never sold out while there is enough: what the refusal says is there is less than was wanted.
                left = (await get_stock(own.store, "chair")).available
                assert left < units
                if units == 1:
                    return taken
                continue
            taken += units
            if dice.random() < 0.2:
                await confirm_order(own, ADMIN, order)

    sold = sum(await asyncio.gather(*map(buyer, stores)))
    left = (await get_stock(app.store, "chair")).available
    assert (sold + left, left <= THREADS * 5) == (UNITS, True)
    while left:
        await buy(app)
        left -= 1
    with pytest.raises(InsufficientStock):
        await buy(app)
    for each in stores:
        await each.store.close()


async def test_an_order_takes_its_units_from_several_parts(app: App) -> None:
    split = await divide(app)
    assert split.count == PARTS
    most = max(body["levels"]["default"]["available"] for body in split.bodies)
    await buy(app, most + 1)
    await buy(app, UNITS - most - 1)
    stock = await get_stock(app.store, "chair")
    assert (stock.available, stock.reserved, stock.total) == (0, UNITS, UNITS)


async def test_a_count_puts_the_parts_together_and_is_exact_beside_buyers(app: App) -> None:
    await divide(app)
    orders = [asyncio.create_task(buy(app)) for _ in range(20)]
    await count_stock(app, ADMIN, CountStock("chair", 100))
    await asyncio.gather(*orders)
    stock = await get_stock(app.store, "chair")
    assert (stock.total, stock.reserved, stock.available) == (100, 20, 80)


async def test_what_names_a_version_of_an_item_in_parts_is_held_to_it(app: App) -> None:
    stock = await get_stock(app.store, "chair")
    await divide(app)
    batch = Batch()
    put_stock(batch, stock)
    with pytest.raises(Stale):
        await batch.commit(app.store)
    now = await get_stock(app.store, "chair")
    assert (now.levels, now.version > stock.version) == (stock.levels, True)
    await buy(app)
    with pytest.raises(ConditionFailed):
        await app.store.commit([Check(KEY, now.version)])
    await divide(app)
    now = await get_stock(app.store, "chair")
    batch = Batch()
    put_stock(batch, now)
    await batch.commit(app.store)
    assert (await get_stock(app.store, "chair")).levels == now.levels


async def test_a_restock_of_an_item_in_parts_and_lists_and_copies_have_the_sum(app: App) -> None:
    await divide(app)
    await change_stock(app, ADMIN, ChangeStock("chair", 7, "RESTOCK"))
    [listed] = (await page_of_stocks(app.store))[0]
    assert listed.available == UNITS + 7
    rows, _ = DynamoDbSide(app.store).rows(None)  # type: ignore[arg-type]
    [copied] = [row for row in rows if row.key == KEY]
    assert copied.body["levels"]["default"]["available"] == UNITS + 7  # type: ignore[index]
    assert not [row for row in rows if row.key[0] == SPLITS]
    [scanned] = [row for row in (await app.store.scan(None, 10_000))[0] if row.key == KEY]
    assert scanned == copied


async def test_what_has_cooled_is_one_item_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await divide(app)
    await app.store.tidy()
    assert (await app.store.query(SPLITS)).items
    monkeypatch.setattr(splitting, "COOL_MS", 0)
    await app.store.tidy()
    assert not (await app.store.query(SPLITS)).items
    store: Any = app.store
    assert store.splits.get(KEY) is None
    assert (await get_stock(app.store, "chair")).available == UNITS
    await buy(app)


async def test_a_process_that_does_not_know_of_the_parts_finds_them(app: App) -> None:
    other = await bare_app(app.settings.data_dir, app.clock, "dynamodb")  # type: ignore[arg-type]
    await buy(other)
    await divide(app)
    # It would take all of them from the first part.
    add = Add(
        KEY,
        {("levels", "default", "available"): -50, ("levels", "default", "reserved"): 50},
        {("levels", "default", "available"): 0},
    )
    await other.store.commit([add])
    await app.store.commit(
        [
            Add(
                KEY,
                {("levels", "default", "available"): 50, ("levels", "default", "reserved"): -50},
                {("levels", "default", "reserved"): 0},
            )
        ]
    )
    await app.store.decide(KEY, lambda _: ())
    # And that they are one item again.
    await buy(other)
    assert (await get_stock(other.store, "chair")).reserved == 2
    await other.store.close()


def test_a_change_that_no_part_has_room_for_is_divided_or_refused() -> None:
    bodies = [{"levels": {"a": {"available": units, "reserved": 0, "total": units}}} for units in (1, 0, 3)]
    split = Split(1, bodies, [1, 1, 1])
    path, reserved = ("levels", "a", "available"), ("levels", "a", "reserved")

    def taking(units: int) -> Add:
        return Add(KEY, {path: -units, reserved: units}, {path: 0}, sets={"updatedAt": 5})

    assert [number for number, _ in spread(taking(3), split) or ()] == [2]
    shares = spread(taking(4), split)
    assert shares is not None
    assert {number: share.deltas[path] for number, share in shares} == {2: -3, 0: -1}
    assert all(share.sets == {"updatedAt": 5} for _, share in shares)
    assert spread(taking(5), split) is None
