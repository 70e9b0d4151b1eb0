"""What is counted in advance: exact however often and by whomever it is counted, backfilled, audited, repaired."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from stockwright.audit.repair import repair
from stockwright.audit.usecases import audit
from stockwright.catalog import backfill as backfills
from stockwright.catalog.backfill import backfill
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.catalog.inventory_views import ListInventory, list_inventory, list_low_stock, total_inventory
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.context import App
from stockwright.events.records import put_cursor
from stockwright.products.model import Product
from stockwright.products.records import product_key
from stockwright.reports.stock_reports import report_stock_value
from stockwright.stock.total_records import (
    Counted,
    load_counted,
    load_totals,
    positions_of_low,
    put_counted,
    put_totals,
)
from stockwright.stock.totals import add_difference, count_stocks, recount, sums_of
from stockwright.store import progress as progress_records
from stockwright.store.batch import Batch
from stockwright.store.paging import every
from stockwright.store.port import ABSENT
from stockwright.store.progress import load_progress
from tests.conftest import ADMIN


@st.composite
def parts(draw: st.DrawFn) -> Counted:
    levels = draw(st.dictionaries(st.sampled_from(["default", "cellar"]), st.integers(0, 5), min_size=1))
    total = sum(levels.values())
    available = draw(st.integers(0, total))
    reserved = draw(st.integers(0, total - available))
    return Counted(
        product_id="prd_1",
        stock_version=1,
        product_version=1,
        available=available,
        reserved=reserved,
        inactive=total - available - reserved,
        status=draw(st.sampled_from(["IN_STOCK", "LOW", "OUT"])),
        is_low=False,
        price=draw(st.sampled_from([0, 5, 700])),
        currency=draw(st.sampled_from(["USD", "EUR"])),
        category=draw(st.sampled_from(["food", "other"])),
        levels=levels,
        cost=draw(st.sampled_from([UNSET, 0, 3, 90])),
    )


async def sums(app: App) -> dict[str, int]:
    return dict((await load_totals(app.store)).sums)


async def test_counting_twice_or_by_many_at_once_gives_the_same_totals(app: App, product: Product) -> None:
    costs = (None, 0, 120, 450, 90)
    ids = [
        (await product(number, category="food", price_cents=500, cost_cents=cost)).product.id
        for number, cost in enumerate(costs)
    ]
    await count_stocks(app, ids)
    await count_stocks(app, ids)
    for number in range(6):
        await change_stock(app, ADMIN, ChangeStock(ids[number % 5], 7, "RESTOCK"))
        await asyncio.gather(*[count_stocks(app, ids) for _ in range(4)])
    await update_product(app, ADMIN, UpdateProduct(ids[0], {"price_cents": 900, "category": "other"}))
    for product_id, cost in ((ids[0], 300), (ids[2], None), (ids[3], 451)):
        await update_product(app, ADMIN, UpdateProduct(product_id, {"cost_cents": cost}))
    await delete_product(app, ADMIN, ids[1])
    await count_stocks(app, ids)
    assert await sums(app) == await recount(app)


@given(st.lists(st.one_of(st.none(), parts()), min_size=2, max_size=6))
def test_the_differences_between_parts_come_to_the_last_of_them(history: list[Counted | None]) -> None:
    difference = Counter[str]()
    for before, after in pairwise([None, *history]):
        add_difference(difference, before, after)
    assert {name: value for name, value in difference.items() if value} == {
        name: value for name, value in sums_of(history[-1]).items() if value
    }


async def test_an_older_reading_of_the_stock_never_replaces_a_newer_one(
    app: App, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    chair = (await product(10)).product.id
    await count_stocks(app, [chair])
    original, first = backfills.count_stocks, True
    from stockwright.stock import totals as counting

    load = counting.load_stocks

    async def slow(*given: Any) -> Any:
        nonlocal first
        found = await load(*given)
        if first:
            first = False
            # While this one holds an old stock: it falls, comes back, and is counted by another.
            await change_stock(app, ADMIN, ChangeStock(chair, -3, "ADJUSTMENT"))
            await change_stock(app, ADMIN, ChangeStock(chair, 3, "ADJUSTMENT"))
            await original(app, [chair])
        return found

    await change_stock(app, ADMIN, ChangeStock(chair, -1, "ADJUSTMENT"))
    monkeypatch.setattr(counting, "load_stocks", slow)
    await count_stocks(app, [chair])
    monkeypatch.undo()
    assert await sums(app) == await recount(app)


async def test_lists_and_totals_are_the_same_with_and_without_rollups(app: App, product: Product) -> None:
    low = [(await product(number, price_cents=300 + number)).product.id for number in (3, 0, 9)]
    await product(50, category="food")
    await product(1, thresholds={"low_stock": 0})

    async def seen() -> list[Any]:
        return [
            await total_inventory(app),
            await report_stock_value(app),
            [row.product.id for row in (await list_low_stock(app, 10))[0]],
            *[
                [row.product.id for row in (await list_inventory(app, ListInventory(status=status)))[0]]
                for status in ("LOW", "OUT", "IN_STOCK")
            ],
            [row.product.id for row in (await list_products(app, ADMIN, ListProducts(low_stock=True)))[0]],
            [
                row.product.id
                for row in (await list_products(app, ADMIN, ListProducts(low_stock=True, category="food")))[0]
            ],
        ]

    before = await seen()
    assert await backfill(app)
    assert await seen() == before
    assert before[2] == low
    first, token = await list_low_stock(app, 2)
    rest, end = await list_low_stock(app, 2, token)
    assert [row.product.id for row in (*first, *rest)] == low
    assert end is None


async def test_recovered_products_are_not_listed_as_low_before_the_handler_ran(app: App, product: Product) -> None:
    chair = (await product(3)).product.id
    await backfill(app)
    await change_stock(app, ADMIN, ChangeStock(chair, 30, "RESTOCK"))
    assert (await list_low_stock(app, 10))[0] == []
    assert (await list_inventory(app, ListInventory(status="LOW")))[0] == []
    assert (await list_products(app, ADMIN, ListProducts(low_stock=True)))[0] == []


async def as_written_before(app: App, product_ids: list[str]) -> None:
    """Write products as a former release did: in the list by time alone, and no backfill known."""
    found = await app.store.get([product_key(each) for each in product_ids])
    batch = Batch()
    for item in found.values():
        batch.put(
            item.key, item.body, item.version, {"list": ("PRODUCT", item.read(Product).id)}, text=item.body["name"]
        )
    progress = await load_progress(app.store, "products")
    batch.delete(("BACKFILL", "products"), progress.version)
    await batch.commit(app.store)


async def test_an_older_shop_is_backfilled_in_steps_that_resume_after_a_stop(
    app: App, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfills, "STEP", 2)
    monkeypatch.setattr(backfills, "STEPS_MAX", 2)
    ids = [(await product(1, name=f"Chair {'abcdefg'[number]}")).product.id for number in range(7)]
    await as_written_before(app, ids)
    with pytest.raises(Exception, match="by name and price are still being built"):
        await list_products(app, ADMIN, ListProducts(sort="name"))
    calls = 1
    while not await backfill(app):
        calls += 1
    assert calls > 2
    rows, _ = await list_products(app, ADMIN, ListProducts(sort="-name"))
    assert [row.product.id for row in rows] == ids[::-1]
    assert await sums(app) == await recount(app)
    assert await backfill(app)


async def test_totals_of_another_format_are_rebuilt(
    app: App, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    await product(1)
    await backfill(app)
    monkeypatch.setitem(progress_records.FORMAT, "stocks", 2)
    assert not (await load_progress(app.store, "stocks")).done
    assert await backfill(app)
    assert (await load_progress(app.store, "stocks")).done


async def test_the_audit_finds_a_wrong_count_and_the_repair_recounts(app: App, product: Product) -> None:
    chair, table = [(await product(5)).product.id for _ in range(2)]
    await backfill(app)
    assert (await audit(app)).is_clean
    part = (await load_counted(app.store, [chair]))[chair]
    totals = await load_totals(app.store)
    batch = Batch()
    put_counted(batch, replace_part(part, available=99), chair)
    put_totals(batch, replace_part(totals, sums={**totals.sums, "products": 7}))
    await batch.commit(app.store)

    report = await audit(app)
    assert {drift.product_id for drift in report.drifts} == {"", chair}
    assert await repair(app, ADMIN, report) == []

    assert (await audit(app)).is_clean
    assert await sums(app) == await recount(app)
    assert table in {part.product_id async for _, part in every(partial(positions_of_low, app.store))}


def replace_part(part: Any, **changes: Any) -> Any:
    from msgspec.structs import replace as changed

    return changed(part, **changes)


async def test_totals_that_wait_for_their_handler_are_no_drift(app: App, product: Product) -> None:
    chair = (await product(5)).product.id
    await backfill(app)
    await change_stock(app, ADMIN, ChangeStock(chair, -1, "ADJUSTMENT"))
    assert (await audit(app)).is_clean
    batch = Batch()
    cursors = (await app.store.tail(limit=1, reverse=True))[0].position
    put_cursor(batch, "stock-watch", cursors, ABSENT)
    await batch.commit(app.store)
    report = await audit(app)
    assert {drift.product_id for drift in report.drifts} == {chair}
    await repair(app, ADMIN, report)
    assert (await audit(app)).is_clean
