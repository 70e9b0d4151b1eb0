"""What takes a step while a list of it is read is in two statuses of that list, and is told once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from stockwright.domain.stock import Wanted
from stockwright.store.port import Page
from stockwright.store.records.orders import pages_of_every_order
from stockwright.usecases.context import App
from stockwright.usecases.exports import export
from stockwright.usecases.lines import LineWanted
from stockwright.usecases.orders import ListOrders, PlaceOrder, confirm_order, list_orders, place_order
from stockwright.usecases.reports import Range, report_sales
from stockwright.usecases.reservations import (
    ListReservations,
    Reserve,
    confirm_reservation,
    list_reservations,
    reserve_stock,
)
from tests.conftest import ADMIN, ALICE, Product

Step = Callable[[], Awaitable[object]]


class Meanwhile:
    """The real store; something happens right after the first list of a kind was read."""

    def __init__(self, store: Any, read: str, happens: Step) -> None:
        self._store, self._read, self._happens = store, read, happens
        self.happened = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def query(self, partition: str, **named: Any) -> Page:
        page: Page = await self._store.query(partition, **named)
        if partition == self._read and not self.happened:
            self.happened = True
            await self._happens()
        return page


async def while_reading(app: App, read: str, happens: Step, look: Step) -> Any:
    """Look, while something happens behind the list that is read first."""
    store = app.store
    app.store = meanwhile = Meanwhile(store, read, happens)  # type: ignore[assignment]
    try:
        seen = await look()
    finally:
        app.store = store
    assert meanwhile.happened
    return seen


async def an_order(app: App, product: Product) -> str:
    wanted = [LineWanted(2, (await product(5)).product.id)]
    return (await place_order(app, ALICE, PlaceOrder(wanted))).id


async def test_an_order_that_is_confirmed_while_all_are_listed_is_listed_once_as_it_is_now(
    app: App, product: Product
) -> None:
    order_id = await an_order(app, product)
    page, after = await while_reading(
        app,
        "ORDER#PENDING",
        lambda: confirm_order(app, ADMIN, order_id),
        lambda: list_orders(app, ADMIN, ListOrders(everybody=True, limit=1)),
    )
    assert [(order.id, order.status) for order in page] == [(order_id, "CONFIRMED")]
    assert after is None


async def test_a_hold_that_is_used_while_all_are_listed_is_listed_once_as_it_is_now(app: App, product: Product) -> None:
    held = await reserve_stock(app, ALICE, Reserve([Wanted((await product(5)).product.id, 2)], "cart-1", 15))
    page, after = await while_reading(
        app,
        "RESERVATION#ACTIVE",
        lambda: confirm_reservation(app, ADMIN, held.id),
        lambda: list_reservations(app, ADMIN, ListReservations(everybody=True, limit=1)),
    )
    assert [(each.id, each.status) for each in page] == [(held.id, "CONFIRMED")]
    assert after is None


async def test_an_order_that_is_confirmed_while_all_are_exported_is_exported_once(app: App, product: Product) -> None:
    order_id = await an_order(app, product)

    async def exported() -> list[object]:
        return [row[0] async for rows in export(app, "orders") for row in rows]

    rows = await while_reading(app, "ORDER#PENDING", lambda: confirm_order(app, ADMIN, order_id), exported)
    assert rows == [order_id]


async def test_an_order_that_is_confirmed_while_they_are_counted_is_counted_once(app: App, product: Product) -> None:
    order_id = await an_order(app, product)
    report = await while_reading(
        app,
        "ORDER#PENDING",
        lambda: confirm_order(app, ADMIN, order_id),
        lambda: report_sales(app, Range()),
    )
    assert (report.total.orders, report.total.units) == (1, 2)


async def test_going_through_every_order_ends_however_fast_new_ones_are_placed(app: App, product: Product) -> None:
    chair = (await product(100)).product.id
    placed: list[str] = []

    class Busy:
        async def query(self, partition: str, **named: Any) -> Page:
            page: Page = await app.store.query(partition, **named)
            if len(placed) < 40:
                placed.append((await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))).id)
            return page

    before = [(await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))).id for _ in range(2)]
    busy: Any = Busy()
    seen = [order.id async for page in pages_of_every_order(busy, 1) for order in page]
    assert seen == before[::-1]
