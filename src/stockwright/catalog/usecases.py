"""The catalog: products with their stock, changed, deleted, listed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, VersionConflict, check_all
from stockwright.base.long_work import STEP_ROWS
from stockwright.base.names import clean
from stockwright.catalog.pictures import release_files
from stockwright.catalog.product_list import NAMES
from stockwright.catalog.stocked import StockedProduct, get_product, with_stock, with_variants
from stockwright.catalog.unique import refuse_taken
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import ProductDeleted, ProductUpdated
from stockwright.orders import records as order_records
from stockwright.orders.status import UNFINISHED
from stockwright.products import category_records
from stockwright.products import records as product_records
from stockwright.products.barcode import clean_barcode, same_barcode
from stockwright.products.model import Product, ProductFields, check_product, with_fields
from stockwright.products.pictures import first_url
from stockwright.products.spellings import spell
from stockwright.products.variant_rules import check_fit
from stockwright.reservations.allocation import releasing_expired
from stockwright.stock import records as stock_records
from stockwright.stock.allocating import spread
from stockwright.stock.booking import book, decide_on_stock, shifts_of
from stockwright.stock.model import Stock, by_variant, check_quantity, moved_fields, shifted
from stockwright.store.batch import Batch, retried
from stockwright.store.paging import every

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
        if command.quantity is not None:
            check_no_sum(before)
        fields = Batch()
        product = await change_fields(app, fields, before.product, command.fields)
        own = before.stocks[0]

        def decision(stock: Stock) -> tuple[Batch, StockedProduct]:
            now, batch = with_stock(before, stock), Batch()
            _insist_on_versions(now, command)
            batch.writes += fields.writes
            return batch, _write_update(app, request, batch, now, product, command)

        on_stock = command.quantity is not None or command.thresholds or _has_other_sku(own, product)
        if len(before.stocks) == 1 and on_stock:
            return await decide_on_stock(app, request, own.variant_id, own.active, decision)
        batch, after = decision(own)
        if not batch.writes:
            return await unchanged(app, request, before)
        _check_one_step(app, batch)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


def check_no_sum(product: StockedProduct) -> None:
    """Refuse a quantity of a product that has several variants: it is their sum."""
    if len(product.stocks) > 1:
        raise Invalid.field(
            "quantity", "is the sum of several variants, and cannot be set; change a variant's own quantity"
        )


def _check_one_step(app: App, batch: Batch) -> None:
    """Refuse thresholds for more variants than one commit takes."""
    if len(batch.writes) >= app.store.writes_max:
        raise Invalid.field("lowStockThreshold", "is of too many variants for one step; change the variants'")


def _has_other_sku(stock: Stock, product: Product) -> bool:
    """Whether a product's SKU has changed, and with it that of its only stock."""
    return stock.own_variant is UNSET and stock.sku != product.sku


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
    now = app.clock.now()
    changed, booked = list[Stock](), dict[str, dict[str, int]]()
    for former in before.stocks:
        stock, changes = recounted(former, command.quantity, command.thresholds)
        if _has_other_sku(stock, product):
            stock = replace(stock, sku=product.sku)
        if stock != former:
            changed.append(replace(stock, updated_at=now))
            booked[stock.variant_id] = changes
    if product == before.product and not changed:
        return before
    product_records.put_product(batch, replace(product, updated_at=now))
    for stock in changed:
        stock_records.put_stock(batch, stock)
    book(app, request, batch, booked, by_variant(changed), "ADJUSTMENT", reason="Product edited")
    # What is counted in advance bears the price and category of the product.
    about = before.stocks if before.product.stock_per_variant else changed
    data = ProductUpdated(
        sku=product.sku,
        fields=sorted({*command.fields, *(["quantity"] if any(booked.values()) else [])}),
        **moved_fields(about),
    )
    batch.append(new_event(app, request, data, product.id))
    written = by_variant(replace(stock, version=stock.version + 1) for stock in changed)
    product = replace(product, updated_at=now, version=product.version + 1)
    return with_variants(product, by_variant(before.stocks) | written) or before


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
    if after.stock_per_variant:
        check_fit(after)
    category = category_records.find_category(categories, after.category)
    if category is not None and after.category != before.category:
        category_records.use_category(batch, category)
    has_other_sku = after.sku.casefold() != before.sku.casefold()
    has_other_barcode = not same_barcode(before.barcode, after.barcode)
    if has_other_sku or has_other_barcode:
        await refuse_taken(
            app, after.id, [after.sku] if has_other_sku else [], [after.barcode] if has_other_barcode else []
        )
    if has_other_sku:
        product_records.release_sku(batch, before.sku)
        product_records.claim_sku(batch, after.sku, after.id)
    product_records.move_barcode(batch, before.barcode, after.barcode, after.id)
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
    if (barcode := cleaned.get("barcode")) is not None:
        cleaned["barcode"] = clean_barcode(barcode)
    after = with_fields(before, cleaned)
    if "description" not in fields and before.description == before.name:
        after = replace(after, description=after.name)
    category = category_records.find_category(categories, after.category)
    return after if category is None else replace(after, category=category.name)


def recounted(before: Stock, quantity: int | None, thresholds: Mapping[str, int]) -> tuple[Stock, dict[str, int]]:
    """Decide the stock with so many units available, and what changed at which location."""
    after = check_thresholds(replace(before, **thresholds))
    if quantity is None or quantity == before.available:
        return after, {}
    changes = spread(before, quantity - before.available)
    return shifted(after, shifts_of(changes)), changes


async def delete_product(app: App, request: Request, product_id: str, expected_version: int | None = None) -> str:
    """Take a product out of the shop; its history and past orders stay readable.

    409 while units are reserved or an open order holds it. What is left on the shelf is booked out
    as an ADJUSTMENT, so that the ledger still sums up. Its levels go with it: what was to bring units
    meanwhile finds none to bring them to.
    """
    about: set[str] = {product_id}

    async def attempt() -> str:
        before = await get_product(app, product_id)
        if expected_version not in (None, before.product.version):
            raise VersionConflict(details={"current": before})
        about.update(before.product.variant_ids)
        await check_not_needed(app, before.stocks)
        if len(before.stocks) > (at_once := app.store.writes_max // WRITES_OF_VARIANT):
            before = await _without_variants(app, request.by(request.actor), before, at_once)
        batch = Batch()
        for stock in before.stocks:
            write_off(app, request, batch, before.product, stock, "Product deleted")
        if before.product.stock_per_variant:
            product_records.release_sku(batch, before.product.sku)
            product_records.release_barcode(batch, before.product.barcode)
        release_files(app, request, batch, before.product.images)
        deleted = replace(before.product, status="DELETED", images=(), updated_at=app.clock.now())
        product_records.put_product(batch, deleted)
        own = moved_fields(before.stocks)["variants"]
        batch.append(new_event(app, request, ProductDeleted(sku=before.product.sku, variants=own), product_id))
        await commit(app, request, batch, product_id)
        return product_id

    return await releasing_expired(app, request, about, attempt)


WRITES_OF_VARIANT: Final = 7
"""Of a variant that is removed: its stock, its claims, its movements; and a share of what is beside them."""


async def _without_variants(app: App, request: Request, before: StockedProduct, at_once: int) -> StockedProduct:
    """Remove variants of a product that is being deleted, piece by piece, until one commit takes what is left."""
    while len(before.stocks) > at_once:
        gone, left = before.stocks[:at_once], before.stocks[at_once:]
        own = {stock.variant_id for stock in gone}
        variants = tuple(each for each in before.product.variants if each.id not in own)
        product, batch = replace(before.product, own_variants=variants, updated_at=app.clock.now()), Batch()
        product_records.put_product(batch, product)
        for stock in gone:
            write_off(app, request, batch, before.product, stock, "Product deleted")
        data = ProductUpdated(sku=product.sku, fields=["variants"], **moved_fields(before.stocks))
        batch.append(new_event(app, request, data, product.id))
        await batch.commit(app.store)
        after = with_variants(replace(product, version=product.version + 1), by_variant(left))
        if after is None:
            return before
        before = after
    return before


async def check_not_needed(app: App, stocks: Sequence[Stock]) -> None:
    """Refuse to remove stock of which units are reserved, or that an open order still has to ship (Conflict)."""
    reserved = sum(stock.reserved for stock in stocks)
    if reserved:
        raise Conflict(
            f"{reserved} units are reserved; cancel or ship those orders and reservations first",
            {"reserved": reserved},
        )
    # An order from before a shared stock was spread has the product's own id.
    about = {stock.variant_id for stock in stocks} | {stock.product_id for stock in stocks}
    order_id = await _find_open_order(app, about)
    if order_id is not None:
        raise Conflict("An open order contains this product; deliver or cancel it first", {"orderId": order_id})


def write_off(app: App, request: Request, batch: Batch, product: Product, stock: Stock, reason: str) -> None:
    """Book out what is left of a variant, and give its SKU and barcode up; its levels go, so that none come later."""
    left = {location: -level.total for location, level in stock.levels.items() if level.total}
    book(app, request, batch, {stock.variant_id: left}, {stock.variant_id: stock}, "ADJUSTMENT", reason=reason)
    product_records.release_sku(batch, stock.sku)
    product_records.release_barcode(batch, product.own_barcode(stock.own_variant))
    stock_records.put_stock(batch, replace(stock, levels={}, updated_at=app.clock.now()), deleted=True)


async def _find_open_order(app: App, variant_ids: set[str]) -> str | None:
    """Find an order that still has to ship one of these variants; the stock's version guards against a newer one."""
    for status in UNFINISHED:
        async for order in every(partial(order_records.page_of_orders, app.store, status=status, limit=STEP_ROWS)):
            if not variant_ids.isdisjoint(order.allocations):
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
