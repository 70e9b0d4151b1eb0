"""Exports: products, stock, the ledger and orders as rows for spreadsheets, page by page.

Each takes the filters of the list that it belongs to, and a range of time. What is exported of products
and stock can be imported again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from stockwright.base.long_work import STEP_ROWS
from stockwright.base.money import decimal_form
from stockwright.catalog.inventory_views import ListInventory, list_inventory
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.orders import records as order_records
from stockwright.products import records as product_records
from stockwright.sales.lines import line_id
from stockwright.stock import records as stock_records
from stockwright.stock.booking import BOOKING_MS
from stockwright.store.paging import pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stockwright.catalog.stocked import StockedProduct
    from stockwright.context import App
    from stockwright.orders.model import Order
    from stockwright.orders.status import PlacedStatus
    from stockwright.products.model import Product
    from stockwright.products.variant import Variant
    from stockwright.request import Request
    from stockwright.stock.model import Stock


Exported = Literal["products", "inventory", "movements", "orders"]
Cell = str | int | Decimal
Rows = Iterator[list[Cell]]
"""Rows of one page, made as they are read: an order may have very many lines."""
COST_COLUMNS: Final = frozenset({"cost", "costDecimal"})
COLUMNS: Final[dict[Exported, Sequence[str]]] = {
    "products": (
        "id", "sku", "name", "description", "category", "type", "brand", "price", "priceDecimal", "currency", "status",
        "barcode", "cost", "costDecimal", "weightGrams", "taxRate", "available", "lowStockThreshold", "reorderPoint",
        "reorderQuantity", "imageUrl", "images", "options", "attributes", "createdAt", "parent",
    ),
    "inventory": (
        "productId", "sku", "name", "location", "available", "reserved", "inactive", "total", "lowStockThreshold",
    ),
    "movements": (
        "id", "at", "productId", "sku", "name", "location", "type", "quantity", "balanceAfter", "reason", "reference",
        "actor", "requestId",
    ),
    "orders": (
        "orderId", "orderNumber", "placedAt", "status", "userId", "userEmail", "reference", "currency",
        "subtotalAmount", "discountAmount", "shippingAmount", "taxAmount", "totalAmount", "totalAmountDecimal",
        "lineId", "productId", "sku", "name", "options", "unitPrice", "unitPriceDecimal",
        "quantity", "returned",
    ),
}  # fmt: skip
"""Money in minor units and as a decimal, times in ms since 1970 (the edge writes them as ISO 8601), options as JSON,
an order a row per line."""


class Range(Struct, frozen=True):
    """A range of time (ms); the end is not in it."""

    since: int | None = None
    until: int | None = None

    def holds(self, at: int) -> bool:
        """Return whether an instant is in the range."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def ids(self, app: App, prefix: str, early: int = 0) -> tuple[str, str]:
        """Bound the ids that may have been made in the range, `early` ms before or after it too."""
        low = "" if self.since is None else app.ids.first(prefix, max(0, self.since - early))
        return low, "" if self.until is None else app.ids.first(prefix, max(0, self.until + early))


class Selection(Struct, frozen=True):
    """What is exported: each export reads the filters of its own list."""

    products: ListProducts = field(default_factory=ListProducts)
    inventory: ListInventory = field(default_factory=ListInventory)
    type: str | None = None
    location: str | None = None
    status: PlacedStatus | None = None
    range: Range = field(default_factory=Range)


def columns_of(what: Exported, request: Request) -> Sequence[str]:
    """Return the headings; none of costs for who may not see them, since an empty cell clears a cost on import."""
    hidden = frozenset[str]() if request.actor.sees_costs else COST_COLUMNS
    return [each for each in COLUMNS[what] if each not in hidden]


def export(app: App, request: Request, what: Exported, selection: Selection | None = None) -> AsyncIterator[Rows]:
    """Read everything of one kind that is selected, a step at a time, so that memory stays flat.

    A page is as of its own moment: what changes meanwhile may be in it as it was before or after.
    """
    read = {"products": _products, "inventory": _inventory, "movements": _movements, "orders": _orders}[what]
    return read(app, request, selection or Selection())


async def _products(app: App, request: Request, selected: Selection) -> AsyncIterator[Rows]:
    async def read(*, after: str | None) -> tuple[list[Any], str | None]:
        return await list_products(app, request, replace(selected.products, limit=STEP_ROWS, after=after))

    async for page in pages(read):
        yield (
            row
            for found in page
            if selected.range.holds(found.product.created_at)
            for row in _product_rows(app, found, with_costs=request.actor.sees_costs)
        )


def _product_rows(app: App, found: StockedProduct, *, with_costs: bool) -> Rows:
    """Write a product, and behind it each variant with stock of its own; what they share is the product's alone."""
    product, stock = found.product, found.stock
    shared = bool(found.variants)
    yield [
        product.id, product.sku, product.name, product.description, product.category, product.type, product.brand,
        product.price_cents, decimal_form(product.price_cents, product.currency), product.currency, product.status,
        *_details(product, product, with_costs=with_costs), *(("", "", "", "") if shared else _numbers(stock)),
        product.image_url or "", _pictures(app, product), as_json(product.ordered(product.options) or product.options),
        as_json(product.attributes), product.created_at, "",
    ]  # fmt: skip
    for variant, own in found.variants:
        price = variant.price_cents
        yield [
            variant.id, variant.sku, product.name_of(variant.id), "", "", "", "",
            "" if price is None else price, "" if price is None else decimal_form(price, product.currency),
            product.currency, product.status, *_details(variant, product, with_costs=with_costs), *_numbers(own),
            variant.image_url or "", _pictures(app, product, variant.picture),
            as_json(product.ordered(variant.options)), "", product.created_at, product.sku,
        ]  # fmt: skip


def _numbers(stock: Stock) -> tuple[int, int, int, int]:
    return stock.available, stock.low_stock, stock.reorder_point, stock.reorder_quantity


def _pictures(app: App, product: Product, only: str | None = None) -> str:
    """Write a product's pictures, or one of them, with their texts, at the addresses that the shop has for others."""
    base = (app.settings.public_url or "").rstrip("/")
    shown = [
        {"url": f"{base}{each.largest_url}", "alt": each.alt} for each in product.images if only in (None, each.id)
    ]
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")) if shown else ""


def _details(of: Product | Variant, product: Product, *, with_costs: bool) -> tuple[Cell, ...]:
    """Write barcode, cost, weight and tax rate, as far as there are some of its own."""
    cost, costs = of.cost_cents, list[Cell]()
    if with_costs:
        costs = ["", ""] if cost is None else [cost, decimal_form(cost, product.currency)]
    return of.barcode or "", *costs, _blank(of.weight_grams), _blank(of.tax_rate)


def _blank(number: int | None) -> Cell:
    return "" if number is None else number


async def _inventory(app: App, _: Request, selected: Selection) -> AsyncIterator[Rows]:
    wanted = selected.inventory

    async def read(*, after: str | None) -> tuple[list[Any], str | None]:
        return await list_inventory(app, replace(wanted, limit=STEP_ROWS, after=after))

    async for page in pages(read):
        yield (
            [
                stock.product_id, stock.sku, name, location, stock.available_at(location), level.reserved,
                level.available - stock.available_at(location), level.total, stock.low_stock,
            ]
            for name, stock in (
                (found.product.name_of(stock.own_variant), stock) for found in page for stock in found.stocks
            )
            for location, level in stock.levels.items()
            if wanted.location in (None, location)
        )  # fmt: skip


async def _movements(app: App, _: Request, selected: Selection) -> AsyncIterator[Rows]:
    where = {name: value for name, value in (("type", selected.type), ("location", selected.location)) if value}
    low, high = selected.range.ids(app, "mov", BOOKING_MS)
    ledger = partial(
        stock_records.page_of_movements, app.store, where=where, limit=STEP_ROWS, reverse=False, low=low, high=high
    )
    async for movements in pages(ledger):
        products = await product_records.load_products(
            app.store, {each.product_id for each in movements}, deleted_too=True
        )
        yield (
            [
                each.id, each.at, each.product_id, each.sku,
                products[each.product_id].name_of(each.own_variant) if each.product_id in products else "",
                each.location, each.type, each.quantity, "" if each.balance_after is None else each.balance_after,
                each.reason, each.reference, each.actor, each.request_id,
            ]
            for each in movements
            if selected.range.holds(each.at)
        )  # fmt: skip


async def _orders(app: App, _: Request, selected: Selection) -> AsyncIterator[Rows]:
    low, high = selected.range.ids(app, "ord")
    if selected.status is None:
        found = order_records.pages_of_every_order(app.store, STEP_ROWS, low=low, high=high)
    else:
        of_status = partial(
            order_records.page_of_orders, app.store, status=selected.status, limit=STEP_ROWS, low=low, high=high
        )
        found = pages(of_status)
    async for orders in found:
        yield (
            [
                order.id, order.number, order.created_at, order.status, order.user_id, order.user_email,
                order.reference, order.currency, *_parts(order), order.total_cents,
                decimal_form(order.total_cents, order.currency), line_id(number), line.product_id,
                line.sku, line.name, as_json(line.options), line.unit_price_cents,
                decimal_form(line.unit_price_cents, order.currency), line.quantity, line.returned,
            ]
            for order in orders
            if selected.range.holds(order.created_at)
            for number, line in enumerate(order.lines)
        )  # fmt: skip


def _parts(order: Order) -> tuple[int, int, int, int]:
    amounts = order.amounts
    if amounts is UNSET:
        return order.total_cents, 0, 0, 0
    return amounts.goods, amounts.discount, amounts.shipping_cents, amounts.tax_cents


def as_json(value: Mapping[str, Any]) -> str:
    """Write options as one cell; nothing where there are none."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict) if value else ""
