"""A product with its stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.errors import (
    NotFound,
)
from stockwright.products import records as product_records
from stockwright.products.model import Product
from stockwright.stock import location_records
from stockwright.stock import records as stock_records
from stockwright.stock.model import Stock

if TYPE_CHECKING:
    from stockwright.context import App


class StockedProduct(Struct, frozen=True):
    """A product with its stock, as every view of it needs both."""

    product: Product
    stock: Stock


async def get_product(app: App, product_id: str) -> StockedProduct:
    """Get a product and its stock, or refuse."""
    found = await load_stocked(app, [product_id])
    if product_id not in found:
        raise NotFound("Product not found")
    return found[product_id]


async def load_stocked(app: App, product_ids: list[str]) -> dict[str, StockedProduct]:
    """Load many products with their stock and the active locations, in two store calls.

    What is not there is left out.
    """
    active = await location_records.load_active(app.store)
    keys = [(each, product_records.product_key(each), stock_records.stock_key(each)) for each in product_ids]
    found = await app.store.get([key for _, *both in keys for key in both])
    loaded = {}
    for product_id, product_key, stock_key in keys:
        item, stock = found.get(product_key), found.get(stock_key)
        # A read of many items is not of one moment: the product that is just being made may come without its stock.
        # Nor may it be so of the product that is just being deleted: its stock has no levels any more.
        if item is None or stock is None:
            continue
        one = StockedProduct(item.read(Product), stock_records.stock_of(stock, active))
        if one.product.status != "DELETED" and one.stock.levels:
            loaded[product_id] = one
    return loaded
