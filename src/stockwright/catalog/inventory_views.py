"""Stock levels as people look at them: lists, sums, availability, the ledger, and why (S0, S4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.errors import NotFound
from stockwright.catalog.product_list import CANDIDATES, FILTERED_AT_ONCE
from stockwright.catalog.stocked import StockedProduct, get_product, load_stocked
from stockwright.products import records as product_records
from stockwright.products.model import Product
from stockwright.stock import records as stock_records
from stockwright.stock import total_records as counted_records
from stockwright.stock.model import Stock, StockStatus
from stockwright.stock.totals import SEPARATOR, recount
from stockwright.store.paging import fill
from stockwright.store.progress import load_progress

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.store.paging import Positioned
    from stockwright.store.port import Store


class ListInventory(Struct, frozen=True):
    """Which rows of the inventory, and from where on."""

    search: str = ""
    status: StockStatus | None = None
    location: str | None = None
    limit: int = 20
    after: str | None = None
    on_sale: bool = False
    """Whether only what customers may order is listed."""

    def fits(self, product: Product, stock: Stock) -> bool:
        """Return whether a product and its stock pass the filters."""
        if self.on_sale and not product.is_sellable:
            return False
        return self.status in (None, stock.status) and (self.location is None or self.location in stock.levels)


class InventoryTotals(Struct, frozen=True):
    """Sums over every product of the shop."""

    products: int = 0
    available: int = 0
    reserved: int = 0
    inactive: int = 0
    low: int = 0
    out: int = 0

    @property
    def total(self) -> int:
        """All units."""
        return self.available + self.reserved + self.inactive


async def get_by_product(app: App, product_id: str) -> StockedProduct:
    """Get the levels of a product."""
    return await get_product(app, product_id)


async def get_by_sku(app: App, sku: str) -> StockedProduct:
    """Get the levels of a SKU."""
    found = await product_records.load_product_ids(app.store, [sku])
    if sku not in found:
        raise NotFound("There is no stock record for this SKU")
    return await get_product(app, found[sku])


async def list_inventory(app: App, command: ListInventory) -> tuple[list[StockedProduct], str | None]:
    """Read a page of products with their levels, in the order of the products' list.

    The search is the store's; whether a level fits is seen here. A page may be short though more follow.
    """

    async def choose(products: list[Product]) -> list[StockedProduct | None]:
        stocks = await stock_records.load_stocks(app.store, (product.id for product in products))
        return [
            StockedProduct(product, stock)
            if (stock := stocks.get(product.id)) is not None and command.fits(product, stock)
            else None
            for product in products
        ]

    async def choose_counted(product_ids: list[str]) -> list[StockedProduct | None]:
        found = await load_stocked(app, product_ids)
        rows = [found.get(product_id) for product_id in product_ids]
        return [row if row is not None and command.fits(row.product, row.stock) else None for row in rows]

    if command.status in {"LOW", "OUT"} and not command.search and await _is_counted(app):
        return await fill(
            partial(counted_records.positions_of_status, app.store, command.status),
            choose_counted,
            command.limit,
            command.after,
            at_once=max(command.limit, CANDIDATES),
        )
    where = {"status": "ACTIVE"} if command.on_sale else None
    return await fill(
        partial(product_records.positions_of_products, app.store, where=where, search=command.search, reverse=False),
        choose,
        command.limit,
        command.after,
        at_once=None if command.status is None and command.location is None else FILTERED_AT_ONCE,
    )


async def _is_counted(app: App) -> bool:
    """Return whether the stock of every product was counted in advance."""
    return (await load_progress(app.store, "stocks")).done


async def total_inventory(app: App) -> InventoryTotals:
    """Return the sums of the whole shop's stock, as counted in advance."""
    sums = (await counted_records.load_totals(app.store)).sums if await _is_counted(app) else await recount(app)
    units = [f"{name}{SEPARATOR}units" for name in ("available", "reserved", "inactive")]
    return InventoryTotals(*(sums.get(name, 0) for name in ("products", *units, "low", "out")))


async def list_low_stock(app: App, limit: int, after: str | None = None) -> tuple[list[StockedProduct], str | None]:
    """List products with fewer units available than their threshold, in the order of the products' list.

    Those that were counted as low are looked at; a page may be short though more follow.
    """

    async def choose(product_ids: list[str]) -> list[StockedProduct | None]:
        found = await load_stocked(app, product_ids)
        rows = [found.get(product_id) for product_id in product_ids]
        return [row if row is not None and row.stock.is_low else None for row in rows]

    read = counted_records.positions_of_low if await _is_counted(app) else _every_place
    return await fill(partial(read, app.store), choose, limit, after, at_once=max(limit, CANDIDATES))


async def _every_place(store: Store, *, after: str | None, limit: int) -> Positioned[str]:
    found, following = await product_records.positions_of_products(store, after=after, limit=limit, reverse=False)
    return [(position, product.id) for position, product in found], following
