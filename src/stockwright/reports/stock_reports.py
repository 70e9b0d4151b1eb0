"""Reports of the stock: what it is worth now, and how it moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from stockwright.base.errors import Invalid
from stockwright.base.long_work import STEP_ROWS
from stockwright.catalog.inventory_views import get_by_product
from stockwright.reports.period import By, Parts, Period
from stockwright.stock import records as stock_records
from stockwright.stock.booking import BOOKING_MS
from stockwright.stock.model import of_variant
from stockwright.stock.stable_read import while_still
from stockwright.stock.total_records import load_totals
from stockwright.stock.totals import SEPARATOR, WORTHS, recount
from stockwright.store.paging import pages
from stockwright.store.progress import load_progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.reports.usecases import Range
    from stockwright.stock.model import Movement, Stock


MOVEMENTS_MAX: Final = 200_000


class Worth(Struct):
    """Units, and what they would bring at today's prices: minor units of each currency; and what they cost.

    `unpriced` units are of products that have no price yet, `costed` ones of products whose cost is known; both are
    among `units`.
    """

    units: int = 0
    unpriced: int = 0
    cents: Counter[str] = field(default_factory=Counter)
    costed: int = 0
    cost: Counter[str] = field(default_factory=Counter)


class StockValue(Struct):
    """What all goods on the shelf would bring, whole and in parts; also those promised, or at inactive locations."""

    total: Worth = field(default_factory=Worth)
    available: Worth = field(default_factory=Worth)
    reserved: Worth = field(default_factory=Worth)
    inactive: Worth = field(default_factory=Worth)
    by_location: dict[str, Worth] = field(default_factory=dict)
    by_category: dict[str, Worth] = field(default_factory=dict)


class Moved(Struct):
    """What one part of a period did to the stock: signed units of each type of movement.

    Transfers come to nothing: what leaves one location comes to another. `closing` is the total at
    the end of the part, where the report is of one product.
    """

    units: Counter[str] = field(default_factory=Counter)
    closing: int | None = None

    @property
    def change(self) -> int:
        """The sum of all types."""
        return sum(self.units.values())


class StockHistory(Struct, frozen=True):
    """How the stock moved in each part of a period, of one product or of the whole shop."""

    period: Period
    by: By
    product_id: str | None
    parts: list[tuple[date, Moved]]


async def report_stock_value(app: App) -> StockValue:
    """Return what the whole shop's stock would bring at today's prices, and what it cost, as counted in advance."""
    if not (await load_progress(app.store, "stocks")).done:
        return _value_of(await recount(app))
    return _value_of((await load_totals(app.store)).sums)


def _value_of(sums: Mapping[str, int]) -> StockValue:
    value = StockValue()
    groups = {"category": value.by_category, "location": value.by_location}
    for name, number in sums.items():
        match name.split(SEPARATOR):
            case ("category" | "location") as kind, which, *rest:
                _put_worth(groups[kind].setdefault(which, Worth()), rest, number)
            case of, *rest if of in WORTHS:
                _put_worth(getattr(value, of), rest, number)
    return value


def _put_worth(worth: Worth, of: Sequence[str], number: int) -> None:
    match of:
        case ["units"]:
            worth.units = number
        case ["unpriced"]:
            worth.unpriced = number
        case ["cents", currency]:
            worth.cents[currency] = number
        case ["costed"]:
            worth.costed = number
        case ["cost", currency]:
            worth.cost[currency] = number


async def report_stock_history(app: App, wanted: Range, by: By = "day", product_id: str | None = None) -> StockHistory:
    """Return what each day or week of a range did to the stock; of one product also what was left."""
    period = await wanted.period(app)
    parts = period.parts(by)
    if product_id is None:
        moved, _ = await _moved(app, period, parts, None, period.ends_at)
    else:
        moved = await _with_balance(app, period, parts, product_id)
    return StockHistory(period, by, product_id, list(zip(parts.days, moved, strict=True)))


async def _with_balance(app: App, period: Period, parts: Parts, product_id: str) -> list[Moved]:
    """Go back from the total now."""
    found = await get_by_product(app, product_id)

    async def load() -> Stock:
        return (await get_by_product(app, product_id)).stock

    async def read(stock: Stock) -> list[Moved]:
        moved, later = await _moved(app, period, parts, found.stock, None)
        balance = stock.total - later
        for each in reversed(moved):
            each.closing = balance
            balance -= each.change
        return moved

    return await while_still(load, read)


async def _moved(
    app: App, period: Period, parts: Parts, of: Stock | None, until: int | None
) -> tuple[list[Moved], int]:
    """Sum the movements of each part, and of what came after the period."""
    moved, later = [Moved() for _ in parts.days], 0
    async for movement in _movements(app, period.starts_at, until, of):
        if movement.at >= period.ends_at:
            later += movement.quantity
        elif movement.at >= period.starts_at:
            moved[parts.of(movement.at)].units[movement.type] += movement.quantity
    return moved, later


async def _movements(app: App, since: int, until: int | None, of: Stock | None) -> AsyncIterator[Movement]:
    """Go through the ledger from an instant on, a step at a time, and no more than MOVEMENTS_MAX."""
    left = MOVEMENTS_MAX
    ledger = partial(
        stock_records.page_of_movements,
        app.store,
        None if of is None else of.product_id,
        where=None if of is None else of_variant(of),
        low=app.ids.first("mov", since - BOOKING_MS),
        high="" if until is None else app.ids.first("mov", until + BOOKING_MS),
        limit=STEP_ROWS,
        reverse=False,
    )
    async for page in pages(ledger):
        left -= len(page)
        if left < 0:
            raise Invalid.field(
                "from", f"more than {MOVEMENTS_MAX} movements were booked since then; request fewer days"
            )
        for movement in page:
            yield movement
