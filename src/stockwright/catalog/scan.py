"""What a scanned or typed code means, with its stock: a barcode, else a SKU, else an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from stockwright.base.errors import NotFound
from stockwright.stock import lookup
from stockwright.stock import records as stock_records
from stockwright.stock.lookup import ChosenVariant, Named, every_variant
from stockwright.stock.model import Stock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.products.model import Product


class Scanned(Struct, frozen=True):
    """A product, and what of it a code means: one variant, or all of them where the code is the product's."""

    product: Product
    variants: Sequence[tuple[ChosenVariant, Stock]]


async def find_scanned(app: App, code: str) -> Scanned:
    """Find what has a code, in four store calls; NotFound where nothing has it."""
    try:
        [found] = await lookup.load_named(app, [Named(None, None, 0, "code", code=code)])
    except NotFound:
        raise NotFound(f"Nothing has the code {code!r}", {"code": code}) from None
    chosen = [each for each in every_variant(found.product) if found.own_variant in {UNSET, each.own_variant}]
    stocks = await stock_records.load_stocks(app.store, [each.variant_id for each in chosen])
    return Scanned(found.product, [(each, stocks[each.variant_id]) for each in chosen if each.variant_id in stocks])
