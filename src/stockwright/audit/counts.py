"""The audit of what is counted in advance: each variant's part, and the totals, equal a recount to the unit.

The parts follow the stock by the moment that its event takes to be handled. One that is behind is a
drift only where the handler has nothing more to do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.long_work import STEP_ROWS
from stockwright.events.log import newest_position
from stockwright.events.records import load_cursors
from stockwright.products.records import load_products
from stockwright.stock.records import load_stocks, page_of_stocks
from stockwright.stock.total_records import load_counted, load_totals, put_totals
from stockwright.stock.totals import added, count_stocks, part_of, sums_of
from stockwright.store.batch import Batch, retried
from stockwright.store.paging import pages
from stockwright.store.port import log_order
from stockwright.store.progress import load_progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stockwright.context import App
    from stockwright.stock.total_records import Counted


LOOKS_MAX: Final = 20
LOOK_SECONDS: Final = 0.02
HANDLER: Final = "stock-watch"
RULE: Final = "what is counted in advance equals a recount"
CountDrift = tuple[str, str, int, int]
"""The variant ("" for the totals), what is counted, its value in store, the value by a recount."""


async def count_drifts(app: App) -> list[CountDrift]:
    """Return each part that is not what its stock says, and each total that is not the sum of its parts."""
    if not (await load_progress(app.store, "stocks")).done:
        return []
    drifts: list[CountDrift] = []
    for _ in range(LOOKS_MAX):
        before = await load_totals(app.store)
        sums, suspects = await _sum_parts(app)
        after = await load_totals(app.store)
        if before.version == after.version:
            drifts = [
                ("", name, after.sums.get(name, 0), sums.get(name, 0))
                for name in sorted({*sums, *after.sums})
                if sums.get(name, 0) != after.sums.get(name, 0)
            ]
            break
        await asyncio.sleep(LOOK_SECONDS)
    for variant_id in await _without_reason(app, suspects):
        drifts += await _look_again(app, variant_id)
    return drifts


async def _without_reason(app: App, suspects: Sequence[str]) -> list[str]:
    """Return those that are wrong at a second look too, and do not only wait for their handler."""
    handled = await is_handled(app, HANDLER)
    found: list[str] = []
    for start in range(0, len(suspects), STEP_ROWS):
        for variant_id, (part, expected) in (await _parts(app, suspects[start : start + STEP_ROWS])).items():
            if not _same(part, expected) and (handled or not _is_behind(part, expected)):
                found.append(variant_id)
    return found


async def recount_stock(app: App) -> None:
    """Count every variant again, and rewrite the totals."""
    async for variant_ids in _every_variant(app):
        await count_stocks(app, variant_ids)
    await rebuild_totals(app)


async def rebuild_totals(app: App) -> None:
    """Rewrite the totals, as the sum of the parts."""

    async def attempt() -> None:
        before = await load_totals(app.store)
        sums, _ = await _sum_parts(app)
        batch = Batch()
        put_totals(batch, replace(before, sums=sums))
        await batch.commit(app.store)

    await retried(attempt)


async def _sum_parts(app: App) -> tuple[dict[str, int], list[str]]:
    """Sum the parts, and name the variants whose part is not what their stock says now."""
    sums, suspects = Counter[str](), list[str]()
    async for variant_ids in _every_variant(app):
        for variant_id, (part, expected) in (await _parts(app, variant_ids)).items():
            sums.update(sums_of(part))
            if not _same(part, expected):
                suspects.append(variant_id)
    return added({}, sums), suspects


async def _every_variant(app: App) -> AsyncIterator[list[str]]:
    for deleted in (False, True):
        async for stocks in pages(partial(page_of_stocks, app.store, limit=STEP_ROWS, deleted=deleted)):
            yield [stock.variant_id for stock in stocks]


async def _parts(app: App, variant_ids: Sequence[str]) -> dict[str, tuple[Counted | None, Counted | None]]:
    """Return of each variant the part in store, and what it is by a recount (None: it has none)."""
    parts = await load_counted(app.store, variant_ids)
    stocks = await load_stocks(app.store, variant_ids)
    products = await load_products(app.store, [stock.product_id for stock in stocks.values()])
    found: dict[str, tuple[Counted | None, Counted | None]] = {}
    for variant_id in variant_ids:
        stock = stocks.get(variant_id)
        product = None if stock is None else products.get(stock.product_id)
        expected = part_of(product, stock) if product is not None and stock is not None and stock.levels else None
        found[variant_id] = parts.get(variant_id), expected
    return found


async def _look_again(app: App, variant_id: str) -> list[CountDrift]:
    """Look until the part is right, waits for its handler, or is wrong though nothing is left to handle."""
    for _ in range(LOOKS_MAX):
        part, expected = (await _parts(app, [variant_id]))[variant_id]
        if _same(part, expected):
            return []
        if _is_behind(part, expected) and not await is_handled(app, HANDLER):
            return []
        if (await _parts(app, [variant_id]))[variant_id] == (part, expected):
            counted, real = sums_of(part), sums_of(expected)
            return [
                (variant_id, name, counted[name], real[name])
                for name in sorted({*counted, *real})
                if counted[name] != real[name]
            ] or [(variant_id, "status", int(part is not None), int(expected is not None))]
    return []


def _is_behind(part: Counted | None, expected: Counted | None) -> bool:
    """Return whether a variant has changed since it was counted."""
    if part is None or expected is None:
        return True
    return (part.stock_version, part.product_version) != (expected.stock_version, expected.product_version)


async def is_handled(app: App, handler: str) -> bool:
    """Return whether a handler has handled every event, as far as its cursor says; without one, no."""
    cursor = (await load_cursors(app.store)).get(handler)
    return cursor is not None and log_order(cursor[0]) >= log_order(await newest_position(app))


def _same(part: Counted | None, expected: Counted | None) -> bool:
    """Compare parts by what they say, at whichever version: some changes come to nothing."""
    if part is None or expected is None:
        return part is expected
    ignored = {"stock_version": 0, "product_version": 0, "version": 0}
    return replace(part, **ignored) == replace(expected, **ignored)
