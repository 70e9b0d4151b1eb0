"""Lists of products: filters, order, search."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from stockwright.base.errors import (
    Busy,
    Forbidden,
)
from stockwright.catalog.stocked import StockedProduct, load_stocked, put_beside
from stockwright.products import category_records
from stockwright.products import records as product_records
from stockwright.products.model import Product
from stockwright.products.spellings import as_spelled
from stockwright.stock import records as stock_records
from stockwright.stock.total_records import Counted, positions_of_low
from stockwright.store.paging import fill
from stockwright.store.progress import load_progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.context import App
    from stockwright.request import Request


SortOrder = Literal["newest", "oldest", "name", "-name", "price", "-price"]
NAMES: Final[tuple[Literal["name", "sku", "type", "brand"], ...]] = ("name", "sku", "type", "brand")
"""The fields that are cleaned before they are stored, like every name."""
CANDIDATES: Final = 20
"""The fewest products that are loaded at a time to see whether they are low."""
FILTERED_AT_ONCE: Final = 50
"""Products whose stock is loaded at a time, where the stock decides whether they are listed."""
ORDERS: Final[dict[SortOrder, tuple[product_records.SortedBy, bool]]] = {
    "newest": ("time", True),
    "oldest": ("time", False),
    "name": ("name", False),
    "-name": ("name", True),
    "price": ("price", False),
    "-price": ("price", True),
}
"""In which list each order is read, and whether backwards."""


class ListProducts(Struct, frozen=True):
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


async def load_deleted(app: App, product_id: str) -> StockedProduct | None:
    """Load what is left of a deleted product."""
    products = await product_records.load_products(app.store, [product_id], deleted_too=True)
    if product_id not in products or products[product_id].status != "DELETED":
        return None
    stock = (await stock_records.load_stocks(app.store, [product_id])).get(product_id)
    return None if stock is None else StockedProduct(products[product_id], stock)


async def list_products(app: App, request: Request, command: ListProducts) -> tuple[list[StockedProduct], str | None]:
    """List products with their stock. Only an admin sees those that are not ACTIVE.

    The cursor is the last product's position in the list, so that a product that is added meanwhile moves
    nothing. A page may be short though more follow.
    """
    by, reverse = ORDERS[command.sort]
    where = await _where(app, request, command)
    if by != "time" and not (await load_progress(app.store, "products")).done:
        raise Busy("The indexes by name and price are still being built; try again in a minute")
    if command.low_stock and by == "time" and not command.search and (await load_progress(app.store, "stocks")).done:
        return await fill(
            partial(positions_of_low, app.store, reverse=reverse),
            partial(_choose_low, app, where),
            command.limit,
            command.after,
            at_once=max(command.limit, CANDIDATES),
        )
    return await fill(
        partial(
            product_records.positions_of_products,
            app.store,
            where=where,
            search=command.search,
            reverse=reverse,
            by=by,
        ),
        partial(_choose, app, command),
        command.limit,
        command.after,
        at_once=None if command.low_stock is None else FILTERED_AT_ONCE,
    )


async def _choose_low(app: App, where: Mapping[str, str], parts: list[Counted]) -> list[StockedProduct | None]:
    """Load products that were counted as low, and leave out what is not low any more or does not pass the filters."""
    found = await load_stocked(app, list(dict.fromkeys(part.product_id for part in parts)))
    return [
        each
        if (each := found.get(part.product_id)) is not None
        and each.first_low == part.variant_id
        and all(getattr(each.product, name) == value for name, value in where.items())
        else None
        for part in parts
    ]


async def _choose(app: App, command: ListProducts, products: list[Product]) -> list[StockedProduct | None]:
    """Put each product beside its stock, or leave it out."""
    found = await put_beside(app, products)
    return [
        each if (each := found.get(product.id)) is not None and command.low_stock in (None, each.is_low) else None
        for product in products
    ]


async def _where(app: App, request: Request, command: ListProducts) -> dict[str, str]:
    """Return the filters of a list, names as the shop writes them; refuse a status that the caller may not see."""
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
