"""Stock levels as people look at them: lists, sums, availability, the ledger, and why (S0, S4)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from stockwright.domain.errors import Busy, Invalid, NotFound
from stockwright.domain.order_status import RESERVING
from stockwright.domain.product import Product
from stockwright.domain.stock import (
    CHECK_ITEMS_MAX,
    Movement,
    Stock,
    StockStatus,
    Wanted,
    draw,
    summed,
)
from stockwright.store.paging import every, fill
from stockwright.store.records import counted as counted_records
from stockwright.store.records import orders as order_records
from stockwright.store.records import products as product_records
from stockwright.store.records import reservations as reservation_records
from stockwright.store.records import stock as stock_records
from stockwright.store.records.backfill import load_progress
from stockwright.usecases.catalog import StockedProduct, get_product, load_stocked
from stockwright.usecases.counting import SEPARATOR, recount
from stockwright.usecases.drawing import as_if_freed
from stockwright.usecases.settling import half_settled_orders
from stockwright.usecases.still import while_still

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.domain.order import Order
    from stockwright.domain.reservation import Reservation
    from stockwright.domain.stock import Draws
    from stockwright.store.paging import Placed
    from stockwright.store.port import Store
    from stockwright.usecases.context import App

SCAN_PAGE = 200
COUNTED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Availability:
    """One answered line of an availability check."""

    product_id: str
    sku: str
    requested: int
    available_stock: int
    available: bool


@dataclass(frozen=True, slots=True)
class ListInventory:
    """Which rows of the inventory, and from where on."""

    search: str = ""
    status: StockStatus | None = None
    location: str | None = None
    limit: int = 20
    after: str | None = None
    on_sale: bool = False
    """Whether only what customers may order is listed."""

    def fits(self, product: Product, stock: Stock) -> bool:
        """Tell whether a product and its stock pass the filters."""
        if self.on_sale and not product.is_sellable:
            return False
        return self.status in (None, stock.status) and (self.location is None or self.location in stock.levels)


@dataclass(frozen=True, slots=True)
class InventoryTotals:
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


@dataclass(frozen=True, slots=True)
class MovementView:
    """A movement, the total of its level after it (None where it cannot be known), and its product's name."""

    movement: Movement
    balance_after: int | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that keeps units from being available."""

    kind: Literal["reservation", "order"]
    id: str
    quantity: int
    draw: Mapping[str, int]
    status: str
    since: int
    until: int | None = None
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a product's available is what it is: its levels, and everything that holds units of it."""

    product: Product
    stock: Stock
    holds: Sequence[Hold]
    held: int = field(default=0)


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """Which movements to list; `since` and `until` are ms, `until` exclusive."""

    product_id: str | None = None
    type: str | None = None
    location: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 20
    after: str | None = None


async def get_by_product(app: App, product_id: str) -> StockedProduct:
    """Get the levels of a product."""
    return await get_product(app, product_id)


async def get_by_sku(app: App, sku: str) -> StockedProduct:
    """Get the levels of a SKU."""
    found = await product_records.load_product_ids(app.store, [sku])
    if sku not in found:
        raise NotFound("No inventory is kept for this SKU")
    return await get_product(app, found[sku])


async def check_availability(app: App, wanted: Sequence[Wanted]) -> list[Availability]:
    """Tell for each line whether so many units can be bought now, beside the others; those of one product are summed.

    Decided as a hold would be: lines that name a location come first, and an expired hold holds nothing.
    A product that is not there, or was taken out of the shop, is simply not available.
    """
    if not 1 <= len(wanted) <= CHECK_ITEMS_MAX:
        raise Invalid.field("items", f"must hold 1 to {CHECK_ITEMS_MAX} items")
    lines = summed(wanted)
    found = await load_stocked(app, list(dict.fromkeys(line.product_id for line in lines)))
    stocks = {each: stocked.stock for each, stocked in found.items() if stocked.product.can_be_held}
    known = [line for line in lines if line.product_id in stocks]
    draws, short = draw(known, stocks)
    if short:
        stocks = await as_if_freed(app, stocks)
        draws, short = draw(known, stocks)
    answers = []
    for line in lines:
        stock = stocks.get(line.product_id)
        if stock is None:
            answers.append(Availability(line.product_id, "", line.quantity, 0, available=False))
            continue
        units = short[line] if line in short else line.quantity + _left(line, stock, draws)
        answers.append(Availability(line.product_id, stock.sku, line.quantity, units, line not in short))
    return answers


def _left(line: Wanted, stock: Stock, draws: Draws) -> int:
    """Return what a line could have on top of its own, once every line has been served."""
    drawn = draws.get(line.product_id, {})
    places = [line.location] if line.location else stock.sources
    return sum(stock.available_at(place) - drawn.get(place, 0) for place in places)


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
            partial(counted_records.places_of_status, app.store, command.status),
            choose_counted,
            command.limit,
            command.after,
            at_once=COUNTED_AT_ONCE,
        )
    where = {"status": "ACTIVE"} if command.on_sale else None
    return await fill(
        partial(product_records.places_of_products, app.store, where=where, search=command.search, reverse=False),
        choose,
        command.limit,
        command.after,
        at_once=None if command.status is None and command.location is None else SCAN_PAGE,
    )


async def _is_counted(app: App) -> bool:
    """Tell whether the stock of every product was counted in advance."""
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

    read = counted_records.places_of_low if await _is_counted(app) else _every_place
    return await fill(partial(read, app.store), choose, limit, after, at_once=COUNTED_AT_ONCE)


async def _every_place(store: Store, *, after: str | None, limit: int) -> Placed[str]:
    found, following = await product_records.places_of_products(store, after=after, limit=limit, reverse=False)
    return [(place, product.id) for place, product in found], following


async def explain(app: App, product_id: str) -> Explanation:
    """Find every hold on a product: ACTIVE reservations and orders whose units are reserved.

    Of a product that never stands still long enough, it is told as it was seen last: the holds may
    then not sum up to what is reserved.
    """
    product = (await get_product(app, product_id)).product
    told: list[Explanation] = []

    async def read(stock: Stock) -> None:
        holds = await _holds_of(app, product_id)
        told.append(Explanation(product, stock, holds, sum(hold.quantity for hold in holds)))

    with contextlib.suppress(Busy):
        await while_still(app, product_id, read)
    return told[-1]


async def _holds_of(app: App, product_id: str) -> list[Hold]:
    holds: list[Hold] = []
    async for held in active_reservations(app):
        if product_id in held.draws:
            drawn = held.draws[product_id]
            status = held.status_at(app.clock.now())
            holds.append(
                Hold(
                    "reservation",
                    held.id,
                    sum(drawn.values()),
                    drawn,
                    status,
                    held.created_at,
                    held.expires_at,
                    held.owner_id,
                )
            )
    async for order in reserving_orders(app):
        if product_id in order.draws:
            drawn = order.draws[product_id]
            holds.append(
                Hold("order", order.id, sum(drawn.values()), drawn, order.status, order.created_at, None, order.user_id)
            )
    holds.sort(key=lambda hold: hold.since)
    return holds


def active_reservations(app: App) -> AsyncIterator[Reservation]:
    """Go through every reservation that still holds units."""
    return every(partial(reservation_records.page_of_reservations, app.store, status="ACTIVE", limit=SCAN_PAGE))


async def reserving_orders(app: App) -> AsyncIterator[Order]:
    """Go through every order that holds units; the draws of one that is half-way are what it holds now."""
    for status in RESERVING:
        async for order in every(partial(order_records.page_of_orders, app.store, status=status, limit=SCAN_PAGE)):
            yield order
    async for order in half_settled_orders(app):
        yield order
