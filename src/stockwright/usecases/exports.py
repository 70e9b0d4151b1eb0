"""Exports: products, stock, the ledger and orders as rows for spreadsheets, page by page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from stockwright.store.paging import pages
from stockwright.store.records import orders as order_records
from stockwright.store.records import products as product_records
from stockwright.store.records import stock as stock_records
from stockwright.usecases.catalog import load_stocked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stockwright.usecases.context import App

Exported = Literal["products", "inventory", "movements", "orders"]
Cell = str | int
Rows = list[list[Cell]]

PAGE: Final = 200
COLUMNS: Final[dict[Exported, Sequence[str]]] = {
    "products": (
        "id", "sku", "name", "description", "category", "type", "brand", "price", "currency", "status",
        "available", "lowStockThreshold", "createdAt",
    ),
    "inventory": ("productId", "sku", "location", "available", "reserved", "inactive", "total", "lowStockThreshold"),
    "movements": (
        "id", "at", "productId", "sku", "location", "type", "quantity", "reason", "reference", "actor", "requestId",
    ),
    "orders": (
        "orderId", "placedAt", "status", "userId", "userEmail", "reference", "currency", "totalAmount",
        "productId", "sku", "name", "unitPrice", "quantity", "returned",
    ),
}  # fmt: skip
"""Money in minor units, times in ms since 1970 (the edge writes them as ISO 8601), an order a row per line."""


def export(app: App, what: Exported) -> AsyncIterator[Rows]:
    """Read everything of one kind, a page of rows at a time, so that memory stays flat.

    A page is as of its own moment: what changes meanwhile may stand in it as it was before or after.
    """
    return {"products": _products, "inventory": _inventory, "movements": _movements, "orders": _orders}[what](app)


async def _products(app: App) -> AsyncIterator[Rows]:
    async for products in pages(partial(product_records.page_of_products, app.store, limit=PAGE)):
        stocked = await load_stocked(app, [product.id for product in products])
        yield [
            [
                each.id, each.sku, each.name, each.description, each.category, each.type, each.brand,
                each.price_cents, each.currency, each.status, stocked[each.id].stock.available,
                stocked[each.id].stock.thresholds.low_stock, each.created_at,
            ]
            for each in products
            if each.id in stocked
        ]  # fmt: skip


async def _inventory(app: App) -> AsyncIterator[Rows]:
    async for stocks in pages(partial(stock_records.page_of_stocks, app.store, limit=PAGE)):
        yield [
            [
                stock.product_id, stock.sku, place, stock.available_at(place), level.reserved,
                level.available - stock.available_at(place), level.total, stock.thresholds.low_stock,
            ]
            for stock in stocks
            for place, level in stock.levels.items()
        ]  # fmt: skip


async def _movements(app: App) -> AsyncIterator[Rows]:
    async for movements in pages(partial(stock_records.page_of_movements, app.store, limit=PAGE, reverse=False)):
        yield [
            [
                each.id, each.at, each.product_id, each.sku, each.location, each.type, each.quantity,
                each.reason, each.reference, each.actor, each.request_id,
            ]
            for each in movements
        ]  # fmt: skip


async def _orders(app: App) -> AsyncIterator[Rows]:
    async for orders in order_records.pages_of_every_order(app.store, PAGE):
        yield [
            [
                order.id, order.created_at, order.status, order.user_id, order.user_email, order.reference,
                order.currency, order.total_cents, line.product_id, line.sku, line.name,
                line.unit_price_cents, line.quantity, line.returned,
            ]
            for order in orders
            for line in order.lines
        ]  # fmt: skip
