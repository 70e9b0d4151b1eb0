"""Whether a cart can be bought now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.errors import Invalid
from stockwright.catalog.stocked import load_stocked
from stockwright.reservations.allocation import as_if_freed
from stockwright.stock.model import CHECK_ITEMS_MAX, Stock, Wanted, allocate, summed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.stock.model import Allocations


class Availability(Struct, frozen=True):
    """One answered line of an availability check."""

    product_id: str
    sku: str
    requested: int
    available_stock: int
    available: bool


async def check_availability(app: App, wanted: Sequence[Wanted]) -> list[Availability]:
    """Return for each line whether so many units can be bought now, beside the others; those of one product are summed.

    Decided as a hold would be: lines that name a location come first, and an expired hold holds nothing.
    A product that is not there, or was taken out of the shop, is simply not available.
    """
    if not 1 <= len(wanted) <= CHECK_ITEMS_MAX:
        raise Invalid.field("items", f"must hold 1 to {CHECK_ITEMS_MAX} items")
    lines = summed(wanted)
    found = await load_stocked(app, list(dict.fromkeys(line.product_id for line in lines)))
    stocks = {each: stocked.stock for each, stocked in found.items() if stocked.product.can_be_held}
    known = [line for line in lines if line.product_id in stocks]
    allocations, short = allocate(known, stocks)
    if short:
        stocks = await as_if_freed(app, stocks)
        allocations, short = allocate(known, stocks)
    answers = []
    for line in lines:
        stock = stocks.get(line.product_id)
        if stock is None:
            answers.append(Availability(line.product_id, "", line.quantity, 0, available=False))
            continue
        units = short[line] if line in short else line.quantity + _left(line, stock, allocations)
        answers.append(Availability(line.product_id, stock.sku, line.quantity, units, line not in short))
    return answers


def _left(line: Wanted, stock: Stock, allocations: Allocations) -> int:
    """Return what a line could have on top of its own, once every line has been served."""
    allocation = allocations.get(line.product_id, {})
    locations = [line.location] if line.location else stock.sources
    return sum(stock.available_at(location) - allocation.get(location, 0) for location in locations)
