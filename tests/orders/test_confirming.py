"""Orders that are confirmed together are confirmed as each would be by itself."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from stockwright.adapters.mail import LocalMailbox
from stockwright.base.event import Event
from stockwright.context import App
from stockwright.notifications.records import page_of_notifications
from stockwright.orders.model import Order
from stockwright.orders.usecases import PlaceOrder, cancel_order, get_order, place_order
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.records import get_stock, page_of_movements
from tests.conftest import ADMIN, ALICE, Product
from tests.registered import registered

CONFIRMATION = registered("order-confirmation")


async def placed(app: App) -> list[Event]:
    return [event for event in await app.store.tail(limit=1000) if event.name == "order.placed"]


async def run_many(app: App, events: list[Event]) -> list[str]:
    """Confirm the orders of events together; returns the subjects of those that are left."""
    assert CONFIRMATION.run_many is not None
    app = replace(app, mail=LocalMailbox())
    return [event.subject for event in await CONFIRMATION.run_many(app, events) or ()]


async def statuses(app: App, orders: list[Order]) -> list[str]:
    return [(await get_order(app, ADMIN, order.id)).status for order in orders]


async def test_orders_of_the_same_products_are_confirmed_in_commits_of_their_own(
    app: App, product: Product, engine: str
) -> None:
    chair, table = await product(quantity=100), await product(quantity=100)
    lines = [LineWanted(2, chair.product.id), LineWanted(1, table.product.id)]
    orders = [await place_order(app, ALICE, PlaceOrder(lines)) for _ in range(5)]
    assert await run_many(app, await placed(app)) == []

    assert await statuses(app, orders) == ["CONFIRMED"] * 5
    mails, _ = await page_of_notifications(app.store)
    assert {mail.about for mail in mails} == {order.id for order in orders}
    assert {(mail.status, mail.template) for mail in mails} == {("KEPT", "order-confirmation")}
    stock = await get_stock(app.store, chair.product.id)
    assert (stock.available, stock.reserved, stock.total) == (90, 0, 90)
    movements, _ = await page_of_movements(app.store, chair.product.id, where={"type": "SALE"})
    # DynamoDB adds up by itself, and stores no balance.
    known = [90, 92, 94, 96, 98] if engine == "sqlite" else [None] * 5
    assert [each.balance_after for each in movements] == known
    assert {each.actor for each in movements} == {ALICE.actor.id}
    names = [event.name for event in await app.store.tail(limit=1000)]
    assert names.count("order.confirmed") == 5


async def test_what_is_not_as_usual_is_left(app: App, product: Product) -> None:
    chair = await product(quantity=100)
    orders = [await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair.product.id)])) for _ in range(3)]
    await cancel_order(app, ALICE, orders[0].id)
    events = await placed(app)
    assert await run_many(app, events) == [orders[0].id]
    # A second time, as after a crash: nothing happens twice.
    assert await run_many(app, events) == [order.id for order in orders]
    for event in events:
        await CONFIRMATION.run(replace(app, mail=LocalMailbox()), event)
    assert await statuses(app, orders) == ["CANCELLED", "CONFIRMED", "CONFIRMED"]
    assert (await get_stock(app.store, chair.product.id)).total == 98
    assert len((await page_of_notifications(app.store))[0]) == 2


async def test_twins_confirm_an_order_once(app: App, product: Product) -> None:
    chair = await product(quantity=100)
    orders = [await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair.product.id)])) for _ in range(20)]
    events = await placed(app)
    left = await asyncio.gather(run_many(app, events), run_many(app, events[::-1]))
    assert sorted(left[0] + left[1]) == sorted(order.id for order in orders)
    assert await statuses(app, orders) == ["CONFIRMED"] * 20
    assert (await get_stock(app.store, chair.product.id)).total == 80
