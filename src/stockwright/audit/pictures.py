"""The audit of files: those that pictures consist of are there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.products.pictures import files_of
from stockwright.products.records import load_products, page_of_products
from stockwright.store.paging import every

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.products.model import Product

RULE: Final = "every file of a picture is there"


async def missing_files(app: App) -> list[tuple[Product, str]]:
    """Return the files that are not in the file store, each with the product that shows it."""
    missing: list[tuple[Product, str]] = []
    there: set[str] | None = None
    async for product in every(partial(page_of_products, app.store, limit=STEP_ROWS)):
        if not product.images:
            continue
        if there is None:
            there = {name async for name in app.files.names()}
        names = [name for name in files_of(product.images) if name not in there]
        if names:
            missing += [(product, name) for name in await _still_missing(app, product.id, names)]
        await give_way()
    return missing


async def _still_missing(app: App, product_id: str, names: list[str]) -> list[str]:
    """Look again: a picture may have come or gone since the files were listed."""
    gone = [name for name in names if await app.files.size(name) is None]
    now = await load_products(app.store, [product_id])
    shown = files_of(now[product_id].images) if product_id in now else ()
    return [name for name in gone if name in shown]
