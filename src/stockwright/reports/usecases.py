"""Reports of what was sold, recounted from the orders and sales themselves: nothing is kept twice.

An order belongs to the day it was placed on. A report reads the orders and sales of its days, READ
at a time, and no more than SOLD_MAX of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from stockwright.base.errors import Invalid
from stockwright.catalog.inventory_views import InventoryTotals, total_inventory
from stockwright.events.records import count_dead_letters, waiting_retries
from stockwright.orders import records as order_records
from stockwright.orders.model import Order
from stockwright.orders.status import OPEN
from stockwright.reports.period import By, Period, period_of
from stockwright.reports.revenue import SalesTotals, SoldProduct, add_lines
from stockwright.sales import records as sale_records
from stockwright.sales.model import Sale
from stockwright.store.paging import every

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.orders.status import PlacedStatus


READ: Final = 200
SOLD_MAX: Final = 100_000
COUNTED_MAX: Final = 1000
"""Open orders and dead letters are counted up to here."""
PLACING_MS: Final = 600_000
"""An order may bear an id this much older than its time: its placing was tried again."""
DAYS: Final = 30


class Range(Struct, frozen=True):
    """The days that a report is of, both ends in it; None: the last 30 days. Days begin by `zone`."""

    first: date | None = None
    last: date | None = None
    zone: str = "UTC"

    def period(self, app: App) -> Period:
        """Return its days, or refuse."""
        return period_of(self.first, self.last, self.zone, app.clock.now(), DAYS)


class SalesReport(Struct, frozen=True):
    """What was sold in each part of a period, and in all of it."""

    period: Period
    by: By
    parts: list[tuple[date, SalesTotals]]
    total: SalesTotals


class TopProducts(Struct, frozen=True):
    """The products that sold most in a period."""

    period: Period
    products: list[SoldProduct]


class Summary(Struct, frozen=True):
    """How the shop stands now: today so far, yesterday, what waits, what the shelf holds."""

    period: Period
    today: SalesTotals
    yesterday: SalesTotals
    open_orders: dict[PlacedStatus, int]
    inventory: InventoryTotals
    dead_letters: int
    retries: int


async def report_sales(app: App, wanted: Range, by: By = "day") -> SalesReport:
    """Return what was sold in each day or week of a range."""
    period = wanted.period(app)
    parts = period.parts(by)
    taken = [SalesTotals() for _ in parts.days]
    total = SalesTotals()
    async for sold in _sold(app, period):
        for each in (taken[parts.of(sold.created_at)], total):
            each.add_order(sold) if isinstance(sold, Order) else each.add_sale(sold)
    return SalesReport(period, by, list(zip(parts.days, taken, strict=True)), total)


async def report_top_products(
    app: App,
    wanted: Range,
    limit: int = 10,
    by: Literal["units", "revenue"] = "units",
    currency: str | None = None,
) -> TopProducts:
    """Return which products sold most, by units or by what they brought in one currency.

    Refuses to compare amounts of several currencies. Ties are in the order of the products' ids.
    """
    period = wanted.period(app)
    products: dict[str, SoldProduct] = {}
    async for sold in _sold(app, period):
        if isinstance(sold, Sale) or sold.row.counted == "sold":
            add_lines(products, sold)
    found = [product for product in products.values() if product.units > 0]
    if by == "units":
        found.sort(key=lambda product: (-product.units, product.product_id))
        return TopProducts(period, found[:limit])
    names = sorted({name for product in found for name, cents in product.cents.items() if cents})
    if currency is None and len(names) > 1:
        raise Invalid.field(
            "currency", f"is required to rank by revenue, because products were sold in {', '.join(names)}"
        )
    ranked = currency or (names[0] if names else "")
    found = [product for product in found if product.cents[ranked] > 0]
    found.sort(key=lambda product: (-product.cents[ranked], product.product_id))
    return TopProducts(period, found[:limit])


async def report_summary(app: App, zone: str = "UTC") -> Summary:
    """Return a summary of the shop; today begins by `zone`."""
    period = period_of(None, None, zone, app.clock.now(), days=2)
    parts = period.parts()
    days = [SalesTotals(), SalesTotals()]
    async for sold in _sold(app, period):
        taken = days[parts.of(sold.created_at)]
        taken.add_order(sold) if isinstance(sold, Order) else taken.add_sale(sold)
    return Summary(
        period=period,
        today=days[1],
        yesterday=days[0],
        open_orders={status: await order_records.count_orders(app.store, status, COUNTED_MAX) for status in OPEN},
        inventory=await total_inventory(app),
        dead_letters=await count_dead_letters(app.store, COUNTED_MAX),
        retries=await waiting_retries(app.store, COUNTED_MAX),
    )


async def _sold(app: App, period: Period) -> AsyncIterator[Order | Sale]:
    """Go through the orders and sales of a period, each once, the orders by status."""
    left = SOLD_MAX
    async for sold in _every(app, period):
        left -= 1
        if left < 0:
            raise Invalid.field("from", f"the range contains more than {SOLD_MAX} orders and sales; request fewer days")
        if period.starts_at <= sold.created_at < period.ends_at:
            yield sold


async def _every(app: App, period: Period) -> AsyncIterator[Order | Sale]:
    """Read by id, which is by time."""
    low, high = period.starts_at - PLACING_MS, period.ends_at
    async for orders in order_records.pages_of_every_order(
        app.store, READ, low=app.ids.first("ord", low), high=app.ids.first("ord", high)
    ):
        for order in orders:
            yield order
    sales = partial(
        sale_records.page_of_sales,
        app.store,
        low=app.ids.first("sal", low),
        high=app.ids.first("sal", high),
        limit=READ,
        reverse=False,
    )
    async for sale in every(sales):
        yield sale
