"""Routes of the variants of a product."""

from __future__ import annotations

from typing import Any, cast

from msgspec import UNSET

from stockwright.catalog import variants
from stockwright.catalog.routes import show_product
from stockwright.catalog.spreading import Spread, spread_stock
from stockwright.catalog.stocked import StockedProduct
from stockwright.catalog.variant_wire import (
    NewVariantBody,
    SpreadBody,
    VariantPatch,
    given_thresholds,
    new_variant,
    option_choices,
    shares_of,
)
from stockwright.catalog.variants import AddVariant, ChangeVariant, VariantFields
from stockwright.catalog.wire import ProductView
from stockwright.http.route import Call, NoQuery, PlainCall, route
from stockwright.stock.model import DEFAULT_LOCATION

TAG = "Catalogue"
_NAMES = {
    "options": "options",
    "sku": "sku",
    "price": "price_cents",
    "image_url": "image_url",
    "image_id": "picture",
    "barcode": "barcode",
    "cost": "cost_cents",
    "weight_grams": "weight_grams",
    "tax_rate": "tax_rate",
}
"""The fields of a variant, by their names on the wire."""
_CLEARED = frozenset({"price", "image_url", "image_id", "barcode", "cost", "weight_grams", "tax_rate"})
"""Those of which null means: as the product has it."""


async def _add(call: Call[NewVariantBody, NoQuery]) -> StockedProduct:
    body = call.body
    location = body.location or DEFAULT_LOCATION
    command = AddVariant(call.path["id"], new_variant(body), location, call.expected_version())
    return await variants.add_variant(call.app, call.request, command)


async def _change(call: Call[VariantPatch, NoQuery]) -> StockedProduct:
    body = call.body
    given = {name: getattr(body, name) for name in _NAMES}
    fields: dict[str, Any] = {
        _NAMES[name]: value
        for name, value in given.items()
        if value is not UNSET and (value is not None or name in _CLEARED)
    }
    if "picture" in fields:
        fields["picture"] = fields["picture"] or ""
    command = ChangeVariant(
        call.path["id"],
        call.path["variantId"],
        cast("VariantFields", fields),
        body.quantity,
        given_thresholds(body.low_stock_threshold, body.reorder_point, body.reorder_quantity),
        call.expected_version(),
        body.expected_stock_version,
    )
    return await variants.change_variant(call.app, call.request, command)


async def _spread(call: Call[SpreadBody, NoQuery]) -> StockedProduct:
    body = call.body
    command = Spread(
        call.path["id"],
        shares_of(body),
        option_choices(body.options),
        call.expected_version(),
        body.expected_stock_version,
    )
    return await spread_stock(call.app, call.request, command)


async def _remove(call: PlainCall) -> StockedProduct:
    return await variants.remove_variant(
        call.app, call.request, call.path["id"], call.path["variantId"], call.expected_version()
    )


ROUTES = (
    route(
        "POST",
        "/products/{id}/variants",
        _add,
        "Add a variant to a product whose variants have stock of their own",
        TAG,
        show_product,
        body=NewVariantBody,
        answer=ProductView,
        status=201,
        errors=(404, 409, 412),
    ),
    route(
        "POST",
        "/products/{id}/variants/spread",
        _spread,
        "Spread a product's shared stock over variants that then have stock of their own",
        TAG,
        show_product,
        body=SpreadBody,
        answer=ProductView,
        description=(
            "All variants together get exactly what is available, at each location. 409 while units are reserved "
            "(`details` names the orders and reservations), or while an open order does not say which variant it "
            "means. Each unit moves by a TRANSFER from the product to its variant."
        ),
        errors=(404, 409, 412),
    ),
    route(
        "PATCH",
        "/products/{id}/variants/{variantId}",
        _change,
        "Change a variant: only the given fields change",
        TAG,
        show_product,
        body=VariantPatch,
        answer=ProductView,
        description=(
            "`quantity` sets the available units and books the difference as an ADJUSTMENT. If-Match and "
            "`expectedVersion` compare the product's version, `expectedStockVersion` that of the variant's stock."
        ),
        errors=(404, 409, 412),
    ),
    route(
        "DELETE",
        "/products/{id}/variants/{variantId}",
        _remove,
        "Remove a variant; its movements and orders stay readable",
        TAG,
        show_product,
        answer=ProductView,
        errors=(404, 409, 412),
    ),
)
