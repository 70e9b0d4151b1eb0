"""Counting the shop's stock in advance: units, shortages and worth, each variant's part exactly once.

A variant's part is what its stock and price add to the totals. Counting a variant replaces its part
and moves the totals by the difference, in one commit held to the versions of both: counted twice, or
by two at once, it comes out the same. A part bears the version of the stock that it was counted at,
and is rewritten for each: a commit from an older stock is refused.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import UNSET, UnsetType
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


AT_ONCE: Final = 200
"""Variants in one commit, if it takes so many writes."""
WORTHS: Final = ("total", "available", "reserved", "inactive")
SEPARATOR: Final = "\x1f"


async def count_stocks(app: App, variant_ids: Iterable[str]) -> dict[str, Stock]:
    """Count these variants as they are now; those that were deleted leave the totals. Returns their stocks."""
    wanted = list(dict.fromkeys(variant_ids))
    # One more write is that of the totals.
    at_once = min(AT_ONCE, app.store.writes_max - 1)
    counted: dict[str, Stock] = {}
    for start in range(0, len(wanted), at_once):
        counted |= await _count(app, wanted[start : start + at_once])
    return counted


async def _count(app: App, variant_ids: Sequence[str]) -> dict[str, Stock]:
    async def attempt() -> dict[str, Stock]:
        # The parts first: a stock that is read after them is not older than what they were counted at.
        parts = await records.load_counted(app.store, variant_ids)
        stocks = await load_stocks(app.store, variant_ids)
        products = await load_products(app.store, [stock.product_id for stock in stocks.values()])
        batch, difference = Batch(), Counter[str]()
        for variant_id in variant_ids:
            before, stock = parts.get(variant_id), stocks.get(variant_id)
            product = None if stock is None else products.get(stock.product_id)
            after = None
            if product is not None and stock is not None and stock.levels:
                after = part_of(product, stock, before.version if before else ABSENT)
            if after == before:
                continue
            if before is not None and after is None:
                records.delete_counted(batch, before)
            elif product is not None and after is not None:
                records.put_counted(batch, after, position_of(product))
            add_difference(difference, before, after)
        if not batch.writes:
            return stocks
        if any(difference.values()):
            totals = await records.load_totals(app.store)
            records.put_totals(batch, replace(totals, sums=added(totals.sums, difference)))
        await batch.commit(app.store)
        return stocks

    return await retried(attempt)


def part_of(product: Product, stock: Stock, version: int = ABSENT) -> Counted:
    """Return what a variant adds to the totals."""
    available, cost = stock.available, product.cost_of(stock.own_variant)
    return Counted(
        product_id=product.id,
        stock_version=stock.version,
        product_version=product.version,
        available=available,
        reserved=stock.reserved,
        inactive=stock.inactive,
        status=stock.status_with(available),
        is_low=available < stock.low_stock,
        price=product.price_of(stock.own_variant),
        currency=product.currency,
        category=product.category,
        levels={location: level.total for location, level in stock.levels.items()},
        version=version,
        own_variant=stock.own_variant,
        is_first=stock.own_variant == product.variants[0].id if product.variants else UNSET,
        cost=UNSET if cost is None else cost,
    )


def add_difference(difference: Counter[str], before: Counted | None, after: Counted | None) -> None:
    """Add what the totals change by where a variant's part is `after` instead of `before`."""
    if (
        before is None
        or after is None
        or before.levels.keys() != after.levels.keys()
        or _sold_at(before) != _sold_at(after)
    ):
        difference.update(sums_of(after))
        difference.subtract(sums_of(before))
        return
    # The usual case: units alone have moved.
    if before.status != after.status:
        for status, name in _COUNTED_STATUSES:
            difference[name] += (after.status == status) - (before.status == status)
    available, reserved = after.available - before.available, after.reserved - before.reserved
    inactive = after.inactive - before.inactive
    total = available + reserved + inactive
    for of, units in zip(_WORTHS, (total, available, reserved, inactive), strict=True):
        if units:
            _add_worth(difference, of, units, after)
    if total:
        _add_worth(difference, ("category", after.category), total, after)
    for location, units in after.levels.items():
        if units != before.levels[location]:
            _add_worth(difference, ("location", location), units - before.levels[location], after)


def _sold_at(part: Counted) -> tuple[int, int | UnsetType, str, str]:
    return part.price, part.cost, part.currency, part.category


def sums_of(part: Counted | None) -> Counter[str]:
    """Return a part by the names of the sums that it goes into."""
    sums = Counter[str]()
    if part is None:
        return sums
    sums["products"] = part.products
    for status, name in _COUNTED_STATUSES:
        sums[name] = int(part.status == status)
    for of, units in _units_of(part):
        _add_worth(sums, of, units, part)
        if len(of) > 1:
            # How many variants are of it: it is shown as long as there is one.
            sums[_names_of(of, part.currency).products] += 1
    return sums


class _Names(NamedTuple):
    """The sums of something's worth, by their names.

    Units, minor units of a currency, units without a price, products; units with a cost, and the cost.
    """

    units: str
    cents: str
    unpriced: str
    products: str
    costed: str
    cost: str


@lru_cache(1024)
def _names_of(of: tuple[str, ...], currency: str) -> _Names:
    ends = (("units",), ("cents", currency), ("unpriced",), ("products",), ("costed",), ("cost", currency))
    return _Names(*(SEPARATOR.join((*of, *end)) for end in ends))


_COUNTED_STATUSES: Final = (("LOW", "low"), ("OUT", "out"))
_WORTHS: Final[tuple[tuple[str, ...], ...]] = tuple((name,) for name in WORTHS)


def _units_of(part: Counted) -> list[tuple[tuple[str, ...], int]]:
    """Return how many units a part has of everything whose worth is summed; locations in the order of their ids."""
    total = part.available + part.reserved + part.inactive
    units = list(zip(_WORTHS, (total, part.available, part.reserved, part.inactive), strict=True))
    units.append((("category", part.category), total))
    units += [(("location", location), part.levels[location]) for location in sorted(part.levels)]
    return units


def _add_worth(sums: Counter[str], of: tuple[str, ...], units: int, part: Counted) -> None:
    names = _names_of(of, part.currency)
    sums[names.units] += units
    if part.price:
        sums[names.cents] += units * part.price
    else:
        sums[names.unpriced] += units
    if part.cost is not UNSET:
        sums[names.costed] += units
        sums[names.cost] += units * part.cost


def added(sums: Mapping[str, int], difference: Mapping[str, int]) -> dict[str, int]:
    """Return the sums after a difference; what comes to nothing is left out."""
    after = {name: sums.get(name, 0) + difference.get(name, 0) for name in {**sums, **difference}}
    return {name: value for name, value in sorted(after.items()) if value}


async def recount(app: App) -> dict[str, int]:
    """Sum every variant's part again, from its stock and its price; three calls for each STEP_ROWS variants."""
    sums = Counter[str]()
    async for stocks in pages(partial(page_of_stocks, app.store, limit=STEP_ROWS)):
        products = await load_products(app.store, (stock.product_id for stock in stocks))
        for stock in stocks:
            if (product := products.get(stock.product_id)) is not None:
                sums.update(sums_of(part_of(product, stock)))
    return added({}, sums)
