"""Stock levels as people look at them: lists, sums, availability, the ledger, and why (S0, S4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from stockwright.base.errors import NotFound
from stockwright.catalog.product_list import CANDIDATES, FILTERED_AT_ONCE
from stockwright.catalog.stocked import StockedProduct, find_stocked, load_stocked, one_variant, put_beside
from stockwright.products import records as product_records
from stockwright.products.model import Product
from stockwright.stock import total_records as counted_records
from stockwright.stock.lookup import THE_ONLY, Choice
from stockwright.stock.model import StockStatus, by_variant
from stockwright.stock.totals import SEPARATOR, recount
from stockwright.store.paging import fill
from stockwright.store.progress import load_progress

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.stock.lookup import Named
    from stockwright.stock.total_records import Counted
    from stockwright.store.paging import Positioned
    from stockwright.store.port import Store


_Place = tuple[str, str]
"""A product's id and a variant's."""


class ListInventory(Struct, frozen=True):
    """Which rows of the inventory, and from where on."""

    search: str = ""
    status: StockStatus | None = None
    location: str | None = None
    limit: int = 20
    after: str | None = None
    on_sale: bool = False
    """Whether only what customers may order is listed."""

    def fits(self, row: StockedProduct) -> bool:
        """Return whether a product passes the filters with its stock, or with that of one of its variants."""
        if self.on_sale and not row.product.is_sellable:
            return False
        if self.status is not None and all(stock.status != self.status for stock in row.stocks):
            return False
        return self.location is None or self.location in row.stock.levels


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
    """Get the levels of a product, of all of its variants together; or those of the variant that has the id."""
    return await _get(app, THE_ONLY.of(product_id), "Product not found")


async def get_by_sku(app: App, sku: str) -> StockedProduct:
    """Get the levels of a SKU: of a product, or of one variant."""
    return await _get(app, Choice(sku=sku).of(None), "There is no stock record for this SKU")


async def _get(app: App, named: Named, refusal: str) -> StockedProduct:
    (found,) = await find_stocked(app, [named])
    if found is None:
        raise NotFound(refusal)
    stocked, which = found
    return stocked if which.own_variant is UNSET else one_variant(stocked, which.own_variant)


async def list_inventory(app: App, command: ListInventory) -> tuple[list[StockedProduct], str | None]:
    """Read a page of products with their levels, in the order of the products' list.

    The search is the store's; whether a level fits is seen here. A page may be short though more follow.
    """

    async def choose(products: list[Product]) -> list[StockedProduct | None]:
        found = await put_beside(app, products)
        rows = [found.get(product.id) for product in products]
        return [row if row is not None and command.fits(row) else None for row in rows]

    async def choose_counted(parts: list[Counted]) -> list[StockedProduct | None]:
        found = await load_stocked(app, list(dict.fromkeys(part.product_id for part in parts)))
        rows = [(part, found.get(part.product_id)) for part in parts]
        return [
            row if row is not None and row.first_with(command.status) == part.variant_id and command.fits(row) else None
            for part, row in rows
        ]

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
    """List products and variants with fewer units available than their threshold, in the order of the products' list.

    Those that were counted as low are looked at; a page may be short though more follow.
    """

    async def choose(places: list[_Place]) -> list[StockedProduct | None]:
        found = await load_stocked(app, list(dict.fromkeys(product_id for product_id, _ in places)))
        rows = [(variant_id, found.get(product_id)) for product_id, variant_id in places]
        return [None if row is None else _low_row(row, variant_id) for variant_id, row in rows]

    if await _is_counted(app):
        return await fill(partial(_low_places, app.store), choose, limit, after, at_once=max(limit, CANDIDATES))
    return await fill(partial(_every_place, app.store), choose, limit, after, at_once=max(limit, CANDIDATES))


def _low_row(found: StockedProduct, variant_id: str) -> StockedProduct | None:
    """Return the row of a product, or of one of its variants, where that is low."""
    stock = by_variant(found.stocks).get(variant_id)
    return StockedProduct(found.product, stock) if stock is not None and stock.is_low else None


async def _low_places(store: Store, *, after: str | None, limit: int) -> Positioned[_Place]:
    found, following = await counted_records.positions_of_low(store, after=after, limit=limit)
    return [(position, (part.product_id, part.variant_id)) for position, part in found], following


async def _every_place(store: Store, *, after: str | None, limit: int) -> Positioned[_Place]:
    found, following = await product_records.positions_of_products(store, after=after, limit=limit, reverse=False)
    return [
        (position, (product.id, variant_id)) for position, product in found for variant_id in product.variant_ids
    ], following
