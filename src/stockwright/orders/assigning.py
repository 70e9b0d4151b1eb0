"""Which variant a line means that was sold before its product's shared stock was spread over variants.

The line stays as it was sold. Where its units come back, the order notes which variant they went to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from stockwright.products import records as product_records
from stockwright.products.variant_rules import variants_with
from stockwright.stock import records as stock_records

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.orders.model import Order
    from stockwright.products.model import Product


def names_one_variant(order: Order, product: Product) -> bool:
    """Return whether each of the order's lines of a product names exactly one of its variants by its options."""
    return all(len(variants_with(product, line.options)) == 1 for line in order.lines if line.variant_id == product.id)


async def with_assigned(app: App, order: Order) -> Order:
    """Return the order with the variants that its lines mean, of products whose shared stock was spread."""
    shared = [line.product_id for line in order.lines if line.own_variant is UNSET]
    stocks = await stock_records.load_stocks(app.store, shared)
    closed = [each for each, stock in stocks.items() if not stock.levels]
    products = await product_records.load_products(app.store, closed) if closed else {}
    assigned: dict[str, str] = {}
    for number, line in enumerate(order.lines):
        product = products.get(line.product_id) if line.own_variant is UNSET else None
        meant = [] if product is None else variants_with(product, line.options)
        if len(meant) == 1:
            assigned[str(number)] = meant[0].id
    return replace(order, assigned=assigned) if assigned else order
