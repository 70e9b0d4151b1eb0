"""The audit: proves the invariants on a running shop, without a pause.

1. No level holds less than nothing, and `total = available + reserved` as stored.
2. A level's movements sum to its total; ACTIVE reservations and open orders sum to its reserved.
3. Every SKU and barcode is claimed by the product that bears it.
4. What counts towards a customer's limits on holds is what their reservations say (`audit_holds.py`).
5. Every step of an order has its event, and the events agree with the orders (`audit_events.py`).
6. What is counted of the stock in advance equals a recount (`counts.py`).
7. The rollups of sales, orders and dead letters equal a recount (`rollups.py`).
8. Every file of a picture is there (`pictures.py`).

Work goes on while the audit reads, so a first look may see two moments at once. What does not sum
up is looked at again until the stock's version was the same before and after; only then it counts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from sys import intern
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, field

from stockwright.audit.counts import RULE, count_drifts
from stockwright.audit.events import event_drifts
from stockwright.audit.holds import RULE as COUNTED_RULE
from stockwright.audit.holds import miscounted_customers
from stockwright.audit.pictures import RULE as PICTURE_RULE
from stockwright.audit.pictures import missing_files
from stockwright.audit.rollups import RULE as ROLLUP_RULE
from stockwright.audit.rollups import rollup_drifts
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.catalog.explain import active_reservations, reserving_orders
from stockwright.products import records as product_records
from stockwright.stock import records as stock_records
from stockwright.stock.model import of_variant
from stockwright.stock.totals import SEPARATOR
from stockwright.store.paging import every, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.products.records import Claim
    from stockwright.products.variant import OwnVariant
    from stockwright.stock.model import Movement, Stock


LOOKS_MAX = 20
LevelId = tuple[str, str]
"""A level: variant id, location."""


class Drift(Struct, frozen=True):
    """One thing that does not add up: what the level says, and what its records say."""

    product_id: str
    """The variant's id, which is the product's where that has no others."""
    sku: str
    location: str
    rule: str
    stored: int
    expected: int
    about: str = ""
    """What is named where it is no level: an event, an order."""


class AuditReport(Struct):
    """What was looked at, and every drift found; clean where there is none."""

    products: int = 0
    levels: int = 0
    movements: int = 0
    holds: int = 0
    drifts: list[Drift] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    """Variants that changed at every look: nothing can be said of them now."""

    @property
    def is_clean(self) -> bool:
        """Whether every invariant holds."""
        return not self.drifts


async def audit(app: App) -> AuditReport:
    """Check every product, deleted ones too, and every event; memory grows with products and orders."""
    report = AuditReport()
    await _check_levels(app, report)
    for about, rule, stored, expected in await event_drifts(app):
        report.drifts.append(Drift("", "", "", rule, stored, expected, about))
    for about, counts, expected in await miscounted_customers(app):
        report.drifts.append(Drift("", "", "", COUNTED_RULE, counts, expected, about))
    for product_id, name, stored, expected in await count_drifts(app):
        report.drifts.append(Drift(product_id, "", "", RULE, stored, expected, name.replace(SEPARATOR, " ")))
    for about, stored, expected in await rollup_drifts(app):
        report.drifts.append(Drift("", "", "", ROLLUP_RULE, stored, expected, about))
    for product, name in await missing_files(app):
        report.drifts.append(Drift(product.id, product.sku, "", PICTURE_RULE, 0, 1, name))
    return report


async def _check_levels(app: App, report: AuditReport) -> None:
    """Sum the whole ledger in one pass, and compare; of a variant that changes meanwhile its own movements are read."""
    versions = {stock.variant_id: stock.version async for page in _pages_of_stocks(app) for stock in page}
    sums = await _sum_ledger(app, report)
    held = await held_units(app, report)
    async for stocks in _pages_of_stocks(app):
        claims = await _claim_drifts(app, stocks)
        await give_way()
        for stock in stocks:
            report.products += 1
            report.levels += len(stock.levels)
            moved = sums.pop(stock.variant_id, {})
            if versions.get(stock.variant_id) != stock.version:
                moved = await moved_units(app, stock)
            if _drifts(stock, moved, held) or claims.get(stock.variant_id):
                await _look_again(app, stock.variant_id, report)
    await _check_without_stock(app, sums, report)


async def _check_without_stock(app: App, sums: dict[str, dict[str, int]], report: AuditReport) -> None:
    """Check the variants that have movements and were in no list of stocks: made just now, or without a record."""
    for variant_id, moved in sums.items():
        if await stock_records.load_stocks(app.store, [variant_id]):
            await _look_again(app, variant_id, report)
            continue
        for location, units in moved.items():
            report.drifts.append(Drift(variant_id, "", location, "movements sum to the total", 0, units))


async def _look_again(app: App, variant_id: str, report: AuditReport) -> None:
    for look in range(LOOKS_MAX):
        before = await stock_records.get_stock(app.store, variant_id)
        moved = await moved_units(app, before)
        held = await held_units(app)
        claims = await _claim_drifts(app, [before])
        after = await stock_records.get_stock(app.store, variant_id)
        drifts = _drifts(before, moved, held) + claims.get(variant_id, [])
        if not drifts:
            return
        await asyncio.sleep(0.01 * (look + 1))
        # Looked at once more later: in the cloud a list may show a commit that is under way before single items do.
        later = await stock_records.get_stock(app.store, variant_id)
        if before.version == after.version == later.version:
            report.drifts.extend(drifts)
            return
    report.unsettled.append(variant_id)


def _drifts(stock: Stock, moved: dict[str, int], held: Counter[LevelId]) -> list[Drift]:
    found: list[Drift] = []

    def expect(location: str, rule: str, stored: int, expected: int) -> None:
        if stored != expected:
            found.append(Drift(stock.variant_id, stock.sku, location, rule, stored, expected))

    for location, level in stock.levels.items():
        expect(location, "available is not negative", level.available, max(0, level.available))
        expect(location, "reserved is not negative", level.reserved, max(0, level.reserved))
        expect(location, "total is available and reserved together", level.total, level.available + level.reserved)
        expect(location, "movements sum to the total", level.total, moved.get(location, 0))
        expect(location, "holds sum to the reserved", level.reserved, held[stock.variant_id, location])
    for location in moved.keys() - stock.levels.keys():
        expect(location, "movements sum to the total", 0, moved[location])
    return found


async def _claim_drifts(app: App, stocks: Sequence[Stock]) -> dict[str, list[Drift]]:
    """Return, by variant, the SKUs and barcodes that are not claimed by the product that bears them.

    Two calls for a page.
    """
    products = await product_records.load_products(app.store, (stock.product_id for stock in stocks))
    barcodes = {stock.variant_id: _barcodes(products.get(stock.product_id), stock) for stock in stocks}
    codes = [barcode for each in barcodes.values() for barcode, _ in each]
    holders = await product_records.load_holders(app.store, [*(stock.sku for stock in stocks), *codes])
    drifts: dict[str, list[Drift]] = {}
    for stock in stocks:
        product = products.get(stock.product_id)
        if product is None or stock.variant_id not in product.variant_ids:
            continue
        found = [] if _is_held(holders.skus.get(stock.sku), stock, stock.own_variant) else ["SKU"]
        found += [
            "barcode"
            for barcode, own in barcodes[stock.variant_id]
            if not _is_held(holders.barcodes.get(barcode), stock, own)
        ]
        if found:
            drifts[stock.variant_id] = [
                Drift(stock.product_id, stock.sku, "", f"the {code} is claimed by its product", 0, 1) for code in found
            ]
    return drifts


def _barcodes(product: Product | None, stock: Stock) -> list[tuple[str, OwnVariant]]:
    """Return the barcodes that a variant answers for: its own, and with the first of several the product's."""
    if product is None:
        return []
    found = [(product.own_barcode(stock.own_variant), stock.own_variant)]
    if product.variants and product.variants[0].id == stock.own_variant:
        found.append((product.barcode, UNSET))
    return [(barcode, own) for barcode, own in found if barcode is not None]


def _is_held(claim: Claim | None, stock: Stock, own: OwnVariant) -> bool:
    return claim is not None and (claim.product_id, claim.own_variant) == (stock.product_id, own)


async def _pages_of_stocks(app: App) -> AsyncIterator[list[Stock]]:
    for deleted in (False, True):
        async for page in pages(partial(stock_records.page_of_stocks, app.store, limit=STEP_ROWS, deleted=deleted)):
            yield page


async def _sum_ledger(app: App, report: AuditReport) -> dict[str, dict[str, int]]:
    """Sum all movements: variant → location → units."""
    sums: dict[str, dict[str, int]] = {}
    async for movements in pages(partial(stock_records.page_of_movements, app.store, limit=STEP_ROWS, reverse=False)):
        report.movements += len(movements)
        for movement in movements:
            _add_up(sums.setdefault(movement.variant_id, {}), movement)
    return sums


async def moved_units(app: App, stock: Stock) -> dict[str, int]:
    """Sum a variant's movements: location → units."""
    read = partial(stock_records.page_of_movements, app.store, stock.product_id, where=of_variant(stock))
    sums: dict[str, int] = {}
    async for movement in every(partial(read, limit=STEP_ROWS)):
        # A product whose shared stock was spread has movements of its variants too.
        if movement.variant_id == stock.variant_id:
            _add_up(sums, movement)
    return sums


def _add_up(sums: dict[str, int], movement: Movement) -> None:
    location = intern(movement.location)
    sums[location] = sums.get(location, 0) + movement.quantity


async def held_units(app: App, report: AuditReport | None = None) -> Counter[LevelId]:
    """Sum what ACTIVE reservations and open orders hold at each level."""
    sums: Counter[LevelId] = Counter()
    holds = 0
    async for held in active_reservations(app):
        holds += 1
        for variant_id, allocation in held.allocations.items():
            for location, units in allocation.items():
                sums[variant_id, location] += units
    async for order in reserving_orders(app):
        holds += 1
        for variant_id, allocation in order.allocations.items():
            for location, units in allocation.items():
                sums[variant_id, location] += units
    if report is not None:
        report.holds = holds
    return sums
