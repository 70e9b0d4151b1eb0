"""Stock levels: open, change, count and move them (S0, S4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import AlreadyExists, Conflict
from stockwright.base.movements import MovementType
from stockwright.base.names import same_sku
from stockwright.catalog.new_product import add_new_product
from stockwright.catalog.product_list import load_deleted
from stockwright.catalog.stocked import StockedProduct, chosen_stock, find_stocked, get_stocked, with_stock
from stockwright.catalog.usecases import check_thresholds
from stockwright.commit import commit, insist, new_event
from stockwright.events.catalogue import StockChanged
from stockwright.products.model import Product, check_foreign_sku, check_id
from stockwright.reservations.allocation import releasing_expired
from stockwright.stock import location_records
from stockwright.stock import records as stock_records
from stockwright.stock.allocating import counted, spread
from stockwright.stock.booking import book, decide_on_stock, shifts_of
from stockwright.stock.locations import must_exist, open_location
from stockwright.stock.lookup import THE_ONLY, Choice
from stockwright.stock.model import (
    DEFAULT_LOCATION,
    ChangeType,
    Level,
    Location,
    Movement,
    Stock,
    by_priority,
    check_change,
    check_location_id,
    check_new_location_id,
    check_quantity,
    check_two_locations,
    moved_fields,
    shifted,
    signed,
)
from stockwright.store.batch import Batch, retried
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.request import Request


class Initialize(Struct, frozen=True):
    """Open the stock of a product at a location. A foreign `product_id` makes an UNLISTED product (S4).

    Without a location it is the default one, where the product has no level anywhere yet. Only the given
    `thresholds` change, under the names of Stock's fields.
    """

    product_id: str
    sku: str
    initial_stock: int = 0
    location: str | None = None
    thresholds: Mapping[str, int] = field(default_factory=dict)
    variant: Choice = THE_ONLY


class ChangeStock(Struct, frozen=True):
    """A signed change of one variant's stock; where no location is named, the priorities decide."""

    product_id: str | None
    quantity: int
    type: ChangeType
    reference: str = ""
    reason: str = ""
    location: str | None = None
    expected_version: int | None = None
    variant: Choice = THE_ONLY


class CountStock(Struct, frozen=True):
    """What was counted at the location, or over all of them; `of` available: without what is reserved."""

    product_id: str | None
    count: int
    reason: str = ""
    location: str | None = None
    expected_version: int | None = None
    reference: str = ""
    of: Literal["total", "available"] = "total"
    variant: Choice = THE_ONLY


class Transfer(Struct, frozen=True):
    """Move available units between two locations."""

    product_id: str | None
    quantity: int
    source: str
    target: str
    reason: str = ""
    reference: str = ""
    expected_version: int | None = None
    variant: Choice = THE_ONLY


class StockChange(Struct, frozen=True):
    """The stock after a change, and its entry in the ledger."""

    stock: Stock
    movements: Sequence[Movement] = ()


async def initialize(app: App, request: Request, command: Initialize) -> StockedProduct:
    """Open a stock level (409 where it is open), and the product behind it where it is a foreign one."""
    check_id(command.product_id, "productId")
    command = replace(command, sku=check_foreign_sku(command.sku))
    location_id = check_location_id(command.location or DEFAULT_LOCATION)
    check_quantity(command.initial_stock, "initialStock", least=0)
    # The SKU is required; with a product of several variants it names one of them.
    named = replace(command.variant, sku=command.sku).of(command.product_id)

    async def attempt() -> StockedProduct:
        batch = Batch()
        locations = await location_records.list_locations(app.store)
        if location_id not in {each.id for each in locations}:
            check_new_location_id(location_id, "location")
            location = Location(location_id, location_id, created_at=app.clock.now())
            await open_location(app, request, batch, location)
            locations.append(location)
        (known,) = await find_stocked(app, [named])
        active = by_priority(locations)
        if known is not None:
            stocked, which = known

            def open_level(stock: Stock) -> tuple[Batch, StockedProduct]:
                opening = Batch()
                opening.writes += batch.writes
                after = _open_level(app, request, opening, stock, location_id, command)
                return opening, with_stock(stocked, after)

            variant_id = chosen_stock(stocked, which, named).variant_id
            return await decide_on_stock(app, request, variant_id, active, open_level)
        after = await _open_foreign(app, request, batch, location_id, command)
        after = replace(after, stock=replace(after.stock, active=active))
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def _open_foreign(app: App, request: Request, batch: Batch, location: str, command: Initialize) -> StockedProduct:
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
        created_by=request.actor.id,
        version=deleted.product.version if deleted else ABSENT,
    )
    version = deleted.stock.version if deleted else ABSENT
    levels = {location: Level.of(command.initial_stock)}
    stock = Stock(product.id, product.sku, levels, created_at=now, updated_at=now, version=version)
    stock = check_thresholds(replace(stock, **command.thresholds))
    await add_new_product(app, request, batch, StockedProduct(product, stock))
    return StockedProduct(replace(product, version=product.version + 1), replace(stock, version=stock.version + 1))


def _open_level(app: App, request: Request, batch: Batch, stock: Stock, location: str, command: Initialize) -> Stock:
    if not same_sku(stock.sku, command.sku):
        raise Conflict(
            f"Product {command.product_id} has SKU {stock.sku}, not {command.sku}",
            {"productId": command.product_id, "sku": stock.sku},
        )
    if command.location is None or location in stock.levels:
        where = next(iter(stock.levels)) if command.location is None else location
        raise AlreadyExists(
            "Inventory already exists for this product"
            + (
                ": name the location at which to open another level"
                if command.location is None
                else " at this location"
            ),
            {"productId": command.product_id, "location": where},
        )
    after = replace(
        check_thresholds(replace(stock, **command.thresholds)),
        levels={**stock.levels, location: Level.of(command.initial_stock)},
        updated_at=app.clock.now(),
    )
    stock_records.put_stock(batch, after)
    opening = {location: command.initial_stock} if command.initial_stock else {}
    book(app, request, batch, {stock.variant_id: opening}, {stock.variant_id: stock}, "INITIAL")
    _append_stock_changed(app, request, batch, stock, "INITIAL", opening)
    return replace(after, version=stock.version + 1)


async def change_stock(app: App, request: Request, command: ChangeStock) -> StockChange:
    """Book a restock, sale, return or adjustment.

    RESTOCK and RETURN bring units, SALE takes them (either sign says so), ADJUSTMENT goes both ways.
    Never takes available below zero (409 INSUFFICIENT_STOCK), and sells nothing from an inactive location.
    What comes to a location that has no level of the product yet opens one. The answer's levels are read
    after the commit, since other changes may come between.
    """
    quantity = signed(command.quantity, command.type)
    selling = command.type == "SALE"

    def plan(stock: Stock) -> dict[str, int]:
        changes = {command.location: quantity} if command.location is not None else spread(stock, quantity)
        for location, units in changes.items():
            check_change(stock, location, units, selling=selling)
        return changes

    return await _move(app, request, command, [command.location] if command.location else [], plan, command.type)


async def _move(
    app: App,
    request: Request,
    command: ChangeStock | Transfer,
    named: Sequence[str],
    plan: Callable[[Stock], dict[str, int]],
    kind: MovementType,
) -> StockChange:
    """Book the planned changes. Units move at levels that are there, beside all others who move units there.

    Where a level is to be opened that is decided in the commit. The answer's levels are read after it.
    """
    about = set[str]()

    def book_on(stock: Stock) -> tuple[Batch, StockChange]:
        insist(command.expected_version, stock)
        changes = plan(stock)
        batch = Batch()
        booked = book_changes(
            app,
            request,
            batch,
            stock,
            changes,
            kind,
            reason=command.reason,
            reference=command.reference,
            expect=command.expected_version,
        )
        return batch, _expected(stock, changes, booked)

    async def attempt() -> tuple[str, Sequence[Movement]]:
        _, stock = await get_stocked(app, command.variant.of(command.product_id))
        about.add(stock.variant_id)
        insist(command.expected_version, stock)
        for location in named:
            if location not in stock.levels:
                await must_exist(app, location)
        batch, expected = book_on(stock)
        if any(movement.location not in stock.levels for movement in expected.movements):
            expected = await decide_on_stock(app, request, stock.variant_id, stock.active, book_on)
        else:
            await commit(app, request, batch, expected, final=False)
        return stock.variant_id, expected.movements

    variant_id, movements = await releasing_expired(app, request, about, attempt)
    return StockChange(*await stock_records.load_change(app.store, variant_id, movements))


def book_changes(
    app: App,
    request: Request,
    batch: Batch,
    stock: Stock,
    changes: Mapping[str, int],
    kind: MovementType,
    *,
    reason: str = "",
    reference: str = "",
    expect: int | None = None,
) -> list[Movement]:
    """Add signed changes of a variant's levels to a commit: the units, their movements and the event of both.

    `expect` is the version that the stock must still have; None: beside all others who move units there.
    """
    stock_records.change_stock(batch, stock, changes, app.clock.now(), expect)
    booked = book(
        app,
        request,
        batch,
        {stock.variant_id: dict(changes)},
        {stock.variant_id: stock},
        kind,
        reason=reason,
        reference=reference,
    )
    _append_stock_changed(app, request, batch, stock, kind, changes)
    return booked


async def count_stock(app: App, request: Request, command: CountStock) -> StockChange:
    """Set the counted total; the difference is an ADJUSTMENT, none where the count agrees (S0's PUT /stock).

    Decided in the commit, so that it succeeds beside any number of buyers.
    """
    check_quantity(command.count, least=0)
    about = set[str]()

    def count(stock: Stock) -> tuple[Batch, StockChange]:
        insist(command.expected_version, stock)
        changes = counted(stock, counted_total(stock, command), command.location)
        batch = Batch()
        if not changes:
            return batch, StockChange(stock)
        reason = command.reason or "Counted"
        reference = command.reference
        booked = book_changes(
            app, request, batch, stock, changes, "ADJUSTMENT", reason=reason, reference=reference, expect=stock.version
        )
        return batch, _expected(stock, changes, booked)

    async def attempt() -> StockChange:
        _, stock = await get_stocked(app, command.variant.of(command.product_id))
        about.add(stock.variant_id)
        if command.location is not None and command.location not in stock.levels:
            await must_exist(app, command.location)
        return await decide_on_stock(app, request, stock.variant_id, stock.active, count)

    return await releasing_expired(app, request, about, attempt)


def counted_total(stock: Stock, command: CountStock) -> int:
    """Return what the levels counted hold in all; where available was given, what else is there is added."""
    if command.of == "total":
        return command.count
    if command.location is not None:
        return command.count + stock.level_or_new(command.location).reserved
    return command.count + stock.reserved + stock.inactive


async def transfer(app: App, request: Request, command: Transfer) -> StockChange:
    """Move available units between two locations, with two TRANSFER movements.

    Either may be inactive: so a closed location is emptied. The target gets a level where it has none.
    """
    check_quantity(command.quantity)
    check_two_locations(command.source, command.target)

    def plan(stock: Stock) -> dict[str, int]:
        changes = {command.source: -command.quantity, command.target: command.quantity}
        for location, units in changes.items():
            check_change(stock, location, units)
        return changes

    return await _move(app, request, command, [command.source, command.target], plan, "TRANSFER")


def _expected(stock: Stock, changes: Mapping[str, int], booked: list[Movement]) -> StockChange:
    """Return how it comes out if nothing else changes the stock meanwhile."""
    after = replace(shifted(stock, shifts_of(changes)), version=stock.version + 1)
    balanced = [replace(each, balance_after=after.levels[each.location].total) for each in booked]
    return StockChange(after, balanced)


def _append_stock_changed(
    app: App, request: Request, batch: Batch, stock: Stock, kind: MovementType, changes: Mapping[str, int]
) -> None:
    batch.append(
        new_event(
            app,
            request,
            StockChanged(sku=stock.sku, type=kind, changes=dict(changes), **moved_fields([stock])),
            stock.product_id,
        )
    )
