"""Stock levels: open, change, count and move them (S0, S4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from stockwright.domain.errors import AlreadyExists, Conflict, Invalid, NotFound
from stockwright.domain.product import Product, check_id, same_sku, tidy
from stockwright.domain.stock import (
    DEFAULT_LOCATION,
    Level,
    Location,
    Movement,
    MovementType,
    Stock,
    Thresholds,
    adjusted,
    check_quantity,
    counted,
    shifted,
)
from stockwright.store.port import ABSENT
from stockwright.store.records import locations as location_records
from stockwright.store.records import stock as stock_records
from stockwright.store.records.batch import Batch, retried
from stockwright.usecases.catalog import (
    StockedProduct,
    add_new_product,
    check_thresholds,
    get_product,
    load_deleted,
    load_stocked,
)
from stockwright.usecases.commit import commit, insist, new_event, unchanged
from stockwright.usecases.drawing import book, freeing, priorities, shifts_of, spread
from stockwright.usecases.locations import open_location

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.domain.account import Actor
    from stockwright.usecases.context import App

ChangeType = Literal["RESTOCK", "SALE", "RETURN", "ADJUSTMENT"]


@dataclass(frozen=True, slots=True)
class Initialize:
    """Open the stock of a product at a location. A foreign `product_id` makes an UNLISTED product (S4).

    Only the given `thresholds` change, under Thresholds' own names.
    """

    product_id: str
    sku: str
    initial_stock: int = 0
    location: str = DEFAULT_LOCATION
    thresholds: Mapping[str, int] = field(default_factory=dict)


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
    """What was counted at the location, or over all of them; `of` available: without what is reserved."""

    product_id: str
    count: int
    reason: str = ""
    location: str | None = None
    expected_version: int | None = None
    of: Literal["total", "available"] = "total"


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


async def initialize(app: App, actor: Actor, command: Initialize) -> StockedProduct:
    """Open a stock level (409 where it is open), and the product behind it where it is a foreign one."""
    check_id(command.product_id, "productId")
    command = replace(command, sku=check_id(tidy(command.sku), "sku", 100))
    command = replace(command, location=check_id(command.location.strip(), "location", 64))
    check_quantity(command.initial_stock, "initialStock", least=0)

    async def attempt() -> StockedProduct:
        batch = Batch()
        if await location_records.find_location(app.store, command.location) is None:
            location = Location(command.location, command.location, created_at=app.clock.now())
            await open_location(app, actor, batch, location)
        known = (await load_stocked(app, [command.product_id])).get(command.product_id)
        if known is None:
            after = await _open_foreign(app, actor, batch, command)
        else:
            after = _open_level(app, actor, batch, known, command)
        await commit(app, batch, after)
        return after

    return await retried(attempt)


async def _open_foreign(app: App, actor: Actor, batch: Batch, command: Initialize) -> StockedProduct:
    """Make an UNLISTED product; the id is another system's, so one that was deleted may come again."""
    now = app.clock.now()
    deleted = await load_deleted(app, command.product_id)
    product = Product(
        id=command.product_id,
        sku=command.sku,
        name=command.sku,
        status="UNLISTED",
        created_at=now,
        updated_at=now,
        created_by=actor.id,
        version=deleted.product.version if deleted else ABSENT,
    )
    levels = {command.location: Level(command.initial_stock)}
    thresholds = check_thresholds(replace(Thresholds(), **command.thresholds))
    stock = Stock(product.id, product.sku, levels, thresholds, deleted.stock.version if deleted else ABSENT, now)
    await add_new_product(app, actor, batch, StockedProduct(product, stock))
    return StockedProduct(replace(product, version=product.version + 1), replace(stock, version=stock.version + 1))


def _open_level(app: App, actor: Actor, batch: Batch, known: StockedProduct, command: Initialize) -> StockedProduct:
    stock = known.stock
    if not same_sku(stock.sku, command.sku):
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
        thresholds=check_thresholds(replace(stock.thresholds, **command.thresholds)),
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

    movements = await freeing(app, command.product_id, attempt)
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
            return await unchanged(app, StockChange(stock))
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

    return await freeing(app, command.product_id, attempt)


async def _difference(app: App, stock: Stock, command: CountStock) -> dict[str, int]:
    held = stock if command.location is None else stock.level(command.location)
    count = command.count + (held.reserved if command.of == "available" else 0)
    if command.location is not None:
        difference = counted(stock, count, command.location)
        return {command.location: difference} if difference else {}
    if count < stock.reserved:
        raise Conflict(
            f"{stock.reserved} units are reserved; the count cannot be below that",
            {"counted": count, "reserved": stock.reserved, "available": stock.available},
        )
    difference = count - stock.total
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

    movements = await freeing(app, command.product_id, attempt)
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
