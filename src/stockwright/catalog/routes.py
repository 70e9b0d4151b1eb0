"""Catalogue: products, the public storefront, categories (S0, S1, S2, S3)."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, cast

from msgspec.structs import replace

from stockwright.base.actor import ANONYMOUS, Scope
from stockwright.base.errors import NotFound
from stockwright.catalog import product_list as product_list_catalog
from stockwright.catalog import stocked as stocked_catalog
from stockwright.catalog import usecases as catalog
from stockwright.catalog.new_product import CreateProduct, check_references, create_product
from stockwright.catalog.product_list import ListProducts
from stockwright.catalog.stocked import StockedProduct
from stockwright.catalog.usecases import UpdateProduct
from stockwright.catalog.variant_wire import as_choices, given_thresholds, new_variant, option_choices
from stockwright.catalog.wire import (
    DeletedView,
    ItemsQuery,
    ItemView,
    ProductBody,
    ProductPatch,
    ProductsQuery,
    ProductView,
    item_view,
    shown_product,
    wanted_products,
)
from stockwright.http.lists import show_list
from stockwright.http.route import PUBLIC_SECONDS, Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import MALFORMED, first_given, is_given, well_formed
from stockwright.http.wire import ListView
from stockwright.products.model import FIELD_NAMES, OptionalFields, Product, ProductFields
from stockwright.stock.model import DEFAULT_LOCATION

SHOWN_AS: Final = {"price_cents": "price", "cost_cents": "cost"}
"""The fields of a product that have another name on the wire."""
CLEARED: Final = frozenset({"image_url", "barcode", "cost_cents", "weight_grams", "tax_rate"})
"""The fields that null takes away."""
WRITERS: Final[frozenset[Scope]] = frozenset({"products:write"})
"""The scopes of keys that may change products."""


def show_product(call: AnyCall, found: StockedProduct) -> Answer:
    """Show a product; its ETag holds the versions of the product and of its stock, and moves with either."""
    shown = shown_product(found, costs=call.request.actor.sees_costs)
    return Answer(shown, etag=f'"{found.product.version}-{found.stock.version}"')


async def _create(call: Call[ProductBody, NoQuery]) -> StockedProduct:
    body = call.body
    command = CreateProduct(
        name=first_given(body.name, body.product_name),
        sku=body.sku,
        description=body.description,
        category=body.category,
        price_cents=body.price or 0,
        currency=body.currency,
        quantity=_quantity(body),
        thresholds=_thresholds(body),
        location=body.location or DEFAULT_LOCATION,
        id=body.product_id,
    )
    given = {name: getattr(body, SHOWN_AS.get(name, name)) for name in OptionalFields.__struct_fields__}
    if body.variants is not None or isinstance(body.options, list):
        given["options"] = {}
        variants = [new_variant(each) for each in body.variants or ()]
        command = replace(command, choices=option_choices(body.options), variants=variants)
    made = await create_product(call.app, call.request, replace(command, **given))
    call.log("Product created successfully", product_id=made.product.id, sku=made.product.sku)
    return made


def _quantity(body: ProductBody | ProductPatch) -> int | None:
    quantity: int | None = first_given(body.quantity, body.stock_quantity)
    return quantity


def _thresholds(body: ProductBody | ProductPatch) -> dict[str, int]:
    low = first_given(body.low_stock_threshold, body.threshold)
    return given_thresholds(low, body.reorder_point, body.reorder_quantity)


async def _update(call: Call[ProductPatch, NoQuery]) -> StockedProduct:
    return await catalog.update_product(call.app, call.request, _update_command(call, _changed(call.body)))


def _update_command(call: AnyCall, changed: ProductFields) -> UpdateProduct:
    body = call.body
    return UpdateProduct(
        call.path["id"],
        changed,
        _quantity(body),
        _thresholds(body),
        call.expected_version(),
        call.expected_stock_version(),
    )


def _changed(body: ProductPatch) -> ProductFields:
    """Return the product's own fields that a body changes and that are well formed, under Product's names."""
    changed: dict[str, Any] = {name: getattr(body, SHOWN_AS.get(name, name)) for name in FIELD_NAMES}
    changed["name"] = first_given(body.name, body.product_name)
    changed["options"] = as_choices(changed["options"])
    given = {name: each for name, each in changed.items() if is_given(each) or (name in CLEARED and each is None)}
    return cast("ProductFields", {name: each for name, each in given.items() if each is not MALFORMED})


async def _look_up_new(call: AnyCall) -> None:
    await check_references(call.app, *map(well_formed, (call.body.category, call.body.location)))


async def _look_up_change(call: AnyCall) -> None:
    await catalog.check_change(call.app, _update_command(call, _changed(call.body)))


async def _list(call: Call[None, ProductsQuery]) -> tuple[list[StockedProduct], str | None]:
    query = call.query
    wanted = replace(wanted_products(query), sort=query.sort, limit=query.limit, after=call.position())
    return await product_list_catalog.list_products(call.app, call.request, wanted)


async def _get(call: PlainCall) -> StockedProduct:
    return _seen_by(call, await stocked_catalog.get_product(call.app, call.path["id"]))


def _seen_by(call: AnyCall, found: StockedProduct) -> StockedProduct:
    """Only an admin sees what is not on sale."""
    product: Product = found.product
    if not product.is_sellable and not call.request.actor.is_admin:
        raise NotFound("Product not found")
    return found


async def _delete(call: PlainCall) -> str:
    return await catalog.delete_product(call.app, call.request, call.path["id"], call.expected_version())


async def _items(call: Call[None, ItemsQuery]) -> tuple[list[StockedProduct], str | None]:
    query = call.query
    wanted = ListProducts(
        category=query.category,
        type=query.type,
        brand=query.brand,
        search=query.search,
        limit=query.limit,
        after=call.position(),
    )
    return await product_list_catalog.list_products(call.app, call.request.by(ANONYMOUS), wanted)


async def _item(call: PlainCall) -> StockedProduct:
    found = await stocked_catalog.get_product(call.app, call.path["id"])
    if not found.product.is_sellable:
        raise NotFound("Product not found")
    return found


def _show_item(_: AnyCall, found: StockedProduct) -> Answer:
    """Show an item; its ETag moves with the product, and with what is in stock."""
    in_stock = "".join(str(int(stock.available > 0)) for stock in found.stocks)
    return Answer(item_view(found), etag=f'"{found.product.version}-{int(in_stock, 2):x}"')


def _show_deleted(_: AnyCall, product_id: str) -> DeletedView:
    return DeletedView(message="Product deleted successfully", deleted_id=product_id)


_UPDATE = route(
    "PUT",
    "/products/{id}",
    _update,
    "Change a product: only the given fields change",
    "Catalogue",
    show_product,
    scopes=WRITERS,
    body=ProductPatch,
    answer=ProductView,
    description=(
        "`quantity` sets the available units and books the difference as an ADJUSTMENT. If-Match compares the "
        "product's version; where `quantity` is set, that of the stock too (412)."
    ),
    errors=(404, 409, 412),
    look_up=_look_up_change,
)
ROUTES = (
    route(
        "GET",
        "/products",
        _list,
        "List products",
        "Catalogue",
        lambda call, found: show_list(call, found, partial(shown_product, costs=call.request.actor.sees_costs)),
        who="any",
        query=ProductsQuery,
        answer=ListView[ProductView],
        cached=True,
    ),
    route(
        "POST",
        "/products",
        _create,
        "Create a product with its stock level",
        "Catalogue",
        show_product,
        scopes=WRITERS,
        body=ProductBody,
        answer=ProductView,
        status=201,
        errors=(409,),
        look_up=_look_up_new,
    ),
    route(
        "GET",
        "/products/{id}",
        _get,
        "Get a product",
        "Catalogue",
        show_product,
        who="any",
        answer=ProductView,
        errors=(404,),
        cached=True,
    ),
    _UPDATE,
    _UPDATE.at("/products/{id}", "PATCH"),
    route(
        "DELETE",
        "/products/{id}",
        _delete,
        "Delete a product; its movements and orders stay readable",
        "Catalogue",
        _show_deleted,
        scopes=WRITERS,
        answer=DeletedView,
        errors=(404, 409, 412),
    ),
    route(
        "GET",
        "/items",
        _items,
        "List the products of the public storefront",
        "Catalogue",
        lambda call, found: show_list(call, found, item_view),
        who="public",
        query=ItemsQuery,
        answer=ListView[ItemView],
        cached=True,
        public_seconds=PUBLIC_SECONDS,
    ),
    route(
        "GET",
        "/items/{id}",
        _item,
        "Get a product of the public storefront",
        "Catalogue",
        _show_item,
        who="public",
        answer=ItemView,
        errors=(404,),
        cached=True,
        public_seconds=PUBLIC_SECONDS,
    ),
)
