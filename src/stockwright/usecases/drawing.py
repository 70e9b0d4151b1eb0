"""What every use case that takes or moves units shares: load, free what has expired, draw, book."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from stockwright.domain import reservation as holds
from stockwright.domain.account import SYSTEM
from stockwright.domain.errors import Conflict, NotFound
from stockwright.domain.stock import Movement, Shift, Stock, draw, draw_or_refuse, receive, release, shifted
from stockwright.store.paging import every
from stockwright.store.records import reservations as reservation_records
from stockwright.store.records import stock as stock_records
from stockwright.store.records.batch import Batch, Stale, retried
from stockwright.usecases.commit import decide, new_event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from stockwright.domain.reservation import Reservation
    from stockwright.domain.stock import Draws, MovementType, Wanted
    from stockwright.store.port import Item
    from stockwright.usecases.context import App
    from stockwright.usecases.request import Request

Result = TypeVar("Result")

EXPIRED_AT_ONCE_MAX = 100
BOOKING_MS = 600_000
"""A movement's id may be made this much before or after its time: what is of a period is looked for in a wider one."""


async def load_stocks(app: App, product_ids: Iterable[str]) -> dict[str, Stock]:
    """Load the stock of every product or refuse, naming the first that has none."""
    wanted = list(dict.fromkeys(product_ids))
    stocks = await stock_records.load_stocks(app.store, wanted)
    for product_id in wanted:
        if product_id not in stocks:
            raise NotFound("Product not found", {"productId": product_id})
    return stocks


async def load_and_draw(app: App, request: Request, wanted: Sequence[Wanted]) -> tuple[dict[str, Stock], Draws]:
    """Decide where every unit comes from; a shortage first frees the products' expired holds."""
    stocks = await load_stocks(app, (each.product_id for each in wanted))
    draws, short = draw(wanted, stocks)
    if not short:
        return stocks, draws
    await free_expired(app, request, {each.product_id for each in short})
    # Also where nothing was freed by us: somebody else may have, since the stock was loaded.
    stocks = await load_stocks(app, stocks)
    return stocks, draw_or_refuse(wanted, stocks)


async def as_if_freed(app: App, stocks: Mapping[str, Stock]) -> dict[str, Stock]:
    """Return the stocks as they will be once every hold that is due has ended, and change nothing."""
    freed = dict(stocks)
    async for held in every(partial(reservation_records.due_reservations, app.store, app.clock.now())):
        for product_id in freed.keys() & held.draws.keys():
            given_back = {place: release(units) for place, units in held.draws[product_id].items()}
            freed[product_id] = shifted(freed[product_id], given_back)
    return freed


def move(batch: Batch, draws: Draws, shift: Callable[[int], Shift], at: int) -> None:
    """Move every drawn unit the same way now (`at`): one conditional write per product."""
    for product_id, drawn in draws.items():
        stock_records.shift_stock(batch, product_id, {place: shift(units) for place, units in drawn.items()}, at)


def book(
    app: App,
    request: Request,
    batch: Batch,
    draws: Draws,
    skus: Mapping[str, str],
    kind: MovementType,
    *,
    sign: int = 1,
    reason: str = "",
    reference: str = "",
) -> list[Movement]:
    """Write one movement per product and location; `sign` tells which way the units went."""
    now = app.clock.now()
    booked = [
        Movement(
            id=app.ids.new("mov"),
            product_id=product_id,
            sku=skus[product_id],
            location=place,
            type=kind,
            quantity=sign * units,
            at=now,
            actor=request.actor.id,
            reason=reason,
            reference=reference,
            request_id=request.id,
        )
        for product_id, drawn in draws.items()
        for place, units in drawn.items()
    ]
    for movement in booked:
        stock_records.put_movement(batch, movement)
    return booked


def shifts_of(changes: Mapping[str, int]) -> dict[str, Shift]:
    """Turn signed changes per location into shifts of available and total."""
    return {place: receive(units) for place, units in changes.items()}


async def decide_on_stock(
    app: App,
    request: Request,
    product_id: str,
    active: Sequence[str],
    decision: Callable[[Stock], tuple[Batch, Result]],
) -> Result:
    """Commit what `decision` makes of a product's stock as it is in that commit, however many others change it."""

    def decide_on(item: Item | None) -> tuple[Batch, Result]:
        stock = None if item is None else stock_records.stock_of(item, tuple(active))
        if stock is None or not stock.levels:
            raise NotFound("Product not found")
        return decision(stock)

    return await decide(app, request, stock_records.stock_key(product_id), decide_on)


async def freeing(app: App, request: Request, product_id: str, attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Decide; where that is a refusal, free the product's expired holds and decide once more."""
    try:
        return await retried(attempt)
    except Conflict:
        # Decided anew also where nothing was freed by us: somebody else may have, since the stock was loaded.
        await free_expired(app, request, {product_id})
    return await retried(attempt)


async def free_expired(app: App, request: Request, product_ids: set[str] | None = None) -> int:
    """End every hold that is due (of these products, or all) and give its units back; returns how many."""
    freed, now, after = 0, app.clock.now(), None
    while True:
        due, after = await reservation_records.due_reservations(app.store, now, after=after, limit=EXPIRED_AT_ONCE_MAX)
        for held in due:
            if product_ids is None or not product_ids.isdisjoint(held.draws):
                freed += await _expire(app, request.by(SYSTEM), held)
        if after is None:
            return freed


async def _expire(app: App, request: Request, held: Reservation) -> bool:
    """End one hold; False where somebody else did something to it meanwhile."""
    after = holds.expire(held, app.clock.now())
    if after is None:
        return False
    batch = Batch()
    reservation_records.put_reservation(batch, after)
    move(batch, dict(held.draws), release, app.clock.now())
    batch.append(
        new_event(app, request, "reservation.expired", held.id, orderId=held.order_id, products=list(held.draws))
    )
    try:
        await batch.commit(app.store)
    except Stale:
        return False
    return True
