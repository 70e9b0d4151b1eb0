"""Allocating units: expired holds are released first where units are short."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stockwright.base.actor import SYSTEM
from stockwright.base.errors import Conflict
from stockwright.base.long_work import give_way
from stockwright.commit import new_event
from stockwright.events.catalogue import ReservationExpired
from stockwright.reservations import model as holds
from stockwright.reservations import records as reservation_records
from stockwright.stock.allocating import allocate, allocate_or_refuse
from stockwright.stock.booking import Result, load_stocks, move
from stockwright.stock.model import Stock, moved_fields, release, shifted
from stockwright.store.batch import Batch, Stale, retried
from stockwright.store.paging import every

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from stockwright.context import App
    from stockwright.request import Request
    from stockwright.reservations.model import Reservation
    from stockwright.stock.model import Allocations, Wanted


EXPIRED_AT_ONCE_MAX = 100


async def load_and_allocate(
    app: App, request: Request, wanted: Sequence[Wanted]
) -> tuple[dict[str, Stock], Allocations]:
    """Decide where every unit comes from; a shortage first frees the variants' expired holds."""
    stocks = await load_stocks(app, (each.variant_id for each in wanted))
    if not all(stock.levels for stock in stocks.values()):
        raise Stale("the stock was closed since the product was read: deleted, or spread over variants")
    allocations, short = allocate(wanted, stocks)
    if not short:
        return stocks, allocations
    await free_expired(app, request, {each.variant_id for each in short})
    # Also where nothing was freed by us: somebody else may have, since the stock was loaded.
    stocks = await load_stocks(app, stocks)
    return stocks, allocate_or_refuse(wanted, stocks)


async def as_if_freed(app: App, stocks: Mapping[str, Stock]) -> dict[str, Stock]:
    """Return the stocks as they will be once every hold that is due has ended, and change nothing."""
    freed = dict(stocks)
    async for held in every(partial(reservation_records.due_reservations, app.store, app.clock.now())):
        for variant_id in freed.keys() & held.allocations.keys():
            given_back = {location: release(units) for location, units in held.allocations[variant_id].items()}
            freed[variant_id] = shifted(freed[variant_id], given_back)
    return freed


async def releasing_expired(
    app: App, request: Request, variant_ids: Collection[str], attempt: Callable[[], Awaitable[Result]]
) -> Result:
    """Decide; where that is a refusal, release the variants' expired holds and decide once more."""
    try:
        return await retried(attempt)
    except Conflict:
        # Decided again also where nothing was freed by us: somebody else may have, since the stock was loaded.
        await free_expired(app, request, set(variant_ids))
    return await retried(attempt)


async def free_expired(app: App, request: Request, variant_ids: set[str] | None = None) -> int:
    """End every hold that is due (of these variants, or all) and give its units back; returns how many."""
    freed, now, after = 0, app.clock.now(), None
    while True:
        due, after = await reservation_records.due_reservations(app.store, now, after=after, limit=EXPIRED_AT_ONCE_MAX)
        for held in due:
            if variant_ids is None or not variant_ids.isdisjoint(held.allocations):
                freed += await _expire(app, request.by(SYSTEM), held)
        if after is None:
            return freed
        await give_way()


async def _expire(app: App, request: Request, held: Reservation) -> bool:
    """End one hold; False where somebody else did something to it meanwhile."""
    after = holds.expire(held, app.clock.now())
    if after is None:
        return False
    batch = Batch()
    reservation_records.put_reservation(batch, after)
    move(batch, dict(held.allocations), release, app.clock.now())
    expired = ReservationExpired(order_id=held.order_id, **moved_fields(held.items))
    batch.append(new_event(app, request, expired, held.id))
    try:
        await batch.commit(app.store)
    except Stale:
        return False
    return True
