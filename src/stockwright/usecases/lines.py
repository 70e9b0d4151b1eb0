"""The lines of an order or sale: from what a client names to products, names and prices now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stockwright.domain.errors import Conflict, Invalid, NotFound
from stockwright.domain.free import LINE_BYTES_MAX, check_free
from stockwright.domain.options import choose_options
from stockwright.domain.order import OrderLine
from stockwright.store.records import products as product_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockwright.domain.product import Product
    from stockwright.usecases.context import App


@dataclass(frozen=True, slots=True)
class LineWanted:
    """A line as asked for: a product by its id or by its SKU, how many, and chosen options."""

    quantity: int
    product_id: str | None = None
    sku: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    color: Any = None
    """S3's way to choose a color: by its value or position."""
    unit_price_cents: int | None = None
    """Where the seller knows the price better than the catalogue (an import); customers never do."""


async def load_lines(
    app: App, wanted: Sequence[LineWanted], *, unlisted_too: bool = False
) -> tuple[tuple[OrderLine, ...], str]:
    """Freeze what is asked for, in two store calls however many lines; returns the lines and currency."""
    by_sku = [line.sku for line in wanted if line.product_id is None and line.sku is not None]
    ids_of_skus = await product_records.load_product_ids(app.store, by_sku) if by_sku else {}
    ids = [line.product_id or ids_of_skus.get(line.sku or "", "") for line in wanted]
    products = await product_records.load_products(app.store, filter(None, ids))
    lines = tuple(
        _line(each, products.get(product_id), position, unlisted_too=unlisted_too)
        for position, (each, product_id) in enumerate(zip(wanted, ids, strict=True))
    )
    currencies = {products[line.product_id].currency for line in lines}
    if len(currencies) > 1:
        raise Invalid.field("items", f"must be of one currency, not of {', '.join(sorted(currencies))}")
    return lines, currencies.pop() if currencies else "USD"


async def check_can_be_held(app: App, product_ids: Iterable[str]) -> None:
    """Refuse to hold units of what is not there (404), or was taken out of the shop (409)."""
    wanted = list(dict.fromkeys(product_ids))
    products = await product_records.load_products(app.store, wanted)
    for product_id in wanted:
        if product_id not in products:
            raise NotFound("Product not found", {"productId": product_id})
        if not products[product_id].can_be_held:
            raise Conflict(f"{products[product_id].name} is not for sale now", {"productId": product_id})


def _line(wanted: LineWanted, product: Product | None, position: int, *, unlisted_too: bool) -> OrderLine:
    if product is None:
        named = {"productId": wanted.product_id} if wanted.product_id else {"sku": wanted.sku}
        raise NotFound("Product not found", {**named, "line": position})
    if not (product.can_be_held if unlisted_too else product.is_sellable):
        raise Conflict(f"{product.name} is not for sale now", {"productId": product.id, "line": position})
    at = f"items[{position}]."
    options = choose_options(product.options, wanted.options, wanted.color, at)
    if options:
        check_free(options, f"{at}options", LINE_BYTES_MAX)
    price = product.price_cents if wanted.unit_price_cents is None else wanted.unit_price_cents
    return OrderLine(product.id, product.sku, product.name, price, wanted.quantity, options)
