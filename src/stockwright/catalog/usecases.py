"""The catalog: products with their stock, changed, deleted, listed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import (
    AlreadyExists,
    Conflict,
    Invalid,
    VersionConflict,
    check_all,
)
from stockwright.base.long_work import STEP_ROWS
from stockwright.base.names import clean
from stockwright.catalog.pictures import release_files
from stockwright.catalog.product_list import NAMES
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import ProductDeleted, ProductUpdated
from stockwright.orders import records as order_records
from stockwright.orders.status import UNFINISHED
from stockwright.products import category_records
from stockwright.products import records as product_records
from stockwright.products.model import Product, ProductFields, check_product, with_fields
from stockwright.products.pictures import first_url
from stockwright.products.spellings import spell
from stockwright.reservations.allocation import releasing_expired
from stockwright.stock import records as stock_records
from stockwright.stock.allocating import spread
from stockwright.stock.booking import book, decide_on_stock, shifts_of
from stockwright.stock.model import Stock, check_quantity, shifted
from stockwright.store.batch import Batch, retried
from stockwright.store.paging import every

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockwright.context import App
    from stockwright.products.category_records import Category
    from stockwright.request import Request


class UpdateProduct(Struct, frozen=True):
    """Only the given fields change. `fields` are Product's own names; `quantity` sets what is available.

    `expected_version` is the product's; `expected_stock_version` counts only where `quantity` is given.
    """

    product_id: str
    fields: ProductFields = field(default_factory=ProductFields)
    quantity: int | None = None
    thresholds: Mapping[str, int] = field(default_factory=dict)
    expected_version: int | None = None
    expected_stock_version: int | None = None


async def check_change(app: App, command: UpdateProduct) -> None:
    """Refuse everything that is wrong with a change: its versions, and what a product's rules forbid.

    A product that does not exist has no rules.
    """
    known = await product_records.load_products(app.store, [command.product_id])
    categories = await category_records.list_categories(app.store) if known else []
    names = frozenset(each.name for each in categories)
    check_all(
        partial(_check_expected_versions, command),
        *(
            partial(check_product, _with_fields(each, command.fields, categories), names, each)
            for each in known.values()
        ),
    )


def _check_expected_versions(command: UpdateProduct) -> None:
    if command.quantity is None or command.expected_version is None or command.expected_stock_version is not None:
        return
    raise Invalid.field(
        "expectedStockVersion",
        "is required with expectedVersion when quantity is set; send the stockVersion that you read",
    )


async def update_product(app: App, request: Request, command: UpdateProduct) -> StockedProduct:
    """Change the given fields; 412 with the state now where an expected version is not the version.

    The product's own fields and thresholds are held to the product's version only: a sale meanwhile does not
    matter to them. `quantity` sets what is available, books the difference as an ADJUSTMENT, and is held to
    the stock's version too.
    """
    if command.quantity is not None:
        check_quantity(command.quantity, least=0)
        if command.expected_version is not None and command.expected_stock_version is None:
            await check_change(app, command)

    async def attempt() -> StockedProduct:
        before = await get_product(app, command.product_id)
        _insist_on_versions(before, command)
        fields = Batch()
        product = await change_fields(app, fields, before.product, command.fields)

        def decision(stock: Stock) -> tuple[Batch, StockedProduct]:
            now, batch = replace(before, stock=stock), Batch()
            _insist_on_versions(now, command)
            batch.writes += fields.writes
            return batch, _write_update(app, request, batch, now, product, command)

        if command.quantity is not None or command.thresholds or product.sku != before.stock.sku:
            return await decide_on_stock(app, request, product.id, before.stock.active, decision)
        batch, after = decision(before.stock)
        if not batch.writes:
            return await unchanged(app, request, before)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


def _insist_on_versions(now: StockedProduct, command: UpdateProduct) -> None:
    """Refuse, with the state now, unless both are still the versions that the caller requires."""
    stock_version = command.expected_stock_version if command.quantity is not None else None
    if command.expected_version not in (None, now.product.version) or stock_version not in (None, now.stock.version):
        raise VersionConflict(details={"current": now})


async def add_update(
    app: App, request: Request, batch: Batch, before: StockedProduct, command: UpdateProduct
) -> StockedProduct:
    """Add the writes of a change to a batch (none where nothing changes); returns the product as it will be."""
    product = await change_fields(app, batch, before.product, command.fields)
    return _write_update(app, request, batch, before, product, command)


def _write_update(
    app: App, request: Request, batch: Batch, before: StockedProduct, product: Product, command: UpdateProduct
) -> StockedProduct:
    stock, changes = _recounted(before.stock, command)
    if stock.sku != product.sku:
        stock = replace(stock, sku=product.sku)
    if (product, stock) == (before.product, before.stock):
        return before
    product_records.put_product(batch, replace(product, updated_at=app.clock.now()))
    if stock != before.stock:
        stock = replace(stock, updated_at=app.clock.now())
        stock_records.put_stock(batch, stock)
        book(
            app,
            request,
            batch,
            {stock.variant_id: changes},
            {stock.variant_id: stock},
            "ADJUSTMENT",
            reason="Product edited",
        )
    batch.append(
        new_event(
            app,
            request,
            ProductUpdated(
                sku=product.sku,
                fields=sorted({*command.fields, *(["quantity"] if changes else [])}),
                products=[product.id] if stock != before.stock else [],
            ),
            product.id,
        )
    )
    return StockedProduct(
        replace(product, updated_at=app.clock.now(), version=product.version + 1),
        replace(stock, version=stock.version + (stock != before.stock)),
    )


async def change_fields(app: App, batch: Batch, before: Product, fields: ProductFields) -> Product:
    """Decide the product after the change; an UNLISTED one with all it needs goes on sale."""
    categories = await category_records.list_categories(app.store)
    after = _with_fields(before, fields, categories)
    if {"brand", "type"} & fields.keys():
        after = await spell(app, batch, after)
    if after == before:
        return before
    if after.status == "UNLISTED" and "status" not in fields and after.price_cents and after.description:
        after = replace(after, status="ACTIVE")
    if after.status == "DELETED":
        raise Invalid.field("status", "must be ACTIVE or INACTIVE; use DELETE to remove a product")
    check_product(after, frozenset(each.name for each in categories), before)
    category = category_records.find_category(categories, after.category)
    if category is not None and after.category != before.category:
        category_records.use_category(batch, category)
    if after.sku.casefold() != before.sku.casefold():
        claimed = await product_records.load_product_ids(app.store, [after.sku])
        if claimed:
            raise AlreadyExists(f"A product with SKU {after.sku} already exists", {"sku": after.sku})
        product_records.release_sku(batch, before.sku)
        product_records.claim_sku(batch, after.sku, after.id)
    return after


def _with_fields(before: Product, fields: ProductFields, categories: Iterable[Category]) -> Product:
    """Return a product with the given fields, names cleaned and the category as the managed list has it."""
    cleaned = fields.copy()
    if before.image_url is None and "image_url" in cleaned and cleaned["image_url"] == first_url(None, before.images):
        # What was read is sent back: its first picture.
        del cleaned["image_url"]
    for name in NAMES:
        if name in cleaned:
            cleaned[name] = clean(cleaned[name])
    after = with_fields(before, cleaned)
    if "description" not in fields and before.description == before.name:
        after = replace(after, description=after.name)
    category = category_records.find_category(categories, after.category)
    return after if category is None else replace(after, category=category.name)


def _recounted(before: Stock, command: UpdateProduct) -> tuple[Stock, dict[str, int]]:
    """Decide the stock after the change, and what changed at which location."""
    after = check_thresholds(replace(before, **command.thresholds))
    if command.quantity is None or command.quantity == before.available:
        return after, {}
    changes = spread(before, command.quantity - before.available)
    return shifted(after, shifts_of(changes)), changes


async def delete_product(app: App, request: Request, product_id: str, expected_version: int | None = None) -> str:
    """Take a product out of the shop; its history and past orders stay readable.

    409 while units are reserved or an open order holds it. What is left on the shelf is booked out
    as an ADJUSTMENT, so that the ledger still sums up. Its levels go with it: what was to bring units
    meanwhile finds none to bring them to.
    """

    async def attempt() -> str:
        before = await get_product(app, product_id)
        if expected_version not in (None, before.product.version):
            raise VersionConflict(details={"current": before})
        stock = before.stock
        if stock.reserved:
            raise Conflict(
                f"{stock.reserved} units are reserved; cancel or ship those orders and reservations first",
                {"reserved": stock.reserved},
            )
        order_id = await _find_open_order(app, product_id)
        if order_id is not None:
            raise Conflict("An open order contains this product; deliver or cancel it first", {"orderId": order_id})
        batch = Batch()
        left = {location: -level.total for location, level in stock.levels.items() if level.total}
        book(app, request, batch, {product_id: left}, {product_id: stock}, "ADJUSTMENT", reason="Product deleted")
        release_files(app, request, batch, before.product.images)
        deleted = replace(before.product, status="DELETED", images=(), updated_at=app.clock.now())
        product_records.put_product(batch, deleted)
        product_records.release_sku(batch, stock.sku)
        stock_records.put_stock(batch, replace(stock, levels={}, updated_at=app.clock.now()), deleted=True)
        batch.append(new_event(app, request, ProductDeleted(sku=stock.sku), product_id))
        await commit(app, request, batch, product_id)
        return product_id

    return await releasing_expired(app, request, [product_id], attempt)


async def _find_open_order(app: App, product_id: str) -> str | None:
    """Find an order that still has to ship this product; the stock's version guards against a newer one."""
    for status in UNFINISHED:
        async for order in every(partial(order_records.page_of_orders, app.store, status=status, limit=STEP_ROWS)):
            if product_id in order.allocations:
                return order.id
    return None


def check_thresholds(stock: Stock) -> Stock:
    """Refuse thresholds below zero, or a reorder quantity below one."""
    check_all(
        lambda: check_quantity(stock.low_stock, "lowStockThreshold", least=0),
        lambda: check_quantity(stock.reorder_point, "reorderPoint", least=0),
        lambda: check_quantity(stock.reorder_quantity, "reorderQuantity", least=1),
    )
    return stock
