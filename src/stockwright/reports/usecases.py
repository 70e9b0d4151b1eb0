"""Reports of what was sold, from the rollups: they read as much for a thousand orders as for a million.

An order belongs to the day it was placed on. The rollups follow the orders by the moment that their events take
to be handled.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from heapq import nsmallest
from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET, Struct

from stockwright.base.errors import Invalid
from stockwright.catalog.inventory_views import InventoryTotals, total_inventory
from stockwright.events.records import waiting_retries
from stockwright.orders.status import OPEN
from stockwright.products.records import load_products
from stockwright.reports.period import By, Period, period_of
from stockwright.reports.revenue import SalesTotals, SoldProduct, add_margin
from stockwright.rollups import usecases as rollups
from stockwright.rollups.model import VARIANT
from stockwright.settings.records import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.orders.status import PlacedStatus
    from stockwright.products.model import Product


DAYS: Final = 30
Ranking = Literal["units", "revenue", "margin"]


async def zone_or_default(app: App, zone: str | None) -> str:
    """Return the time zone that was asked for, or else the shop's."""
    return zone or (await load_settings(app.store)).time_zone


class Range(Struct, frozen=True):
    """The days that a report is of, both ends in it; None: the last 30 days.

    Days begin by `zone` (None: the shop's).
    """

    first: date | None = None
    last: date | None = None
    zone: str | None = None

    async def period(self, app: App) -> Period:
        """Return its days, or refuse."""
        return period_of(self.first, self.last, await zone_or_default(app, self.zone), app.clock.now(), DAYS)


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
    """The shop at a glance: today so far, yesterday, what waits, what the shelf holds."""

    period: Period
    today: SalesTotals
    yesterday: SalesTotals
    open_orders: dict[PlacedStatus, int]
    inventory: InventoryTotals
    dead_letters: int
    retries: int


async def report_sales(app: App, wanted: Range, by: By = "day") -> SalesReport:
    """Return what was sold in each day or week of a range."""
    period = await wanted.period(app)
    parts = period.parts(by)
    taken = [SalesTotals() for _ in parts.days]
    total = SalesTotals()
    async for at, currency, numbers in rollups.each_total(app, period.starts_at, period.ends_at):
        taken[parts.of(at)].add(currency, numbers)
        total.add(currency, numbers)
    return SalesReport(period, by, list(zip(parts.days, taken, strict=True)), total)


async def report_top_products(
    app: App,
    wanted: Range,
    limit: int = 10,
    by: Ranking = "units",
    currency: str | None = None,
) -> TopProducts:
    """Return which products sold most, by units, or by what they brought or left over their cost in one currency.

    Refuses to compare amounts of several currencies. Ties are in the order of the products' ids.
    """
    period = await wanted.period(app)
    sold = await rollups.sum_products(app, period.starts_at, period.ends_at)
    of_products = _by_product(sold)
    if by == "units":
        units = Counter[str]()
        for of_currency in of_products.values():
            for product_id, numbers in of_currency.items():
                units[product_id] += numbers[0]
        ranked = nsmallest(limit, units.items(), key=_rank)
    else:
        names = sorted(name for name, products in of_products.items() if any(each[1] for each in products.values()))
        if currency is None and len(names) > 1:
            raise Invalid.field(
                "currency", f"is required to rank by {by}, because products were sold in {', '.join(names)}"
            )
        of_currency = of_products.get(currency or (names[0] if names else ""), {})
        amounts = ((each, _amount(numbers, by)) for each, numbers in of_currency.items())
        ranked = nsmallest(limit, amounts, key=_rank)
    best = [product_id for product_id, number in ranked if number > 0]
    return TopProducts(period, await _described(app, best, sold))


def _amount(numbers: Sequence[int], by: Ranking) -> int:
    """Return what a product brought, or left over its cost, in minor units."""
    _, cents, costed, cost = numbers
    return costed - cost if by == "margin" else cents


def _rank(entry: tuple[str, int]) -> tuple[int, str]:
    """Sort the highest number first, and equal ones by the product's id."""
    return -entry[1], entry[0]


async def _described(
    app: App, product_ids: list[str], sold: Mapping[str, Mapping[str, list[int]]]
) -> list[SoldProduct]:
    """Return what these products and their variants sold, under their names today; a deleted product still has one."""
    products = await load_products(app.store, product_ids, deleted_too=True)
    found = {product_id: SoldProduct(product_id) for product_id in product_ids}
    of_variants: dict[str, dict[str, SoldProduct]] = {product_id: {} for product_id in product_ids}
    for currency, of_currency in sold.items():
        for name, numbers in of_currency.items():
            product_id, own, variant_id = name.partition(VARIANT)
            if product_id not in found:
                continue
            _count_sold(found[product_id], currency, numbers)
            if own:
                part = SoldProduct(product_id, own_variant=variant_id)
                _count_sold(of_variants[product_id].setdefault(variant_id, part), currency, numbers)
    for product_id, each in found.items():
        each.variants = sorted(of_variants[product_id].values(), key=lambda part: (-part.units, str(part.own_variant)))
        product = products.get(product_id)
        if product is not None:
            for part in (each, *each.variants):
                _name_sold(part, product)
    return list(found.values())


def _count_sold(sold: SoldProduct, currency: str, numbers: Sequence[int]) -> None:
    units, cents, costed, cost = numbers
    sold.units += units
    if units or cents:
        sold.cents[currency] += cents
    add_margin(sold.margins, currency, costed, cost)


def _name_sold(sold: SoldProduct, product: Product) -> None:
    variant = None if sold.own_variant is UNSET else product.find_variant(sold.own_variant)
    sold.name = product.name_of(sold.own_variant)
    if variant is not None:
        sold.sku = variant.sku
    elif sold.own_variant is UNSET:
        sold.sku = product.sku


def _by_product(sold: Mapping[str, Mapping[str, list[int]]]) -> dict[str, dict[str, list[int]]]:
    """Sum what the variants of each product sold."""
    sums: dict[str, dict[str, list[int]]] = {}
    for currency, of_currency in sold.items():
        of_products = sums.setdefault(currency, {})
        for name, numbers in of_currency.items():
            product_id = name.partition(VARIANT)[0]
            known = of_products.get(product_id)
            total = numbers if known is None else [a + b for a, b in zip(known, numbers, strict=True)]
            of_products[product_id] = total
    return sums


async def report_summary(app: App, zone: str | None = None) -> Summary:
    """Return a summary of the shop; today begins by `zone` (None: the shop's)."""
    period = period_of(None, None, await zone_or_default(app, zone), app.clock.now(), days=2)
    parts = period.parts()
    days = [SalesTotals(), SalesTotals()]
    async for at, currency, numbers in rollups.each_total(app, period.starts_at, period.ends_at):
        days[parts.of(at)].add(currency, numbers)
    orders = await rollups.count_orders(app)
    return Summary(
        period=period,
        today=days[1],
        yesterday=days[0],
        open_orders={status: orders[status] for status in OPEN},
        inventory=await total_inventory(app),
        dead_letters=await rollups.count_dead_letters(app),
        retries=await waiting_retries(app.store),
    )
