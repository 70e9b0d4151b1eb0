"""Counting the shop's stock in advance: units, shortages and worth, each product's part exactly once.

A product's part is what its stock and price add to the totals. Counting a product replaces its part
and moves the totals by the difference, in one commit held to the versions of both: counted twice, or
by two at once, it comes out the same. A part bears the version of the stock that it was counted at,
and is rewritten for each: a commit from an older stock is refused.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.long_work import STEP_ROWS
from stockwright.products.records import load_products, position_of
from stockwright.stock import total_records as records
from stockwright.stock.records import load_stocks, page_of_stocks
from stockwright.stock.total_records import Counted
from stockwright.store.batch import Batch, retried
from stockwright.store.paging import pages
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.stock.model import Stock


AT_ONCE: Final = 80
"""Products in one commit: DynamoDB takes 100 writes."""
WORTHS: Final = ("total", "available", "reserved", "inactive")
SEPARATOR: Final = "\x1f"


async def count_stocks(app: App, product_ids: Iterable[str]) -> None:
    """Count these products as they are now; those that were deleted leave the totals."""
    wanted = list(dict.fromkeys(product_ids))
    # One more write is that of the totals.
    at_once = min(AT_ONCE, app.store.writes_max - 1)
    for start in range(0, len(wanted), at_once):
        await _count(app, wanted[start : start + at_once])


async def _count(app: App, product_ids: Sequence[str]) -> None:
    async def attempt() -> None:
        # The parts first: a stock that is read after them is not older than what they were counted at.
        parts = await records.load_counted(app.store, product_ids)
        stocks = await load_stocks(app.store, product_ids)
        products = await load_products(app.store, product_ids)
        batch, difference = Batch(), Counter[str]()
        for product_id in product_ids:
            before = parts.get(product_id)
            product, stock = products.get(product_id), stocks.get(product_id)
            after = None
            if product is not None and stock is not None and stock.levels:
                after = part_of(product, stock, before.version if before else ABSENT)
            if after == before:
                continue
            if before is not None and after is None:
                records.delete_counted(batch, before)
            elif product is not None and after is not None:
                records.put_counted(batch, after, position_of(product))
            difference.update(sums_of(after))
            difference.subtract(sums_of(before))
        if not batch.writes:
            return
        if any(difference.values()):
            totals = await records.load_totals(app.store)
            records.put_totals(batch, replace(totals, sums=added(totals.sums, difference)))
        await batch.commit(app.store)

    await retried(attempt)


def part_of(product: Product, stock: Stock, version: int = ABSENT) -> Counted:
    """Return what a product adds to the totals."""
    return Counted(
        product_id=product.id,
        stock_version=stock.version,
        product_version=product.version,
        available=stock.available,
        reserved=stock.reserved,
        inactive=stock.inactive,
        status=stock.status,
        is_low=stock.is_low,
        price=product.price_cents,
        currency=product.currency,
        category=product.category,
        levels={location: level.total for location, level in stock.levels.items()},
        version=version,
    )


def sums_of(part: Counted | None) -> Counter[str]:
    """Return a part by the names of the sums that it goes into."""
    sums = Counter[str]()
    if part is None:
        return sums
    sums["products"] = 1
    sums["low"] = int(part.status == "LOW")
    sums["out"] = int(part.status == "OUT")
    total = part.available + part.reserved + part.inactive
    for name, units in zip(WORTHS, (total, part.available, part.reserved, part.inactive), strict=True):
        _add_worth(sums, (name,), units, part)
    _add_worth(sums, ("category", part.category), total, part)
    for location, units in part.levels.items():
        _add_worth(sums, ("location", location), units, part)
    return sums


def _add_worth(sums: Counter[str], of: tuple[str, ...], units: int, part: Counted) -> None:
    sums[SEPARATOR.join((*of, "units"))] += units
    if part.price:
        sums[SEPARATOR.join((*of, "cents", part.currency))] += units * part.price
    else:
        sums[SEPARATOR.join((*of, "unpriced"))] += units
    if len(of) > 1:
        # How many products are of it: it is shown as long as there is one.
        sums[SEPARATOR.join((*of, "products"))] += 1


def added(sums: Mapping[str, int], difference: Mapping[str, int]) -> dict[str, int]:
    """Return the sums after a difference; what comes to nothing is left out."""
    after = {name: sums.get(name, 0) + difference.get(name, 0) for name in {**sums, **difference}}
    return {name: value for name, value in sorted(after.items()) if value}


async def recount(app: App) -> dict[str, int]:
    """Sum every product's part again, from its stock and its price; three calls for each STEP_ROWS products."""
    sums = Counter[str]()
    async for stocks in pages(partial(page_of_stocks, app.store, limit=STEP_ROWS)):
        products = await load_products(app.store, (stock.product_id for stock in stocks))
        for stock in stocks:
            if (product := products.get(stock.product_id)) is not None:
                sums.update(sums_of(part_of(product, stock)))
    return added({}, sums)
