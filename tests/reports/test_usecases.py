"""Reports count to the unit: what was sold, what came back, what is left, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from stockwright.adapters.ids import SystemIds
from stockwright.base.errors import Invalid, NotFound
from stockwright.catalog.backfill import backfill
from stockwright.catalog.inventory import ChangeStock, Initialize, Transfer, change_stock, initialize, transfer
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.stocked import get_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.context import App
from stockwright.orders.model import Order
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    deliver_order,
    pack_order,
    place_order,
    return_order,
)
from stockwright.products.variant_rules import NewVariant
from stockwright.reports.revenue import Margin
from stockwright.reports.stock_reports import Moved, report_stock_history, report_stock_value
from stockwright.reports.usecases import Range, report_sales, report_summary, report_top_products
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import add_location
from stockwright.store.port import Key, Page
from tests.conftest import ADMIN, ALICE, Clock, Product
from tests.registered import run_many
from tests.rollups.recount import count_all

TODAY = date(2023, 11, 14)
"""The day of the tests' clock: it shows 22:13:20 UTC."""
DAY = 24 * 60


async def buy(app: App, *lines: tuple[str, int]) -> Order:
    return await place_order(app, ALICE, PlaceOrder([LineWanted(units, product_id) for product_id, units in lines]))


async def sell(app: App, product_id: str, units: int) -> None:
    await record_sale(app, ADMIN, Sell([LineWanted(units, product_id)]))


async def test_sales_are_orders_and_till_sales_without_cancelled_or_returned_units(app: App, product: Product) -> None:
    chair, table = (await product(100)).product.id, (await product(100, price_cents=25_000)).product.id
    returned = await buy(app, (chair, 5), (table, 1))
    await cancel_order(app, ALICE, (await buy(app, (chair, 50))).id)
    await pack_order(app, ADMIN, returned.id)
    await return_order(app, ADMIN, ReturnOrder(returned.id, [ReturnItem(2, chair)]))
    await sell(app, table, 2)

    await count_all(app)
    taken = (await report_sales(app, Range(TODAY, TODAY))).total
    assert (taken.orders, taken.cancelled, taken.sales, taken.units, taken.returned) == (1, 1, 1, 6, 2)
    assert taken.cents == {"USD": 3 * 1000 + 3 * 25_000}


async def test_each_order_belongs_to_the_day_it_was_placed_on_in_the_requested_time_zone(
    app: App, product: Product, clock: Clock
) -> None:
    chair = (await product(100)).product.id
    await buy(app, (chair, 1))
    clock.advance(minutes=60)
    late = await buy(app, (chair, 2))
    clock.advance(minutes=2 * DAY)
    await sell(app, chair, 4)
    await pack_order(app, ADMIN, late.id)
    await return_order(app, ADMIN, ReturnOrder(late.id, [ReturnItem(1, chair)]))

    await count_all(app)

    async def units(zone: str) -> list[int]:
        report = await report_sales(app, Range(TODAY, date(2023, 11, 17), zone))
        assert report.total.units == sum(taken.units for _, taken in report.parts)
        return [taken.units for _, taken in report.parts]

    assert await units("UTC") == [2, 0, 4, 0]
    assert await units("Europe/Berlin") == [1, 1, 0, 4]
    assert await units("America/New_York") == [2, 0, 4, 0]
    assert (await report_sales(app, Range(TODAY, TODAY, "Europe/Berlin"))).total.orders == 1


async def test_weeks_sum_their_days(app: App, product: Product, clock: Clock) -> None:
    chair = (await product(100)).product.id
    for units in range(1, 11):
        await sell(app, chair, units)
        clock.advance(minutes=DAY)
    await count_all(app)
    report = await report_sales(app, Range(TODAY, date(2023, 11, 23)), "week")
    # 14 November 2023 is a Tuesday.
    assert [(day.isoformat(), taken.units) for day, taken in report.parts] == [
        ("2023-11-14", 1 + 2 + 3 + 4 + 5 + 6),
        ("2023-11-20", 7 + 8 + 9 + 10),
    ]


async def test_amounts_of_several_currencies_stay_apart(app: App, product: Product) -> None:
    dollars, euros = (await product(10)).product.id, (await product(10, currency="EUR", price_cents=900)).product.id
    await buy(app, (dollars, 3))
    await buy(app, (euros, 5))
    await count_all(app)
    assert (await report_sales(app, Range(TODAY, TODAY))).total.cents == {"USD": 3000, "EUR": 4500}
    value = await report_stock_value(app)
    assert value.total.cents == {"USD": 10 * 1000, "EUR": 10 * 900}

    with pytest.raises(Invalid) as refused:
        await report_top_products(app, Range(TODAY, TODAY), by="revenue")
    assert refused.value.details[0]["field"] == "currency"
    best = await report_top_products(app, Range(TODAY, TODAY), by="revenue", currency="USD")
    assert [(each.product_id, each.cents["USD"]) for each in best.products] == [(dollars, 3000)]


async def test_a_margin_is_the_revenue_of_goods_whose_cost_is_known_less_what_they_cost_when_they_were_sold(
    app: App, product: Product
) -> None:
    chair = (await product(100, cost_cents=400)).product.id
    table = (await product(100, price_cents=25_000)).product.id
    back = await buy(app, (chair, 5), (table, 1))
    await update_product(app, ADMIN, UpdateProduct(chair, {"cost_cents": 700}))
    await sell(app, chair, 2)
    await cancel_order(app, ALICE, (await buy(app, (chair, 9))).id)
    await pack_order(app, ADMIN, back.id)
    await return_order(app, ADMIN, ReturnOrder(back.id, [ReturnItem(1, chair)]))
    await count_all(app)
    taken = (await report_sales(app, Range(TODAY, TODAY))).total
    assert taken.cents == {"USD": 6 * 1000 + 25_000}
    assert taken.margins == {"USD": Margin(6 * 1000, 4 * 400 + 2 * 700)}
    assert (await report_summary(app)).today.margins == taken.margins
    best, other = (await report_top_products(app, Range(TODAY, TODAY))).products
    assert (best.margins, other.margins) == (taken.margins, {})


async def test_top_products_are_ranked_by_margin(app: App, product: Product) -> None:
    dear = (await product(50, price_cents=90_000, cost_cents=89_990)).product.id
    cheap = (await product(50, price_cents=100, cost_cents=10)).product.id
    unknown = (await product(50, price_cents=5000)).product.id
    loss = (await product(50, price_cents=100, cost_cents=101)).product.id
    await buy(app, (dear, 2), (cheap, 3), (unknown, 1), (loss, 5))
    await count_all(app)
    ranked = await report_top_products(app, Range(TODAY, TODAY), by="margin")
    assert [(each.product_id, each.margins["USD"].amount) for each in ranked.products] == [(cheap, 270), (dear, 20)]
    euros = (await product(10, currency="EUR", cost_cents=5)).product.id
    await buy(app, (euros, 1))
    await count_all(app)
    with pytest.raises(Invalid) as refused:
        await report_top_products(app, Range(TODAY, TODAY), by="margin")
    assert "rank by margin" in refused.value.details[0]["message"]


async def test_the_stock_is_worth_what_it_costs_today_as_far_as_that_is_known(app: App, product: Product) -> None:
    chair = (await product(10, cost_cents=400, price_cents=1000)).product
    await product(5, price_cents=99)
    await product(3, cost_cents=7, currency="EUR", category="food")
    variants = [
        NewVariant(options={"color": "coral"}, sku="PH-1-C", quantity=4),
        NewVariant(options={"color": "mint"}, sku="PH-1-M", quantity=2, cost_cents=900),
    ]
    phone = CreateProduct("Phone", "PH-1", None, "phone", 5000, cost_cents=800, variants=variants)
    made = (await create_product(app, ADMIN, phone)).product
    await buy(app, (chair.id, 2))
    value = await report_stock_value(app)
    assert (value.total.units, value.total.costed) == (24, 19)
    assert value.total.cost == {"USD": 10 * 400 + 4 * 800 + 2 * 900, "EUR": 21}
    assert value.reserved.cost == {"USD": 800}
    assert (value.by_category["phone"].cost, value.by_category["food"].costed) == ({"USD": 5000}, 3)
    await update_product(app, ADMIN, UpdateProduct(made.id, {"cost_cents": None}))
    await update_product(app, ADMIN, UpdateProduct(chair.id, {"cost_cents": 500}))
    await backfill(app)
    await run_many("stock-watch", app, await app.store.tail(limit=1000))
    value = await report_stock_value(app)
    assert (value.total.costed, value.total.cost) == (15, {"USD": 10 * 500 + 2 * 900, "EUR": 21})


async def test_top_products_are_ranked_by_units_or_revenue(app: App, product: Product) -> None:
    cheap, dear, gone = [(await product(50, price_cents=price)).product.id for price in (100, 90_000, 100)]
    await buy(app, (cheap, 9), (dear, 1))
    await sell(app, dear, 1)
    all_back = await buy(app, (gone, 5))
    await pack_order(app, ADMIN, all_back.id)
    await return_order(app, ADMIN, ReturnOrder(all_back.id, [ReturnItem(5, gone)]))

    await count_all(app)
    by_units = await report_top_products(app, Range(TODAY, TODAY))
    assert [(each.product_id, each.units) for each in by_units.products] == [(cheap, 9), (dear, 2)]
    by_revenue = await report_top_products(app, Range(TODAY, TODAY), by="revenue")
    assert [(each.product_id, each.cents["USD"]) for each in by_revenue.products] == [(dear, 180_000), (cheap, 900)]
    assert len((await report_top_products(app, Range(TODAY, TODAY), limit=1)).products) == 1


async def test_top_products_show_what_each_of_their_variants_sold(app: App, product: Product) -> None:
    variants = [NewVariant(options={"color": color}, sku=f"PH-{color}", quantity=9) for color in ("coral", "mint")]
    phone = (
        await create_product(app, ADMIN, CreateProduct("Phone", "PH-1", None, None, 500, variants=variants))
    ).product
    chair = (await product(50)).product.id
    coral, mint = phone.variant_ids
    await buy(app, (mint, 4), (coral, 1), (chair, 5))
    await sell(app, mint, 2)
    await count_all(app)
    first, second = (await report_top_products(app, Range(TODAY, TODAY))).products
    assert (first.product_id, first.units, first.cents, first.name) == (phone.id, 7, {"USD": 3500}, "Phone")
    shown = [(each.own_variant, each.units, each.sku, each.name) for each in first.variants]
    assert shown == [(mint, 6, "PH-mint", "Phone (color: mint)"), (coral, 1, "PH-coral", "Phone (color: coral)")]
    assert (second.product_id, second.units, second.variants) == (chair, 5, [])


async def test_the_summary_shows_today_yesterday_and_open_work(app: App, product: Product, clock: Clock) -> None:
    chair, few = (await product(100)).product.id, (await product(4)).product.id
    await sell(app, chair, 7)
    clock.advance(minutes=DAY)
    await buy(app, (chair, 1))
    packed = await buy(app, (chair, 2))
    await pack_order(app, ADMIN, packed.id)
    delivered = await buy(app, (few, 4))
    await pack_order(app, ADMIN, delivered.id)
    await deliver_order(app, ADMIN, delivered.id)

    await count_all(app)
    found = await report_summary(app)
    assert found.period.last == date(2023, 11, 15)
    assert (found.today.orders, found.today.units, found.today.cents) == (3, 7, {"USD": 7000})
    assert (found.yesterday.sales, found.yesterday.units) == (1, 7)
    assert found.open_orders == {"PENDING": 1, "CONFIRMED": 0, "PACKED": 1}
    assert (found.inventory.out, found.inventory.low, found.inventory.total) == (1, 0, 91)
    assert (found.dead_letters, found.retries) == (0, 0)


async def test_stock_is_valued_at_current_prices(app: App, product: Product) -> None:
    chair = (await product(10, category="other")).product
    phone = (await product(3, category="phone", price_cents=50_000)).product
    await product(5, category="phone", price_cents=99)
    await initialize(app, ADMIN, Initialize("foreign", "FOREIGN-1", 8, "default"))
    await add_location(app, ADMIN, "store", "Store", 200)
    await initialize(app, ADMIN, Initialize(chair.id, chair.sku, 0, "store"))
    await transfer(app, ADMIN, Transfer(chair.id, 4, "default", "store", ""))
    await buy(app, (phone.id, 2))
    await update_product(app, ADMIN, UpdateProduct(chair.id, {"price_cents": 2000}))
    await delete_product(app, ADMIN, (await product(7)).product.id)

    value = await report_stock_value(app)
    assert (value.total.units, value.total.unpriced) == (26, 8)
    assert value.total.cents == {"USD": 10 * 2000 + 3 * 50_000 + 5 * 99}
    assert value.reserved.cents == {"USD": 2 * 50_000}
    assert value.available.cents + value.reserved.cents == value.total.cents
    assert {location: worth.units for location, worth in value.by_location.items()} == {"default": 22, "store": 4}
    assert value.by_category["phone"].cents == {"USD": 3 * 50_000 + 5 * 99}


async def test_the_history_of_a_product_shows_the_closing_stock_of_each_day(
    app: App, product: Product, clock: Clock
) -> None:
    chair = (await product(20)).product
    clock.advance(minutes=DAY)
    await change_stock(app, ADMIN, ChangeStock(chair.id, 30, "RESTOCK"))
    await sell(app, chair.id, 5)
    clock.advance(minutes=2 * DAY)
    await change_stock(app, ADMIN, ChangeStock(chair.id, -1, "ADJUSTMENT"))
    order = await buy(app, (chair.id, 10))
    await pack_order(app, ADMIN, order.id)
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(3, chair.id)]))
    clock.advance(minutes=DAY)
    await sell(app, chair.id, 2)

    async def changes(first: int, last: int) -> list[tuple[int, int | None]]:
        wanted = Range(date(2023, 11, first), date(2023, 11, last))
        history = await report_stock_history(app, wanted, product_id=chair.id)
        return [(moved.change, moved.closing) for _, moved in history.parts]

    assert await changes(14, 18) == [(20, 20), (25, 45), (0, 45), (-8, 37), (-2, 35)]
    assert await changes(15, 16) == [(25, 45), (0, 45)]
    whole = await report_stock_history(app, Range(TODAY, date(2023, 11, 18)))
    assert [moved for _, moved in whole.parts][3] == Moved(
        {"ADJUSTMENT": -1, "SALE": -10, "RETURN": 3},  # type: ignore[arg-type]
        None,
    )
    with pytest.raises(NotFound):
        await report_stock_history(app, Range(TODAY, TODAY), product_id="nobody")


class Ticking(Clock):
    """A clock that goes on a millisecond each time it is asked."""

    def now(self) -> int:
        self.at += 1
        return self.at


async def test_a_movement_belongs_to_the_day_of_its_time_and_not_of_its_id(app: App, product: Product) -> None:
    chair = (await product(10)).product.id
    midnight = int(datetime(2023, 11, 15, tzinfo=UTC).timestamp()) * 1000
    for early in range(10):
        clock = Ticking(midnight - early)
        await change_stock(replace(app, clock=clock, ids=SystemIds(clock)), ADMIN, ChangeStock(chair, 7, "RESTOCK"))
    ledger, _ = await list_movements(app, MovementFilter(limit=100))
    assert any(each.movement.at < midnight and each.movement.id > app.ids.first("mov", midnight) for each in ledger)
    days = [Range(date(2023, 11, day), date(2023, 11, day)) for day in (14, 15)]
    of_shop = [(await report_stock_history(app, each)).parts[0][1].change for each in days]
    of_chair = [(await report_stock_history(app, each, product_id=chair)).parts[0][1].change for each in days]
    assert of_shop == of_chair
    assert sum(of_shop) == (await get_product(app, chair)).stock.total == 80
    for bounds, change in zip(({"until": midnight}, {"since": midnight}), of_shop, strict=True):
        listed: list[int] = []
        after: str | None = None
        while True:
            page, after = await list_movements(app, MovementFilter(**bounds, limit=2, after=after))  # type: ignore[arg-type]
            listed += [each.movement.quantity for each in page]
            if after is None:
                break
            assert len(page) == 2
        assert sum(listed) == change


class Counting:
    """The store, and how often it was asked."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.calls = 0
        self.items = 0
        self.read: list[Key] = []

    async def query(self, *given: Any, **named: Any) -> Page:
        self.calls += 1
        page: Page = await self.store.query(*given, **named)
        self.items += len(page.items)
        self.read += [item.key for item in page.items]
        return page

    async def count(self, *given: Any, **named: Any) -> int:
        self.calls += 1
        counted: int = await self.store.count(*given, **named)
        return counted

    async def get(self, keys: Sequence[Key]) -> Any:
        self.calls += 1
        found = await self.store.get(keys)
        self.items += len(found)
        self.read += keys
        return found


async def test_the_store_calls_and_items_of_a_report_do_not_grow_with_orders_or_lines(
    app: App, product: Product
) -> None:
    chairs = [(await product(1000)).product.id for _ in range(6)]
    shop = app.store
    costs = []
    for _ in range(2):
        for _ in range(10):
            await buy(app, *((chair, 1) for chair in chairs))
            await sell(app, chairs[0], 1)
        await count_all(app)
        counting = Counting(shop)
        app.store = counting  # type: ignore[assignment]
        try:
            await report_sales(app, Range(TODAY, TODAY))
            await report_top_products(app, Range(TODAY, TODAY))
            await report_summary(app)
        finally:
            app.store = shop
        costs.append((counting.calls, counting.items))
    assert costs[0] == costs[1]
    assert costs[0][0] == 19


async def test_reports_read_no_order(app: App, product: Product) -> None:
    chair = (await product(10)).product.id
    await buy(app, (chair, 1))
    await count_all(app)
    counting = Counting(app.store)
    reading = replace(app, store=counting)  # type: ignore[arg-type]
    assert (await report_summary(reading)).today.orders == 1
    assert (await report_top_products(reading, Range(TODAY, TODAY))).products[0].units == 1
    assert (await report_sales(reading, Range())).total.orders == 1
    assert not [key for key in counting.read if key[0].startswith("ORDER")]


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Asia/Kolkata", "Australia/Eucla", "Pacific/Chatham", "UTC"])
async def test_days_that_begin_on_any_quarter_of_an_hour_are_exact(
    app: App, product: Product, clock: Clock, zone: str
) -> None:
    chairs = [(await product(500)).product.id for _ in range(2)]
    sold: list[tuple[date, str, int]] = []
    for number in range(80):
        clock.advance(minutes=52)
        await sell(app, chairs[number % 2], 1 + number % 3)
        sold.append(
            (datetime.fromtimestamp(clock.at / 1000, ZoneInfo(zone)).date(), chairs[number % 2], 1 + number % 3)
        )
    await count_all(app)
    for first, last in ((TODAY, TODAY), (date(2023, 11, 15), date(2023, 11, 16)), (TODAY, date(2023, 11, 18))):
        wanted = Range(first, last, zone)
        by_day = {day: taken.units for day, taken in (await report_sales(app, wanted)).parts}
        assert by_day == {day: sum(units for at, _, units in sold if at == day) for day in by_day}
        top = {each.product_id: each.units for each in (await report_top_products(app, wanted)).products}
        expected = {chair: sum(n for at, each, n in sold if each == chair and first <= at <= last) for chair in chairs}
        assert top == {chair: units for chair, units in expected.items() if units}
