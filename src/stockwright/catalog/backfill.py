"""Backfills: what this release keeps beside each product is written for the products of former releases.

They run in steps beside live traffic, each step a commit of its own that is found again after an end
at any point. What is written meanwhile is written whole by its own commit or handler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.long_work import give_way
from stockwright.products import records as product_records
from stockwright.products.spelling_records import Spelling
from stockwright.products.spellings import spell
from stockwright.rollups.fill import fill_rollups
from stockwright.stock import records as stock_records
from stockwright.stock.totals import count_stocks
from stockwright.store import progress as records
from stockwright.store.batch import Batch, Stale, retried
from stockwright.store.progress import FORMAT

if TYPE_CHECKING:
    from stockwright.context import App


STEP: Final = 50
"""Fewer where a commit takes fewer writes."""
WRITES: Final = 3
"""Of one product: itself, the spelling of its brand, that of its type."""
STEPS_MAX: Final = 200
"""For each call: what is left is for the next one."""


async def backfill(app: App) -> bool:
    """Go on with every backfill that is not done; returns whether all are."""
    steps = 0
    for name in FORMAT:
        while not (await records.load_progress(app.store, name)).done:
            if steps == STEPS_MAX:
                return False
            await (_sort_step(app) if name == "products" else _count_step(app))
            steps += 1
            await give_way()
    return await fill_rollups(app)


async def _sort_step(app: App) -> None:
    """Write some products whole: a product's entries, and what is searched, are part of its item.

    Its brand and type are written as the shop writes them.
    """

    async def attempt() -> None:
        progress = await records.load_progress(app.store, "products")
        products, following = await product_records.page_of_products(
            app.store, after=progress.after, limit=min(STEP, (app.store.writes_max - 1) // WRITES), reverse=False
        )
        batch, written = Batch(), dict[str, Spelling]()
        for product in products:
            product_records.put_product(batch, await spell(app, batch, product, written))
        records.put_progress(batch, "products", replace(progress, after=following, done=following is None))
        await batch.commit(app.store)

    await retried(attempt)


async def _count_step(app: App) -> None:
    progress = await records.load_progress(app.store, "stocks")
    stocks, following = await stock_records.page_of_stocks(app.store, after=progress.after, limit=STEP)
    await count_stocks(app, [stock.variant_id for stock in stocks])
    batch = Batch()
    records.put_progress(batch, "stocks", replace(progress, after=following, done=following is None))
    try:
        await batch.commit(app.store)
    except Stale:
        return
