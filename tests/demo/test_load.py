"""The demo is a believable shop: every kind of goods, weeks of past, work of today, and nothing in the future."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stockwright.accounts.records import find_account_by_email
from stockwright.accounts.usecases import set_password
from stockwright.app import build, close
from stockwright.audit.usecases import AuditReport, audit
from stockwright.base.event import Event
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.catalog.stocked import StockedProduct
from stockwright.config import Settings
from stockwright.context import App
from stockwright.demo.load import ADMIN, load_demo_into_empty_shop
from stockwright.operations.usecases import list_dead_letters, list_notifications
from stockwright.orders.model import Order
from stockwright.orders.usecases import ListOrders, list_orders
from stockwright.products.model import CATEGORIES
from stockwright.request import BY_SYSTEM
from stockwright.reservations.usecases import ListReservations, list_reservations
from tests.conftest import ADMIN as ACTOR
from tests.conftest import START, Clock, Product

DAY_MS = 24 * 3_600_000
NOWHERE = "http://127.0.0.1:9/never-called"


@dataclass
class Shop:
    """What can be seen of a demo shop right after it was loaded."""

    notes: list[str]
    audited: AuditReport
    dead_letters: int
    holds: Counter[str]
    mails: Counter[str]
    products: list[StockedProduct] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


async def loaded(folder: Path) -> Shop:
    """Load the demo as of a known day, with outside services set that it must leave alone."""
    settings = Settings(data_dir=folder, warehouse_url=NOWHERE, delivery_url=NOWHERE, smtp_url="smtp://127.0.0.1:9")
    app = await build(settings, Clock(START))
    try:
        notes = await load_demo_into_empty_shop(app)
        return await looked_at(app, notes)
    finally:
        await close(app)


async def looked_at(app: App, notes: list[str]) -> Shop:
    holds, _ = await list_reservations(app, ACTOR, ListReservations(everybody=True, limit=100))
    found, _ = await list_notifications(app, 100)
    letters, _ = await list_dead_letters(app, 100)
    shop = Shop(
        notes,
        await audit(app),
        len(letters),
        Counter(hold.status for hold in holds),
        Counter(each.channel for each in found),
    )
    shop.products, _ = await list_products(app, ACTOR, ListProducts(limit=100))
    after: str | None = None
    while True:
        page, after = await list_orders(app, ACTOR, ListOrders(everybody=True, limit=100, after=after))
        shop.orders += page
        if after is None:
            break
    position = ""
    while events := await app.store.tail(position, 1000):
        shop.events += events
        position = events[-1].position
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return asyncio.run(loaded(tmp_path_factory.mktemp("demo")))


def test_the_demo_sells_more_than_sixty_products_of_every_category(shop: Shop) -> None:
    assert len(shop.products) >= 60
    assert {each.product.category for each in shop.products} == set(CATEGORIES)
    assert all(each.product.brand and each.product.type and each.product.price_cents for each in shop.products)
    assert len({each.product.description for each in shop.products}) == len(shop.products)
    assert sum("color" in each.product.options for each in shop.products) > 40


def test_the_demo_has_several_locations_with_low_and_sold_out_stock(shop: Shop) -> None:
    assert len({location for each in shop.products for location in each.stock.levels}) > 1
    statuses = Counter(each.stock.status for each in shop.products)
    assert statuses["LOW"] >= 4
    assert statuses["OUT"] >= 2
    assert statuses["IN_STOCK"] > 50


def test_the_demo_has_weeks_of_orders_in_every_status(shop: Shop) -> None:
    statuses = Counter(order.status for order in shop.orders)
    assert statuses["DELIVERED"] > 80
    assert min(statuses["CONFIRMED"], statuses["PACKED"], statuses["CANCELLED"]) >= 3
    assert any(line.returned for order in shop.orders for line in order.lines)
    assert any(len(order.lines) > 3 for order in shop.orders)
    days = Counter((START - order.created_at) // DAY_MS for order in shop.orders)
    assert set(days) >= set(range(34))
    assert all(steps == sorted(steps) for steps in ([step.at for step in order.timeline] for order in shop.orders))


def test_nothing_in_the_demo_is_dated_in_the_future(shop: Shop) -> None:
    # The event handlers take a moment of their own, which the clock of the past does not count.
    assert max(event.at for event in shop.events) <= START + 1
    assert [event.at for event in shop.events] == sorted(event.at for event in shop.events)
    assert max(order.updated_at for order in shop.orders) <= START + 1


def test_carts_are_being_checked_out_and_goods_were_sold_at_the_till(shop: Shop) -> None:
    assert shop.holds == {"ACTIVE": 4, "CONFIRMED": 1, "CANCELLED": 1}
    assert sum(event.name == "sale.recorded" for event in shop.events) > 50


def test_every_number_of_the_demo_adds_up(shop: Shop) -> None:
    assert shop.audited.is_clean
    assert shop.audited.movements > 300


def test_the_demo_sends_no_mail_and_calls_no_partner(shop: Shop) -> None:
    assert shop.dead_letters == 0
    assert set(shop.mails) == {"email", "sms"}


def test_two_loads_have_the_same_content(shop: Shop, tmp_path: Path) -> None:
    def story(of: Shop) -> object:
        skus = {each.product.id: each.product.sku for each in of.products}
        orders = [
            (order.user_email, order.status, [(line.sku, line.quantity, line.options) for line in order.lines])
            for order in of.orders
        ]
        return orders, {skus[each.product.id]: each.stock.levels for each in of.products}

    again = asyncio.run(loaded(tmp_path / "again"))
    assert story(again) == story(shop)
    assert again.notes != shop.notes, "passwords are made for each data folder"


async def test_a_shop_that_was_used_is_not_changed(app: App, product: Product) -> None:
    await product()
    before = await app.store.tail(limit=1, reverse=True)
    assert await load_demo_into_empty_shop(app) == []
    assert await app.store.tail(limit=1, reverse=True) == before
    assert not (app.settings.data_dir / "demo-passwords").exists()


async def test_a_demo_password_that_no_longer_works_is_not_printed(tmp_path: Path) -> None:
    app = await build(Settings(data_dir=tmp_path / "data"), Clock(START))
    try:
        admin, customer = await load_demo_into_empty_shop(app)
        assert ADMIN in admin
        assert await load_demo_into_empty_shop(app) == [admin, customer]
        account = await find_account_by_email(app.store, ADMIN)
        assert account is not None
        await set_password(app, BY_SYSTEM, account.id, "Vier-Blauwale-77")
        assert await load_demo_into_empty_shop(app) == [customer]
    finally:
        await close(app)


def test_some_products_of_the_demo_have_variants_with_stock_of_their_own(shop: Shop) -> None:
    own = {each.product.sku: each for each in shop.products if each.product.stock_per_variant}
    assert own["PH-AUR-12P"].product.names_of_options == ("color", "storage")
    assert own["CL-SHI-O"].product.names_of_options == ("color", "size")
    assert all(sum(stock.available > 0 for stock in each.stocks) > 0 for each in own.values())
    assert any(not stock.available for each in own.values() for stock in each.stocks)
    sold = {line.own_variant for order in shop.orders for line in order.lines}
    assert all(sold & set(each.product.variant_ids) for each in own.values())
