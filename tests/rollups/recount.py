"""The rollups as they must be, recounted from every order and sale without the code that keeps them."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from msgspec import UNSET

from stockwright.context import App
from stockwright.orders.model import Order
from stockwright.orders.records import pages_of_every_order
from stockwright.rollups.fill import HANDLER
from stockwright.rollups.records import load_partition, load_state
from stockwright.sales.model import Sale
from stockwright.sales.records import page_of_sales
from stockwright.store.paging import every
from tests.registered import run_many

QUARTER_MS = 15 * 60 * 1000
Sums = dict[Any, list[int]]


async def count_all(app: App) -> None:
    """Give the whole log to the handler that keeps the rollups, as the dispatcher does."""
    after = ""
    while page := await app.store.tail(after, 200):
        after = page[-1].position
        await run_many(HANDLER, app, page)


async def recounted(app: App) -> dict[str, Sums]:
    """Sum everything again: by quarter hour and currency, the same by product, the orders by status, dead letters."""
    totals: Sums = defaultdict(lambda: [0] * 8)
    hours: Sums = defaultdict(lambda: [0] * 4)
    days: Sums = defaultdict(lambda: [0] * 4)
    orders: Counter[str] = Counter()
    async for sold in _every_sold(app):
        quarter = sold.created_at // QUARTER_MS
        total = totals[quarter, sold.currency]
        if isinstance(sold, Order):
            orders[sold.status] += 1
            if sold.status == "CANCELLED":
                total[1] += 1
                continue
        total[0 if isinstance(sold, Order) else 2] += 1
        for line, less in zip(sold.lines, _discounts(sold), strict=True):
            kept = line.quantity - line.returned
            cents = kept * line.unit_price_cents - _half_up(Fraction(less * kept, line.quantity))
            known = [0, 0] if line.cost_cents is UNSET else [cents, kept * line.cost_cents]
            for place, number in enumerate((kept, line.returned, cents, *known), 3):
                total[place] += number
            for sums, at in ((hours, quarter), (days, quarter // 96)):
                name = line.product_id
                if line.variant_id != line.product_id:
                    name += f"\x1f{line.variant_id}"
                of_product = sums[at, sold.currency, name]
                for place, number in enumerate((kept, cents, *known)):
                    of_product[place] += number
    letters = await app.store.count("DEADLETTER", index="list", limit=1_000_000)
    return {
        "totals": _not_zero(totals),
        "hours": _not_zero(hours),
        "days": _not_zero(days),
        "orders": {status: [number] for status, number in orders.items()},
        "letters": {"waiting": [letters]} if letters else {},
    }


def _discounts(sold: Order | Sale) -> list[int]:
    """Divide an order's discount among its lines: the sum up to each is its share, rounded."""
    discount = sold.amounts.discount if isinstance(sold, Order) and sold.amounts is not UNSET else 0
    prices = [line.quantity * line.unit_price_cents for line in sold.lines]
    until = [_half_up(Fraction(discount * sum(prices[:number]), sum(prices) or 1)) for number in range(len(prices) + 1)]
    return [after - before for before, after in itertools.pairwise(until)]


def _half_up(number: Fraction) -> int:
    return math.floor(number + Fraction(1, 2))


async def stored(app: App) -> dict[str, Sums]:
    """Read what the rollups hold for the same."""
    generation = (await load_state(app.store)).active
    assert generation is not None
    found: dict[str, Sums] = {"totals": {}, "hours": {}, "days": {}, "orders": {}, "letters": {}}
    days = {sold.created_at // (96 * QUARTER_MS) async for sold in _every_sold(app)}
    for day in days:
        partition = f"SALES#{date(1970, 1, 1) + timedelta(days=day)}"
        for (_, sort), (body, _) in (await load_partition(app.store, generation, partition)).items():
            kind, *rest = sort.split("#")
            for path, numbers in _cells(body):
                if kind == "TOTALS":
                    found["totals"][day * 96 + int(path[0]), path[1]] = numbers
                elif kind == "DAY":
                    found["days"][(day, *path)] = numbers
                else:
                    found["hours"][(day * 96 + int(rest[0]) * 4 + int(path[0]), *path[1:])] = numbers
    for (_, sort), (body, _) in (await load_partition(app.store, generation, "STATE")).items():
        found["orders" if sort == "ORDERS" else "letters"] = dict(body)
    return found


async def assert_exact(app: App) -> None:
    """The rollups are the recount, to the unit."""
    assert await stored(app) == await recounted(app)


async def _every_sold(app: App) -> AsyncIterator[Order | Sale]:
    async for page in pages_of_every_order(app.store, 200):
        for order in page:
            yield order
    async for sale in every(partial(page_of_sales, app.store)):
        yield sale


def _not_zero(sums: Sums) -> Sums:
    """Leave out what is nothing, and the zeros at the end of what is something."""
    found = {at: list(numbers) for at, numbers in sums.items() if any(numbers)}
    for numbers in found.values():
        while not numbers[-1]:
            del numbers[-1]
    return found


def _cells(body: Mapping[str, Any], way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    for name, inner in body.items():
        if isinstance(inner, list):
            yield (*way, name), inner
        else:
            yield from _cells(inner, (*way, name))
