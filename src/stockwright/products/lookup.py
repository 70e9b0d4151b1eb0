"""Finding the products that a request names by id or SKU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stockwright.base.errors import Conflict, Invalid, NotFound
from stockwright.products import records as product_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.products.model import Product


UNKNOWN: Final = "there is no such product"


class Named(Struct, frozen=True):
    """A product as a request names it: by id or SKU, in which line, in which field."""

    product_id: str | None
    sku: str | None
    line: int
    field: str

    def refusal(self, message: str) -> dict[str, Any]:
        """Return the entry of an error's details that refuses it."""
        named = {"productId": self.product_id} if self.product_id else {"sku": self.sku}
        return {**named, "line": self.line, "field": self.field, "message": message}


async def load_named(app: App, named: Sequence[Named]) -> list[Product]:
    """Load the product of each, in two store calls; refuses all that do not exist (404)."""
    by_sku = [each.sku for each in named if each.product_id is None and each.sku is not None]
    ids_of_skus = await product_records.load_product_ids(app.store, by_sku) if by_sku else {}
    ids = [each.product_id or ids_of_skus.get(each.sku or "", "") for each in named]
    products = await product_records.load_products(app.store, filter(None, ids))
    unknown = [each.refusal(UNKNOWN) for each, product_id in zip(named, ids, strict=True) if product_id not in products]
    if unknown:
        raise NotFound("Product not found", {**_first(unknown), "lines": unknown})
    return [products[product_id] for product_id in ids]


async def check_known(app: App, named: Sequence[Named]) -> None:
    """Refuse products that do not exist as fields of a request that has other faults (Invalid)."""
    try:
        await load_named(app, named)
    except NotFound as unknown:
        raise Invalid(
            details=[{"field": each["field"], "message": each["message"]} for each in unknown.details["lines"]]
        ) from None


async def check_can_be_held(app: App, named: Sequence[Named]) -> None:
    """Refuse to hold units of what does not exist (404), or was taken out of the shop (409)."""
    check_offered(named, await load_named(app, named), unlisted_too=True)


def check_offered(named: Sequence[Named], products: Sequence[Product], *, unlisted_too: bool) -> None:
    """Refuse every product that is not for sale now (Conflict); an UNLISTED one too, unless `unlisted_too`."""
    refused = [
        each.refusal(f"{product.name} is not for sale now")
        for each, product in zip(named, products, strict=True)
        if not (product.can_be_held if unlisted_too else product.is_sellable)
    ]
    if refused:
        raise Conflict(refused[0]["message"], {**_first(refused), "lines": refused})


def _first(refusals: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in refusals[0].items() if name not in {"field", "message"}}
