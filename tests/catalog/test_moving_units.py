"""An order that changes its status while a list of all orders is read: it is listed once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Any

from stockwright.catalog.explain import explain
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.context import App
from stockwright.exports.usecases import export
from stockwright.orders.records import pages_of_every_order
from stockwright.orders.usecases import ListOrders, PlaceOrder, confirm_order, list_orders, place_order
from stockwright.reservations.usecases import (
    ListReservations,
    Reserve,
    confirm_reservation,
    list_reservations,
    reserve_stock,
)
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.model import Wanted
from stockwright.store.port import Item, Key, Page
from tests.conftest import ADMIN, ALICE, Product

Step = Callable[[], Awaitable[object]]


class Meanwhile:
    """The real store; something happens right after the first list, or item, of a kind was read."""

    def __init__(self, store: Any, read: str, happens: Step, *, every_time: bool = False) -> None:
        self._store, self._read, self._happens, self._every_time = store, read, happens, every_time
        self.happened = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def query(self, partition: str, **named: Any) -> Page:
        page: Page = await self._store.query(partition, **named)
        await self._was_read(partition)
        return page

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        found: dict[Key, Item] = await self._store.get(keys)
        for _, sort in keys:
            await self._was_read(sort)
        return found

    async def _was_read(self, what: str) -> None:
        if what == self._read and (self._every_time or not self.happened):
            self.happened = True
            await self._happens()


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


async def test_an_order_that_is_confirmed_while_orders_are_listed_is_listed_once_in_its_new_status(
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


async def test_a_hold_that_is_used_while_holds_are_listed_is_listed_once_in_its_new_status(
    app: App, product: Product
) -> None:
    held = await reserve_stock(app, ALICE, Reserve([Wanted((await product(5)).product.id, 2)], "cart-1", 15))
    page, after = await while_reading(
        app,
        "RESERVATION#ACTIVE",
        lambda: confirm_reservation(app, ADMIN, held.id),
        lambda: list_reservations(app, ADMIN, ListReservations(everybody=True, limit=1)),
    )
    assert [(each.id, each.status) for each in page] == [(held.id, "CONFIRMED")]
    assert after is None


async def test_an_order_that_is_confirmed_during_an_export_is_exported_once(app: App, product: Product) -> None:
    order_id = await an_order(app, product)

    async def exported() -> list[object]:
        return [row[0] async for rows in export(app, ADMIN, "orders") for row in rows]

    rows = await while_reading(app, "ORDER#PENDING", lambda: confirm_order(app, ADMIN, order_id), exported)
    assert rows == [order_id]


async def test_going_through_every_order_ends_however_fast_new_ones_are_placed(app: App, product: Product) -> None:
    chair = (await product(100)).product.id
    placed: list[str] = []

    class Placing:
        async def query(self, partition: str, **named: Any) -> Page:
            page: Page = await app.store.query(partition, **named)
            if len(placed) < 40:
                placed.append((await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))).id)
            return page

    before = [(await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))).id for _ in range(2)]
    busy: Any = Placing()
    seen = [order.id async for page in pages_of_every_order(busy, 1) for order in page]
    assert seen == before[::-1]


async def test_stock_and_holds_of_an_explanation_are_of_one_moment(app: App, product: Product) -> None:
    order_id = await an_order(app, product)
    chair = (await list_orders(app, ADMIN, ListOrders(everybody=True)))[0][0].lines[0].product_id
    found = await while_reading(app, "STOCK", lambda: confirm_order(app, ADMIN, order_id), lambda: explain(app, chair))
    assert (found.stock.reserved, found.held) == (0, 0)


async def test_a_product_that_changes_all_the_time_is_explained_as_last_read(app: App, product: Product) -> None:
    chair, calm = (await product(1000)).product.id, copy(app)
    busy: Any = Meanwhile(
        app.store, "STOCK", lambda: change_stock(calm, ADMIN, ChangeStock(chair, 1, "RESTOCK")), every_time=True
    )
    app.store = busy
    try:
        found = await explain(app, chair)
        ledger, _ = await list_movements(app, MovementFilter(product_id=chair))
    finally:
        app.store = calm.store
    assert found.stock.available > 1000
    assert found.held == 0
    assert {view.movement.quantity for view in ledger} <= {1, 1000}
    assert ledger
