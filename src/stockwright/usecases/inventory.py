"""Stock levels: open, change, count, move, read and explain them (S0, S4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from stockwright.domain.errors import AlreadyExists, Conflict, Invalid, NotFound
from stockwright.domain.product import Product, check_id
from stockwright.domain.stock import (
    DEFAULT_LOCATION,
    Level,
    Location,
    Movement,
    MovementType,
    Stock,
    Thresholds,
    Wanted,
    adjusted,
    check_quantity,
    counted,
    shifted,
    summed,
)
from stockwright.store.records import locations as location_records
from stockwright.store.records import orders as order_records
from stockwright.store.records import products as product_records
from stockwright.store.records import reservations as reservation_records
from stockwright.store.records import stock as stock_records
from stockwright.store.records.batch import Batch, retried
from stockwright.usecases.catalog import StockedProduct, add_new_product, check_thresholds, get_product, load_stocked
from stockwright.usecases.commit import commit, insist, new_event
from stockwright.usecases.drawing import book, priorities, shifts_of, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.domain.account import Actor
    from stockwright.domain.order import Order
    from stockwright.domain.reservation import Reservation
    from stockwright.usecases.context import App

ChangeType = Literal["RESTOCK", "SALE", "RETURN", "ADJUSTMENT"]
SCAN_PAGE = 500
CHECK_ITEMS_MAX = 100


@dataclass(frozen=True, slots=True)
class Initialize:
    """Open the stock of a product at a location. A foreign `product_id` makes an UNLISTED product (S4)."""

    product_id: str
    sku: str
    initial_stock: int = 0
    location: str = DEFAULT_LOCATION
    thresholds: Thresholds | None = None


@dataclass(frozen=True, slots=True)
class ChangeStock:
    """A signed change of one product's stock; where no location is named, the priorities decide."""

    product_id: str
    quantity: int
    type: ChangeType
    reference: str = ""
    reason: str = ""
    location: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class CountStock:
    """What was counted: the total at the location, or over all of them."""

    product_id: str
    count: int
    reason: str = ""
    location: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move available units between two locations."""

    product_id: str
    quantity: int
    source: str
    target: str
    reason: str = ""
    reference: str = ""
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class StockChange:
    """The stock after a change, and what the ledger says of it."""

    stock: Stock
    movements: Sequence[Movement] = ()


@dataclass(frozen=True, slots=True)
class Availability:
    """One answered line of an availability check."""

    product_id: str
    sku: str
    requested: int
    available_stock: int
    available: bool


@dataclass(frozen=True, slots=True)
class InventoryTotals:
    """Sums over every product of the shop."""

    products: int = 0
    available: int = 0
    reserved: int = 0
    low: int = 0
    out: int = 0

    @property
    def total(self) -> int:
        """All units."""
        return self.available + self.reserved


@dataclass(frozen=True, slots=True)
class MovementView:
    """A movement and the total of its level after it; None where only the whole shop was asked for."""

    movement: Movement
    balance_after: int | None


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


# ---- changing --------------------------------------------------------------------------------


async def initialize(app: App, actor: Actor, command: Initialize) -> StockedProduct:
    """Open a stock level (409 where it is open), and the product behind it where it is a foreign one."""
    check_id(command.product_id, "productId")
    check_id(command.sku, "sku", 100)
    check_id(command.location, "location", 64)
    check_quantity(command.initial_stock, "initialStock", least=0)
    check_thresholds(command.thresholds or Thresholds())

    async def attempt() -> StockedProduct:
        batch = Batch()
        if await location_records.find_location(app.store, command.location) is None:
            location_records.put_location(
                batch, Location(command.location, command.location, created_at=app.clock.now())
            )
        known = (await load_stocked(app, [command.product_id])).get(command.product_id)
        if known is None:
            after = await _open_foreign(app, actor, batch, command)
        else:
            after = _open_level(app, actor, batch, known, command)
        await commit(app, batch, after)
        return after

    return await retried(attempt)


async def _open_foreign(app: App, actor: Actor, batch: Batch, command: Initialize) -> StockedProduct:
    now = app.clock.now()
    product = Product(
        id=command.product_id,
        sku=command.sku,
        name=command.sku,
        status="UNLISTED",
        created_at=now,
        updated_at=now,
        created_by=actor.id,
    )
    levels = {command.location: Level(command.initial_stock)}
    stock = Stock(product.id, product.sku, levels, command.thresholds or Thresholds(), 0, now)
    await add_new_product(app, actor, batch, StockedProduct(product, stock))
    return StockedProduct(replace(product, version=1), replace(stock, version=1))


def _open_level(app: App, actor: Actor, batch: Batch, known: StockedProduct, command: Initialize) -> StockedProduct:
    stock = known.stock
    if stock.sku.casefold() != command.sku.casefold():
        raise Conflict(
            f"Product {command.product_id} has SKU {stock.sku}, not {command.sku}",
            {"productId": command.product_id, "sku": stock.sku},
        )
    if command.location in stock.levels:
        raise AlreadyExists(
            "Inventory already exists for this product at this location",
            {"productId": command.product_id, "location": command.location},
        )
    after = replace(
        stock,
        levels={**stock.levels, command.location: Level(command.initial_stock)},
        thresholds=command.thresholds or stock.thresholds,
    )
    stock_records.put_stock(batch, after)
    opening = {command.location: command.initial_stock} if command.initial_stock else {}
    book(app, actor, batch, {stock.product_id: opening}, {stock.product_id: stock.sku}, "INITIAL")
    _tell(app, actor, batch, stock, "INITIAL", opening)
    return StockedProduct(known.product, replace(after, version=stock.version + 1))


async def change_stock(app: App, actor: Actor, command: ChangeStock) -> StockChange:
    """Book a restock, sale, return or adjustment.

    RESTOCK and RETURN bring units, SALE takes them (either sign says so), ADJUSTMENT goes both ways.
    Never takes available below zero (409 INSUFFICIENT_STOCK). The answer's levels are read after the
    commit, since other changes may come between.
    """
    quantity = _signed(command)

    async def attempt() -> list[Movement]:
        stock = (await get_product(app, command.product_id)).stock
        insist(command.expected_version, stock)
        if command.location is not None:
            adjusted(stock.level(command.location), quantity, stock, command.location)
            changes = {command.location: quantity}
        else:
            changes = spread(stock, quantity, await priorities(app))
        for place, units in changes.items():
            adjusted(stock.level(place), units, stock, place)
        batch = Batch()
        stock_records.shift_stock(batch, stock.product_id, shifts_of(changes), command.expected_version)
        booked = book(
            app,
            actor,
            batch,
            {stock.product_id: changes},
            {stock.product_id: stock.sku},
            command.type,
            reason=command.reason,
            reference=command.reference,
        )
        _tell(app, actor, batch, stock, command.type, changes)
        await commit(app, batch, _expected(stock, changes, booked), settled=False)
        return booked

    movements = await retried(attempt)
    return StockChange(await stock_records.get_stock(app.store, command.product_id), movements)


def _signed(command: ChangeStock) -> int:
    check_quantity(abs(command.quantity))
    if command.type in {"RESTOCK", "RETURN"} and command.quantity < 0:
        raise Invalid.field("quantity", f"must be positive for a {command.type}; use ADJUSTMENT to take units out")
    return -abs(command.quantity) if command.type == "SALE" else command.quantity


async def count_stock(app: App, actor: Actor, command: CountStock) -> StockChange:
    """Set the counted total; the difference is an ADJUSTMENT, none where the count agrees (S0's PUT /stock)."""
    check_quantity(command.count, least=0)

    async def attempt() -> StockChange:
        stock = (await get_product(app, command.product_id)).stock
        insist(command.expected_version, stock)
        changes = await _difference(app, stock, command)
        if not changes:
            return StockChange(stock)
        after = shifted(stock, shifts_of(changes))
        batch = Batch()
        stock_records.shift_stock(batch, stock.product_id, shifts_of(changes), stock.version)
        booked = book(
            app,
            actor,
            batch,
            {stock.product_id: changes},
            {stock.product_id: stock.sku},
            "ADJUSTMENT",
            reason=command.reason or "Counted",
        )
        _tell(app, actor, batch, stock, "ADJUSTMENT", changes)
        result = StockChange(replace(after, version=stock.version + 1), booked)
        await commit(app, batch, result)
        return result

    return await retried(attempt)


async def _difference(app: App, stock: Stock, command: CountStock) -> dict[str, int]:
    if command.location is not None:
        difference = counted(stock, command.count, command.location)
        return {command.location: difference} if difference else {}
    if command.count < stock.reserved:
        raise Conflict(
            f"{stock.reserved} units are reserved; the count cannot be below that",
            {"counted": command.count, "reserved": stock.reserved, "available": stock.available},
        )
    difference = command.count - stock.total
    return spread(stock, difference, await priorities(app)) if difference else {}


async def transfer(app: App, actor: Actor, command: Transfer) -> StockChange:
    """Move available units between two locations, with two TRANSFER movements."""
    check_quantity(command.quantity)
    if command.source == command.target:
        raise Invalid.field("to", "must be another location than the one the units come from")

    async def attempt() -> list[Movement]:
        stock = (await get_product(app, command.product_id)).stock
        insist(command.expected_version, stock)
        batch = Batch()
        adjusted(stock.level(command.source), -command.quantity, stock, command.source)
        changes = {command.source: -command.quantity, command.target: command.quantity}
        opened = stock
        if command.target in stock.levels:
            stock_records.shift_stock(batch, stock.product_id, shifts_of(changes), command.expected_version)
        else:
            if await location_records.find_location(app.store, command.target) is None:
                raise NotFound(f"There is no location {command.target!r}; create it first")
            opened = replace(stock, levels={**stock.levels, command.target: Level()})
            stock_records.put_stock(batch, shifted(opened, shifts_of(changes)))
        booked = book(
            app,
            actor,
            batch,
            {stock.product_id: changes},
            {stock.product_id: stock.sku},
            "TRANSFER",
            reason=command.reason,
            reference=command.reference,
        )
        _tell(app, actor, batch, stock, "TRANSFER", changes)
        await commit(app, batch, _expected(opened, changes, booked), settled=False)
        return booked

    movements = await retried(attempt)
    return StockChange(await stock_records.get_stock(app.store, command.product_id), movements)


def _expected(stock: Stock, changes: Mapping[str, int], booked: list[Movement]) -> StockChange:
    """Return how it comes out if nobody else changes the stock meanwhile."""
    after = shifted(stock, shifts_of(changes))
    return StockChange(replace(after, version=stock.version + 1), booked)


def _tell(app: App, actor: Actor, batch: Batch, stock: Stock, kind: MovementType, changes: Mapping[str, int]) -> None:
    batch.append(
        new_event(
            app,
            actor,
            "stock.changed",
            stock.product_id,
            sku=stock.sku,
            type=kind,
            changes=dict(changes),
            products=[stock.product_id],
        )
    )


# ---- reading ---------------------------------------------------------------------------------


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
    """Tell for each product whether so many units can be bought now; lines of one product are summed.

    A product that is not there is simply not available.
    """
    if not 1 <= len(wanted) <= CHECK_ITEMS_MAX:
        raise Invalid.field("items", f"must hold 1 to {CHECK_ITEMS_MAX} items")
    lines = summed(wanted)
    stocks = await stock_records.load_stocks(app.store, (line.product_id for line in lines))
    active = set(await priorities(app))
    answers = []
    for line in lines:
        stock = stocks.get(line.product_id)
        places = [line.location] if line.location else active
        units = sum(stock.levels[place].available for place in places if place in stock.levels) if stock else 0
        answers.append(
            Availability(line.product_id, stock.sku if stock else "", line.quantity, units, line.quantity <= units)
        )
    return answers


async def list_inventory(app: App, limit: int, after: str | None = None) -> tuple[list[StockedProduct], str | None]:
    """Read a page of products with their levels, in the order of their ids."""
    stocks, following = await stock_records.page_of_stocks(app.store, after=after, limit=limit)
    products = await product_records.load_products(app.store, (stock.product_id for stock in stocks))
    rows = [StockedProduct(products[stock.product_id], stock) for stock in stocks if stock.product_id in products]
    return rows, following


async def total_inventory(app: App) -> InventoryTotals:
    """Sum the whole shop's stock, exactly; reads every stock item (one call per SCAN_PAGE)."""
    products = available = reserved = low = out = 0
    async for stock in all_stocks(app):
        products += 1
        available += stock.available
        reserved += stock.reserved
        low += stock.status == "LOW"
        out += stock.status == "OUT"
    return InventoryTotals(products, available, reserved, low, out)


async def list_low_stock(app: App, limit: int, after: str | None = None) -> tuple[list[StockedProduct], str | None]:
    """List products with fewer units available than their threshold, in the order of their ids."""
    low: list[Stock] = []
    async for stock in all_stocks(app, after):
        if stock.is_low:
            low.append(stock)
            if len(low) > limit:
                break
    page = low[:limit]
    products = await product_records.load_products(app.store, (stock.product_id for stock in page))
    rows = [StockedProduct(products[stock.product_id], stock) for stock in page if stock.product_id in products]
    return rows, page[-1].product_id if len(low) > limit else None


async def all_stocks(app: App, after: str | None = None) -> AsyncIterator[Stock]:
    """Go through the stock of every product of the shop, a page at a time."""
    while True:
        stocks, after = await stock_records.page_of_stocks(app.store, after=after, limit=SCAN_PAGE)
        for stock in stocks:
            yield stock
        if after is None:
            return


async def explain(app: App, product_id: str) -> Explanation:
    """Find every hold on a product: ACTIVE reservations and orders whose units are reserved."""
    found = await get_product(app, product_id)
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
    return Explanation(found.product, found.stock, holds, sum(hold.quantity for hold in holds))


async def active_reservations(app: App) -> AsyncIterator[Reservation]:
    """Go through every reservation that still holds units."""
    after: str | None = None
    while True:
        page, after = await reservation_records.page_of_reservations(
            app.store, status="ACTIVE", after=after, limit=SCAN_PAGE
        )
        for held in page:
            yield held
        if after is None:
            return


async def reserving_orders(app: App) -> AsyncIterator[Order]:
    """Go through every order whose units are still reserved."""
    for status in ("PLACING", "PENDING"):
        after: str | None = None
        while True:
            page, after = await order_records.page_of_orders(app.store, status=status, after=after, limit=SCAN_PAGE)
            for order in page:
                yield order
            if after is None:
                break


async def list_movements(app: App, wanted: MovementFilter) -> tuple[list[MovementView], str | None]:
    """List movements, newest first. For one product each tells the level's total after it.

    Ids are ordered by time, so `since` and `until` bound the ids of the whole shop's list.

    That balance is worked out from the total now, going back; filters are applied after that, so a
    filtered list reads what it skips.
    """
    if wanted.product_id is None:
        return await _all_movements(app, wanted)
    return await _product_movements(app, wanted, wanted.product_id)


async def _all_movements(app: App, wanted: MovementFilter) -> tuple[list[MovementView], str | None]:
    where = {name: value for name, value in (("type", wanted.type), ("location", wanted.location)) if value}
    page, following = await stock_records.page_of_movements(
        app.store,
        where=where,
        low="" if wanted.since is None else app.ids.first("mov", wanted.since),
        high="" if wanted.until is None else app.ids.first("mov", wanted.until),
        after=wanted.after,
        limit=wanted.limit,
    )
    return [MovementView(movement, None) for movement in page], following


async def _product_movements(
    app: App, wanted: MovementFilter, product_id: str
) -> tuple[list[MovementView], str | None]:
    products = await product_records.load_products(app.store, [product_id], deleted_too=True)
    if product_id not in products:
        raise NotFound("Product not found")
    stock = await stock_records.get_stock(app.store, product_id)
    balances = {place: level.total for place, level in stock.levels.items()}
    kept: list[MovementView] = []
    after: str | None = None
    past_cursor = wanted.after is None
    while True:
        page, after = await stock_records.page_of_movements(app.store, product_id, after=after, limit=SCAN_PAGE)
        for movement in page:
            balance = balances.get(movement.location, 0)
            balances[movement.location] = balance - movement.quantity
            if past_cursor and _passes(wanted, movement):
                if len(kept) == wanted.limit:
                    return kept, kept[-1].movement.id
                kept.append(MovementView(movement, balance))
            past_cursor = past_cursor or movement.id == wanted.after
        if after is None:
            return kept, None


def _passes(wanted: MovementFilter, movement: Movement) -> bool:
    return (
        wanted.type in (None, movement.type)
        and wanted.location in (None, movement.location)
        and (wanted.since is None or movement.at >= wanted.since)
        and (wanted.until is None or movement.at < wanted.until)
    )
