"""Whether a cart can be bought now."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.errors import Invalid
from stockwright.catalog.stocked import load_stocked
from stockwright.reservations.allocation import as_if_freed
from stockwright.stock.allocating import allocate_all, summed
from stockwright.stock.model import CHECK_ITEMS_MAX, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.stock.model import Stock


class Availability(Struct, frozen=True):
    """One answered line of an availability check."""

    product_id: str
    sku: str
    requested: int
    available_stock: int
    available: bool


async def check_availability(app: App, wanted: Sequence[Wanted]) -> list[Availability]:
    """Return for each line whether so many units can be bought now, beside the others; those of one variant are summed.

    Decided as a hold would be: lines that name a location come first, and an expired hold holds nothing.
    A product that is not there, or was taken out of the shop, is simply not available.
    """
    if not 1 <= len(wanted) <= CHECK_ITEMS_MAX:
        raise Invalid.field("items", f"must hold 1 to {CHECK_ITEMS_MAX} items")
    lines = summed(wanted)
    found = await load_stocked(app, list(dict.fromkeys(line.variant_id for line in lines)))
    stocks = {each: stocked.stock for each, stocked in found.items() if stocked.product.can_be_held}
    answers = _answers(lines, stocks)
    if any(not each.available and each.product_id in stocks for each in answers):
        return _answers(lines, await as_if_freed(app, stocks))
    return answers


def _answers(lines: Sequence[Wanted], stocks: Mapping[str, Stock]) -> list[Availability]:
    count = Counter([line.variant_id for line in lines])
    shared = [line for line in lines if line.variant_id in stocks and (line.location or count[line.variant_id] > 1)]
    _, short, rest = allocate_all(shared, stocks)
    answers = []
    for line in lines:
        variant_id, quantity, location = line.variant_id, line.quantity, line.location
        stock, left = stocks.get(variant_id), rest.get(variant_id)
        if stock is None:
            answers.append(Availability(variant_id, "", quantity, 0, available=False))
            continue
        if left is None:
            # It alone wants units of this product, wherever they are.
            units = stock.available
        elif line in short:
            units = short[line]
        else:
            # What the line could have on top of its own, once every line has been served.
            units = quantity + (left.get(location, 0) if location else sum(left.values()))
        answers.append(Availability(stock.product_id, stock.sku, quantity, units, units >= quantity))
    return answers
