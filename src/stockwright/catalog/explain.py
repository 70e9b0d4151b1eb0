"""Why a product's numbers are what they are: every hold on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct, field

from stockwright.base.errors import Busy
from stockwright.base.long_work import STEP_ROWS
from stockwright.catalog.inventory_views import get_by_product
from stockwright.catalog.stocked import StockedProduct
from stockwright.orders import records as order_records
from stockwright.orders.large import orders_with_pending_work
from stockwright.orders.status import RESERVING
from stockwright.products.variant import OwnVariant
from stockwright.reservations import records as reservation_records
from stockwright.reservations.model import HOLDING
from stockwright.stock.model import Stock, by_variant
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
    own_variant: OwnVariant = UNSET


class Explanation(Struct, frozen=True):
    """Why a product's available is what it is: its levels, and everything that holds units of it."""

    found: StockedProduct
    stock: Stock
    holds: Sequence[Hold]
    held: int = field(default=0)


async def explain(app: App, product_id: str) -> Explanation:
    """Find every hold on a product, or on the variant of that id: ACTIVE reservations and orders with reserved units.

    Of a product that changes all the time, the last read is returned: the holds may
    then not sum up to what is reserved.
    """
    explanations: list[Explanation] = []

    async def load() -> Stock:
        explained.append(await get_by_product(app, product_id))
        return explained[-1].stock

    async def read(stock: Stock) -> None:
        found = explained[-1]
        holds = await holds_of(app, by_variant(found.stocks))
        explanations.append(Explanation(found, stock, holds, sum(hold.quantity for hold in holds)))

    explained: list[StockedProduct] = []
    with contextlib.suppress(Busy):
        await while_still(load, read)
    return explanations[-1]


async def holds_of(app: App, stocks: Mapping[str, Stock]) -> list[Hold]:
    """Find every hold on these variants, the oldest first."""
    holds: list[Hold] = []
    async for held in active_reservations(app):
        for variant_id in stocks.keys() & held.allocations.keys():
            allocation = held.allocations[variant_id]
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
                    stocks[variant_id].own_variant,
                )
            )
    async for order in reserving_orders(app):
        for variant_id in stocks.keys() & order.allocations.keys():
            allocation = order.allocations[variant_id]
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
                    stocks[variant_id].own_variant,
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
