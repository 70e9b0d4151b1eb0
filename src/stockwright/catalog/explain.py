"""Why a product's numbers are what they are: every hold on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from stockwright.base.errors import Busy
from stockwright.base.long_work import STEP_ROWS
from stockwright.catalog.stocked import get_product
from stockwright.orders import records as order_records
from stockwright.orders.large import orders_with_pending_work
from stockwright.orders.status import RESERVING
from stockwright.products.model import Product
from stockwright.reservations import records as reservation_records
from stockwright.reservations.model import HOLDING
from stockwright.stock.model import Stock
from stockwright.stock.stable_read import while_still
from stockwright.store.paging import every

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.orders.model import Order
    from stockwright.reservations.model import Reservation


class Hold(Struct, frozen=True):
    """A reservation or an open order that holds units."""

    kind: Literal["reservation", "order"]
    id: str
    quantity: int
    allocation: Mapping[str, int]
    status: str
    since: int
    until: int | None = None
    owner_id: str = ""


class Explanation(Struct, frozen=True):
    """Why a product's available is what it is: its levels, and everything that holds units of it."""

    product: Product
    stock: Stock
    holds: Sequence[Hold]
    held: int = field(default=0)


async def explain(app: App, product_id: str) -> Explanation:
    """Find every hold on a product: ACTIVE reservations and orders whose units are reserved.

    Of a product that changes all the time, the last read is returned: the holds may
    then not sum up to what is reserved.
    """
    product = (await get_product(app, product_id)).product
    explanations: list[Explanation] = []

    async def read(stock: Stock) -> None:
        holds = await _holds_of(app, product_id)
        explanations.append(Explanation(product, stock, holds, sum(hold.quantity for hold in holds)))

    with contextlib.suppress(Busy):
        await while_still(app, product_id, read)
    return explanations[-1]


async def _holds_of(app: App, product_id: str) -> list[Hold]:
    holds: list[Hold] = []
    async for held in active_reservations(app):
        if product_id in held.allocations:
            allocation = held.allocations[product_id]
            status = held.status_at(app.clock.now())
            holds.append(
                Hold(
                    "reservation",
                    held.id,
                    sum(allocation.values()),
                    allocation,
                    status,
                    held.created_at,
                    held.expires_at,
                    held.owner_id,
                )
            )
    async for order in reserving_orders(app):
        if product_id in order.allocations:
            allocation = order.allocations[product_id]
            holds.append(
                Hold(
                    "order",
                    order.id,
                    sum(allocation.values()),
                    allocation,
                    order.status,
                    order.created_at,
                    None,
                    order.user_id,
                )
            )
    holds.sort(key=lambda hold: hold.since)
    return holds


async def active_reservations(app: App) -> AsyncIterator[Reservation]:
    """Go through every reservation that still holds units."""
    for status in HOLDING:
        page = partial(reservation_records.page_of_reservations, app.store, status=status, limit=STEP_ROWS)
        async for held in every(page):
            yield held


async def reserving_orders(app: App) -> AsyncIterator[Order]:
    """Go through every order that holds units; the allocations of one that is half-way are what it holds now."""
    for status in RESERVING:
        async for order in every(partial(order_records.page_of_orders, app.store, status=status, limit=STEP_ROWS)):
            yield order
    async for order in orders_with_pending_work(app):
        yield order
