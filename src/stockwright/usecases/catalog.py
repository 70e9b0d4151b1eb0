"""The catalog: products with their stock, changed, deleted, listed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from stockwright.domain.errors import (
    AlreadyExists,
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    VersionConflict,
    check_all,
)
from stockwright.domain.names import clean
from stockwright.domain.order_status import UNFINISHED
from stockwright.domain.product import CATEGORIES, Product, check_product
from stockwright.domain.stock import DEFAULT_LOCATION, Location, Stock, Thresholds, check_quantity, shifted, spread
from stockwright.store.paging import every, fill
from stockwright.store.records import categories as category_records
from stockwright.store.records import locations as location_records
from stockwright.store.records import orders as order_records
from stockwright.store.records import products as product_records
from stockwright.store.records import stock as stock_records
from stockwright.store.records.backfill import Progress, load_progress, put_progress
from stockwright.store.records.batch import Batch, Stale, retried
from stockwright.store.records.counted import places_of_low
from stockwright.usecases.commit import commit, new_event, unchanged
from stockwright.usecases.drawing import book, decide_on_stock, freeing, shifts_of
from stockwright.usecases.spellings import as_spelled, spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockwright.store.records.categories import Category
    from stockwright.usecases.context import App
    from stockwright.usecases.request import Request

SortOrder = Literal["newest", "oldest", "name", "-name", "price", "-price"]
SCAN_PAGE = 200
NAMES = frozenset({"name", "sku", "type", "brand"})
"""The fields that are cleaned before they are stored, like every name."""
LOW_AT_ONCE = 50
ORDERS: Final[dict[SortOrder, tuple[product_records.SortedBy, bool]]] = {
    "newest": ("time", True),
    "oldest": ("time", False),
    "name": ("name", False),
    "-name": ("name", True),
    "price": ("price", False),
    "-price": ("price", True),
}
"""In which list each order is read, and whether backwards."""


@dataclass(frozen=True, slots=True)
class StockedProduct:
    """A product with its stock, as every view of it needs both."""

    product: Product
    stock: Stock


@dataclass(frozen=True, slots=True)
class UpdateProduct:
    """Only the given fields change. `fields` are Product's own names; `quantity` sets what is available.

    `expected_version` is the product's; `expected_stock_version` counts only where `quantity` is given.
    """

    product_id: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    quantity: int | None = None
    thresholds: Mapping[str, int] = field(default_factory=dict)
    expected_version: int | None = None
    expected_stock_version: int | None = None


@dataclass(frozen=True, slots=True)
class ListProducts:
    """Filters of the product list; the storefront's list uses the same."""

    category: str | None = None
    type: str | None = None
    brand: str | None = None
    status: str | None = None
    search: str = ""
    low_stock: bool | None = None
    sort: SortOrder = "newest"
    limit: int = 20
    after: str | None = None


async def ensure_shop(app: App) -> None:
    """Give an empty store its default location and the categories it starts with; else change nothing."""
    if await location_records.find_location(app.store, DEFAULT_LOCATION) is not None:
        return
    now, batch = app.clock.now(), Batch()
    location_records.put_location(batch, Location(DEFAULT_LOCATION, "Default", created_at=now))
    for name in CATEGORIES:
        category_records.put_category(batch, category_records.category_named(name, now))
    # An empty shop has no products of a former release.
    put_progress(batch, "products", Progress(done=True))
    batch.writes.extend(app.store.marks_of_new_shop())
    try:
        await batch.commit(app.store)
    except Stale:
        return


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
        "is needed beside the product's version where quantity is set: send stockVersion as it was read",
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
    """Refuse, with the state now, unless both are still the versions that the asker insists on."""
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
        stock_records.put_stock(batch, stock, app.clock.now())
        book(
            app,
            request,
            batch,
            {product.id: changes},
            {product.id: product.sku},
            "ADJUSTMENT",
            reason="Product edited",
        )
    batch.append(
        new_event(
            app,
            request,
            "product.updated",
            product.id,
            sku=product.sku,
            fields=sorted({*command.fields, *(["quantity"] if changes else [])}),
            products=[product.id] if stock != before.stock else [],
        )
    )
    return StockedProduct(
        replace(product, updated_at=app.clock.now(), version=product.version + 1),
        replace(stock, version=stock.version + (stock != before.stock)),
    )


async def change_fields(app: App, batch: Batch, before: Product, fields: Mapping[str, Any]) -> Product:
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


def _with_fields(before: Product, fields: Mapping[str, Any], categories: Iterable[Category]) -> Product:
    """Return a product with the given fields, names cleaned and the category as the managed list has it."""
    given: dict[str, Any] = {name: clean(value) if name in NAMES else value for name, value in fields.items()}
    after = replace(before, **given)
    if "description" not in fields and before.description == before.name:
        after = replace(after, description=after.name)
    category = category_records.find_category(categories, after.category)
    return after if category is None else replace(after, category=category.name)


def _recounted(before: Stock, command: UpdateProduct) -> tuple[Stock, dict[str, int]]:
    """Decide the stock after the change, and what changed at which location."""
    after = replace(before, thresholds=check_thresholds(replace(before.thresholds, **command.thresholds)))
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
                f"{stock.reserved} units are reserved; cancel or ship what holds them first",
                {"reserved": stock.reserved},
            )
        order_id = await _find_open_order(app, product_id)
        if order_id is not None:
            raise Conflict("An open order holds this product; ship or cancel it first", {"orderId": order_id})
        batch = Batch()
        left = {place: -level.total for place, level in stock.levels.items() if level.total}
        book(app, request, batch, {product_id: left}, {product_id: stock.sku}, "ADJUSTMENT", reason="Product deleted")
        product_records.put_product(batch, replace(before.product, status="DELETED", updated_at=app.clock.now()))
        product_records.release_sku(batch, stock.sku)
        stock_records.put_stock(batch, replace(stock, levels={}), app.clock.now(), deleted=True)
        batch.append(new_event(app, request, "product.deleted", product_id, sku=stock.sku))
        await commit(app, request, batch, product_id)
        return product_id

    return await freeing(app, request, product_id, attempt)


async def _find_open_order(app: App, product_id: str) -> str | None:
    """Find an order that still has to ship this product; the stock's version guards against a newer one."""
    for status in UNFINISHED:
        async for order in every(partial(order_records.page_of_orders, app.store, status=status, limit=SCAN_PAGE)):
            if product_id in order.draws:
                return order.id
    return None


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
    keys = [key(each) for each in product_ids for key in (product_records.product_key, stock_records.stock_key)]
    found = await app.store.get(keys)
    loaded = {}
    for product_id in product_ids:
        item, stock = (found.get(key(product_id)) for key in (product_records.product_key, stock_records.stock_key))
        # A read of many items is not of one moment: the product that is just being made may come without its stock.
        # Nor may it be so of the product that is just being deleted: its stock has no levels any more.
        if item is not None and stock is not None and item.body["status"] != "DELETED" and stock.body["levels"]:
            loaded[product_id] = StockedProduct(product_records.product_of(item), stock_records.stock_of(stock, active))
    return loaded


async def load_deleted(app: App, product_id: str) -> StockedProduct | None:
    """Load what is left of a deleted product."""
    products = await product_records.load_products(app.store, [product_id], deleted_too=True)
    if product_id not in products or products[product_id].status != "DELETED":
        return None
    return StockedProduct(products[product_id], await stock_records.get_stock(app.store, product_id))


async def list_products(app: App, request: Request, command: ListProducts) -> tuple[list[StockedProduct], str | None]:
    """List products with their stock. Only an admin sees those that are not ACTIVE.

    The cursor is the last product's place in the list, so that a product that is added meanwhile moves
    nothing. A page may be short though more follow.
    """
    by, reverse = ORDERS[command.sort]
    where = await _where(app, request, command)
    if by != "time" and not (await load_progress(app.store, "products")).done:
        raise Busy("The products of a former release are being sorted by name and price; try again in a minute")
    if command.low_stock and by == "time" and not command.search and (await load_progress(app.store, "stocks")).done:
        return await fill(
            partial(places_of_low, app.store, reverse=reverse),
            partial(_choose_low, app, where),
            command.limit,
            command.after,
            at_once=LOW_AT_ONCE,
        )
    return await fill(
        partial(
            product_records.places_of_products,
            app.store,
            where=where,
            search=command.search,
            reverse=reverse,
            by=by,
        ),
        partial(_choose, app, command),
        command.limit,
        command.after,
        at_once=None if command.low_stock is None else SCAN_PAGE,
    )


async def _choose_low(app: App, where: Mapping[str, str], product_ids: list[str]) -> list[StockedProduct | None]:
    """Load products that were counted as low, and leave out what is not low any more or does not pass the filters."""
    found = await load_stocked(app, product_ids)
    return [
        each
        if (each := found.get(product_id)) is not None
        and each.stock.is_low
        and all(getattr(each.product, name) == value for name, value in where.items())
        else None
        for product_id in product_ids
    ]


async def _choose(app: App, command: ListProducts, products: list[Product]) -> list[StockedProduct | None]:
    """Put each product beside its stock, or leave it out."""
    stocks = await stock_records.load_stocks(app.store, (product.id for product in products))
    return [
        StockedProduct(product, stock)
        if (stock := stocks.get(product.id)) is not None and command.low_stock in (None, stock.is_low)
        else None
        for product in products
    ]


async def with_stock(app: App, products: list[Product]) -> list[StockedProduct]:
    """Put each product beside its stock, in two store calls."""
    stocks = await stock_records.load_stocks(app.store, (product.id for product in products))
    return [StockedProduct(product, stocks[product.id]) for product in products if product.id in stocks]


async def _where(app: App, request: Request, command: ListProducts) -> dict[str, str]:
    """Return the filters of a list, names as the shop writes them; refuse a status that the asker may not see."""
    wanted = {"category": command.category, "type": command.type, "brand": command.brand, "status": command.status}
    where = {name: value for name, value in wanted.items() if value}
    if not request.actor.is_admin:
        if command.status not in (None, "ACTIVE"):
            raise Forbidden(f"Only admins see products that are {command.status}")
        where["status"] = "ACTIVE"
    if "category" in where:
        categories = await category_records.list_categories(app.store)
        category = category_records.find_category(categories, where["category"])
        where["category"] = where["category"] if category is None else category.name
    return await as_spelled(app, where)


async def find_product_id(app: App, sku: str) -> str:
    """Return the id of the product with that SKU, or refuse."""
    found = await product_records.load_product_ids(app.store, [sku])
    if sku not in found:
        raise NotFound("Product not found", {"sku": sku})
    return found[sku]


def check_thresholds(thresholds: Thresholds) -> Thresholds:
    """Refuse thresholds below zero, or a reorder quantity below one."""
    check_all(
        lambda: check_quantity(thresholds.low_stock, "lowStockThreshold", least=0),
        lambda: check_quantity(thresholds.reorder_point, "reorderPoint", least=0),
        lambda: check_quantity(thresholds.reorder_quantity, "reorderQuantity", least=1),
    )
    return thresholds
