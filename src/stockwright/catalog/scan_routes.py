"""The route that finds what was scanned."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from stockwright.catalog.scan import Scanned, find_scanned
from stockwright.http.route import AnyCall, Call, route
from stockwright.http.rules import Wire
from stockwright.products.model import ProductStatus
from stockwright.products.pictures import first_url
from stockwright.products.wire import Code
from stockwright.stock.lookup import ChosenVariant
from stockwright.stock.model import Stock


class ScanQuery(Wire):
    """What was scanned or typed."""

    code: Code


class ScannedVariantView(Wire):
    """A variant that a code means, with the units that can be sold now."""

    sku: str
    barcode: str | None
    name: str
    options: dict[str, str]
    price: int
    image_url: str | None
    available_stock: int
    variant_id: str | UnsetType = UNSET
    """of a variant with stock of its own"""


class ScannedView(Wire):
    """A product, and in `variants` what of it the code means: several where the code names none of them."""

    product_id: str
    name: str
    category: str
    currency: str
    status: ProductStatus
    variants: list[ScannedVariantView]


async def _find(call: Call[None, ScanQuery]) -> Scanned:
    return await find_scanned(call.app, call.query.code)


def _show(_: AnyCall, found: Scanned) -> ScannedView:
    product = found.product
    return ScannedView(
        product_id=product.id,
        name=product.name,
        category=product.category,
        currency=product.currency,
        status=product.status,
        variants=[_variant_view(chosen, stock) for chosen, stock in found.variants],
    )


def _variant_view(chosen: ChosenVariant, stock: Stock) -> ScannedVariantView:
    product, variant = chosen.product, chosen.variant
    own = None if variant is None else variant.image_url
    return ScannedVariantView(
        sku=chosen.sku,
        barcode=product.own_barcode(chosen.own_variant),
        name=product.name_of(chosen.own_variant),
        options={} if variant is None else product.ordered(variant.options),
        price=chosen.price_cents,
        image_url=own or first_url(product.image_url, product.images),
        available_stock=stock.available,
        variant_id=chosen.own_variant,
    )


ROUTES = (
    route(
        "GET",
        "/inventory/scan",
        _find,
        "Find what has a scanned code",
        "Inventory",
        _show,
        scopes=frozenset({"inventory", "sales"}),
        query=ScanQuery,
        answer=ScannedView,
        errors=(404,),
    ),
)
