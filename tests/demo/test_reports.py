"""Reports over the demo's five weeks, against a plain recount of every order, sale, level and movement."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import UNSET

from stockwright.app import build, close
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.config import Settings
from stockwright.context import App
from stockwright.demo.load import load_demo_into_empty_shop
from stockwright.orders.model import Order
from stockwright.orders.usecases import ListOrders, list_orders
from stockwright.reports.stock_reports import report_stock_history, report_stock_value
from stockwright.reports.usecases import Range, report_sales, report_summary, report_top_products
from stockwright.sales.model import Sale
from stockwright.sales.usecases import list_sales
from tests.conftest import ADMIN, START, Clock
from tests.rollups.recount import count_all

ALL = Range(date(2023, 10, 1), date(2023, 11, 20))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("demo")

    async def work() -> None:
        app = await build(Settings(data_dir=made), Clock(START))
        try:
            await load_demo_into_empty_shop(app)
            await count_all(app)
        finally:
            await close(app)

    asyncio.run(work())
    return made


@pytest.fixture
async def shop(folder: Path) -> AsyncIterator[App]:
    app = await build(Settings(data_dir=folder), Clock(START))
    yield app
    await close(app)


async def every_sold(app: App) -> list[Order | Sale]:
    sold: list[Order | Sale] = []
    after: str | None = None
    while True:
        orders, after = await list_orders(app, ADMIN, ListOrders(everybody=True, limit=100, after=after))
        sold += [order for order in orders if order.status != "CANCELLED"]
        if after is None:
            break
    while True:
        sales, after = await list_sales(app, 100, after)
        sold += sales
        if after is None:
            return sold


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata"])
async def test_each_days_sales_are_those_of_its_orders_and_sales(shop: App, zone: str) -> None:
    units: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    for each in await every_sold(shop):
        day = datetime.fromtimestamp(each.created_at / 1000, ZoneInfo(zone)).date().isoformat()
        for line in each.lines:
            units[day] += line.quantity - line.returned
            cents[day] += (line.quantity - line.returned) * line.unit_price_cents
    report = await report_sales(shop, Range(ALL.first, ALL.last, zone))
    assert {day.isoformat(): taken.units for day, taken in report.parts if taken.units} == +units
    assert {day.isoformat(): taken.cents["USD"] for day, taken in report.parts if taken.units} == +cents
    assert report.total.cents == {"USD": cents.total()}
    assert len(units) > 30
    assert report.total.returned > 0
    assert report.total.cancelled > 0


async def test_top_products_equal_a_recount(shop: App) -> None:
    units: Counter[str] = Counter()
    margins: Counter[str] = Counter()
    for each in await every_sold(shop):
        for line in each.lines:
            units[line.product_id] += line.quantity - line.returned
            if line.cost_cents is not UNSET:
                left = line.unit_price_cents - line.cost_cents
                margins[line.product_id] += (line.quantity - line.returned) * left
    found = await report_top_products(shop, ALL, limit=100)
    assert {each.product_id: each.units for each in found.products} == +units
    assert {each.product_id: each.margins["USD"].amount for each in found.products if each.margins} == +margins
    assert all(each.margins["USD"].revenue == each.cents["USD"] for each in found.products if each.margins)
    assert (await report_sales(shop, ALL)).total.margins["USD"].amount == margins.total()


async def test_the_stock_value_is_units_times_price(shop: App) -> None:
    value, cost, units, after = 0, 0, 0, None
    while True:
        page, after = await list_products(shop, ADMIN, ListProducts(limit=100, after=after))
        counted = [(each.product, stock) for each in page for stock in each.stocks]
        value += sum(stock.total * product.price_of(stock.own_variant) for product, stock in counted)
        cost += sum(stock.total * (product.cost_of(stock.own_variant) or 0) for product, stock in counted)
        units += sum(each.stock.total for each in page)
        if after is None:
            break
    found = await report_stock_value(shop)
    assert (found.total.units, found.total.cents, found.total.cost) == (units, {"USD": value}, {"USD": cost})
    assert 0 < units - found.total.costed < units / 4
    assert sum(each.units for each in found.by_category.values()) == units
    assert sum(each.units for each in found.by_location.values()) == units


async def test_the_stock_history_equals_the_sums_of_movements(shop: App) -> None:
    booked: defaultdict[str, Counter[str]] = defaultdict(Counter)
    after: str | None = None
    while True:
        page, after = await list_movements(shop, MovementFilter(limit=100, after=after))
        for view in page:
            day = datetime.fromtimestamp(view.movement.at / 1000, ZoneInfo("UTC")).date().isoformat()
            booked[day][view.movement.type] += view.movement.quantity
        if after is None:
            break
    history = await report_stock_history(shop, ALL)
    assert {day.isoformat(): moved.units for day, moved in history.parts if moved.units} == dict(booked)
    total = (await report_stock_value(shop)).total.units
    assert sum(moved.change for _, moved in history.parts) == total


async def test_the_history_of_a_product_ends_with_its_current_stock(shop: App) -> None:
    top = (await report_top_products(shop, ALL, limit=3)).products
    for each in top:
        history = await report_stock_history(shop, ALL, "week", each.product_id)
        page, _ = await list_movements(shop, MovementFilter(product_id=each.product_id, limit=100))
        assert history.parts[-1][1].closing == sum(view.movement.quantity for view in page)


async def test_the_summarys_two_days_are_those_of_the_sales_report(shop: App) -> None:
    summary = await report_summary(shop)
    days = dict((await report_sales(shop, Range())).parts)
    assert summary.today == days[date(2023, 11, 14)]
    assert summary.yesterday == days[date(2023, 11, 13)]
    assert summary.today.orders > 0
