"""What every change of stock shares: load the stock, move units, book them in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from stockwright.base.errors import Invalid, NotFound
from stockwright.commit import decide
from stockwright.stock import records as stock_records
from stockwright.stock.model import (
    Movement,
    Shift,
    Stock,
    receive,
)
from stockwright.store.batch import Batch, Stale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from stockwright.base.movements import MovementType
    from stockwright.context import App
    from stockwright.request import Request
    from stockwright.stock.model import Allocations, OfVariant
    from stockwright.store.port import Item


Result = TypeVar("Result")
BOOKING_MS = 600_000
"""A movement's id may be made this much before or after its time: what is of a period is looked for in a wider one."""


async def load_stocks(app: App, variant_ids: Iterable[str]) -> dict[str, Stock]:
    """Load the stock of every variant or refuse, naming the first that has none."""
    wanted = list(dict.fromkeys(variant_ids))
    stocks = await stock_records.load_stocks(app.store, wanted)
    for variant_id in wanted:
        if variant_id not in stocks:
            raise NotFound("Product not found", {"productId": variant_id})
    return stocks


def move(batch: Batch, allocations: Allocations, shift: Callable[[int], Shift], at: int) -> None:
    """Move every allocated unit the same way now (`at`): one conditional write per variant."""
    for variant_id, allocation in allocations.items():
        stock_records.shift_stock(
            batch, variant_id, {location: shift(units) for location, units in allocation.items()}, at
        )


def book(
    app: App,
    request: Request,
    batch: Batch,
    allocations: Allocations,
    named: Mapping[str, OfVariant],
    kind: MovementType,
    *,
    sign: int = 1,
    reason: str = "",
    reference: str = "",
) -> list[Movement]:
    """Write one movement per variant and location; `sign` is the direction of the units.

    `named` has the product and SKU of each variant.
    """
    now = app.clock.now()
    booked = [
        Movement(
            id=app.ids.new("mov"),
            product_id=named[variant_id].product_id,
            own_variant=named[variant_id].own_variant,
            sku=named[variant_id].sku,
            location=location,
            type=kind,
            quantity=sign * units,
            at=now,
            actor=request.actor.id,
            reason=reason,
            reference=reference,
            request_id=request.id,
        )
        for variant_id, allocation in allocations.items()
        for location, units in allocation.items()
    ]
    for movement in booked:
        stock_records.put_movement(batch, movement)
    return booked


def shifts_of(changes: Mapping[str, int]) -> dict[str, Shift]:
    """Turn signed changes per location into shifts of available and total."""
    return {location: receive(units) for location, units in changes.items()}


async def decide_on_stock(
    app: App,
    request: Request,
    variant_id: str,
    active: Sequence[str],
    decision: Callable[[Stock], tuple[Batch, Result]],
) -> Result:
    """Commit what `decision` makes of a variant's stock as it is in that commit, however many others change it."""

    def decide_on(item: Item | None) -> tuple[Batch, Result]:
        stock = None if item is None else stock_records.stock_of(item, tuple(active))
        if stock is None:
            raise NotFound("Product not found")
        if not stock.levels:
            raise Stale("the stock was closed since the product was read: deleted, or spread over variants")
        return decision(stock)

    return await decide(app, request, stock_records.stock_key(variant_id), decide_on)


BESIDE: Final = 4
"""Writes of a hold or sale that are not of its products: itself, its event, a customer's count, the Idempotency-Key."""


def check_one_step(app: App, allocations: Allocations) -> None:
    """Refuse a hold or sale that one commit of this store cannot end: orders are the way for so many products."""
    most = (app.store.writes_max - BESIDE) // 2
    if sum(1 + len(allocation) for allocation in allocations.values()) > app.store.writes_max - BESIDE:
        raise Invalid.field("items", f"must have at most {most} products in one step; an order may have more")
