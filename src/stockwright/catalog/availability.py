"""Whether a cart can be bought now."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from stockwright.base.errors import Invalid
from stockwright.catalog.stocked import chosen_stock, find_stocked
from stockwright.products.variant import OwnVariant
from stockwright.reservations.allocation import as_if_freed
from stockwright.stock.allocating import allocate_all, summed
from stockwright.stock.lookup import Named
from stockwright.stock.model import CHECK_ITEMS_MAX, Stock, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App


class Availability(Struct, frozen=True):
    """One answered line of an availability check."""

    product_id: str
    sku: str
    requested: int
    available_stock: int
    available: bool
    own_variant: OwnVariant = UNSET


async def check_availability(app: App, items: Sequence[Wanted], given: Sequence[Named] = ()) -> list[Availability]:
    """Return for each line whether so many units can be bought now, beside the others; those of one variant are summed.

    Decided as a hold would be: lines that name a location come first, and an expired hold holds nothing.
    A product that is not there, or was taken out of the shop, is simply not available. `given` is how a request
    names the products and variants, where it is not by their ids alone.
    """
    if not 1 <= len(items) <= CHECK_ITEMS_MAX:
        raise Invalid.field("items", f"must hold 1 to {CHECK_ITEMS_MAX} items")
    wanted, stocks = list[Wanted](), dict[str, Stock]()
    named = given or [Named(item.variant_id, None, line, f"items[{line}].productId") for line, item in enumerate(items)]
    for item, name, found in zip(items, named, await find_stocked(app, named), strict=True):
        variant_id = item.variant_id
        if found is not None and found[0].product.can_be_held:
            stock = chosen_stock(*found, name)
            variant_id = stock.variant_id
            stocks[variant_id] = stock
        wanted.append(Wanted(variant_id, item.quantity, item.location))
    lines = summed(wanted)
    answers = _answers(lines, stocks)
    if any(line.variant_id in stocks and not each.available for line, each in zip(lines, answers, strict=True)):
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
        available = units >= quantity
        answers.append(Availability(stock.product_id, stock.sku, quantity, units, available, stock.own_variant))
    return answers
