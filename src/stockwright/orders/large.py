"""Steps of orders that are too large for one commit: in pieces.

A store takes `writes_max` writes at once, and real carts reach 593 lines. What is left to do then is
an item of its own beside the order (`work_records.py`). Each piece's commit moves units and shortens
that item, held to its version and the order's: a piece has one effect, no matter which
process executes it, and a later process continues where it stopped.

Placing may fail half-way, since another buyer may be faster: the order is PLACING, and no client can
see it, until every unit is reserved; what stops there is given back, by the sweeper at the latest.
The other steps cannot fail: their first commit decides and is what is answered, the rest carries it
out, and the sweeper does so where the process has ended.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.actor import SYSTEM
from stockwright.base.errors import Busy, StockwrightError
from stockwright.commit import commit
from stockwright.events.catalogue import ORDER_EVENTS, OrderPlaced
from stockwright.orders import records
from stockwright.orders import work_records as works
from stockwright.orders.assigning import with_assigned
from stockwright.orders.model import ReturnedLine, to_variants
from stockwright.orders.moving import Moving, append_order_event, carry
from stockwright.orders.work_records import Work
from stockwright.request import BY_SYSTEM
from stockwright.stock import records as stock_records
from stockwright.store.batch import Batch, Stale, retried
from stockwright.store.paging import every

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stockwright.context import App
    from stockwright.events.catalogue import OrderEvent
    from stockwright.orders.model import Order
    from stockwright.request import Request
    from stockwright.stock.model import Allocations
    from stockwright.store.port import Write


WORK_SECONDS: Final = 60
"""How long the process that began has the work to itself; no request lasts so long."""


async def get_resumed_order(app: App, request: Request, order_id: str) -> Order:
    """Get an order for its next step; what its last one left to be done is done first."""
    order = await records.get_order(app.store, order_id)
    if order.has_pending_work:
        await finish(app, request, order_id)
        order = await records.get_order(app.store, order_id)
        if order.has_pending_work:
            raise Stale("its last step is not complete")
    return order


async def finish(app: App, request: Request, order_id: str) -> None:
    """Carry out what an order's step left to be done, from wherever it is; give up a half-placed one."""

    async def attempt() -> None:
        order, work = await works.load_with_work(app.store, order_id)
        if order is None or work is None:
            return
        if work.step == "reserve":
            work = await _turn_back(app, order, work)
        if work.step == "receive":
            order, work = await _assigned(app, order, work)
        work = await _carry_out(app, request, order, work)
        batch = Batch()
        works.delete_work(batch, work)
        if order.status == "PLACING":
            batch.delete(records.order_key(order.id), order.version)
        else:
            records.put_order(batch, replace(order, has_pending_work=False))
        for event, moved in work.events:
            append_order_event(app, _by_worker(request, work), batch, order, ORDER_EVENTS[event], moved)
        await batch.commit(app.store)

    await retried(attempt)


async def finish_due(app: App) -> int:
    """Finish all work whose time is over; returns how much. The sweeper's."""
    finished = 0
    for work in await works.due_works(app.store, app.clock.now()):
        try:
            await finish(app, BY_SYSTEM, work.order_id)
            finished += 1
        except StockwrightError:
            app.log.exception("an order's last step could not be completed", order_id=work.order_id)
    return finished


async def orders_with_pending_work(app: App) -> AsyncIterator[Order]:
    """Go through the orders whose work is under way; their allocations are what they still hold reserved."""
    async for each in every(partial(works.page_of_works, app.store)):
        order, work = await works.load_with_work(app.store, each.order_id)
        if order is not None and work is not None and work.step != "receive":
            yield replace(order, allocations=_reserved(order, work))


async def place_in_pieces(app: App, request: Request, order: Order) -> Order:
    """Reserve an order's units piece by piece; where that stops half-way, give them back and change nothing."""
    batch = Batch()
    records.put_order(batch, replace(order, status="PLACING"))
    work = _begin(app, request, order, Moving("reserve", order.allocations))
    works.put_work(batch, work)
    try:
        await batch.commit(app.store)
    except Stale:
        await _give_up_if_due(app, request, order.id)
        raise
    try:
        work = await _carry_out(app, request, replace(order, version=1), replace(work, version=1))
        batch = Batch()
        works.delete_work(batch, work)
        records.put_order(batch, replace(order, version=1))
        append_order_event(app, request, batch, order, OrderPlaced, list(order.allocations))
        placed = replace(order, version=2)
        await commit(app, request, batch, placed)
    except StockwrightError:
        await _give_up(app, request, order.id)
        raise
    return placed


async def take_in_pieces(
    app: App,
    request: Request,
    after: Order,
    moving: Moving,
    events: Sequence[tuple[type[OrderEvent], list[str]]],
    beside: Sequence[Write],
) -> Order:
    """Decide a step in the first commit, and move its units piece by piece behind it."""
    batch = Batch()
    records.put_order(batch, replace(after, has_pending_work=True))
    works.put_work(batch, _begin(app, request, after, moving, events))
    batch.writes.extend(beside)
    final = replace(after, version=after.version + 2)
    await commit(app, request, batch, final)
    # It is decided: where the store is too busy to go on now, the sweeper does later.
    with contextlib.suppress(Busy):
        await finish(app, request, after.id)
    return final


def _begin(
    app: App, request: Request, order: Order, moving: Moving, events: Sequence[tuple[type[OrderEvent], list[str]]] = ()
) -> Work:
    return Work(
        order.id,
        moving.step,
        moving.allocations,
        request.actor.id,
        app.clock.now() + WORK_SECONDS * 1000,
        moving.booked,
        moving.reason,
        tuple((event.event_name, moved) for event, moved in events),
        request.id,
    )


async def _carry_out(app: App, request: Request, order: Order, work: Work) -> Work:
    """Move what is left, piece by piece; Stale where somebody else is at it, or a unit is not there."""
    while work.left:
        piece = _piece(work, app.store.writes_max - 2)
        after = replace(work, left=_without(work.left, piece))
        batch = Batch()
        works.put_work(batch, after)
        # Work of a later step has the same versions again: only the order's own version distinguishes them.
        batch.check(records.order_key(order.id), order.version)
        if work.step == "receive":
            piece = await _still_kept(app, piece)
        carry(app, _by_worker(request, work), batch, order, Moving(work.step, piece, work.booked, work.reason))
        await batch.commit(app.store)
        work = replace(after, version=work.version + 1)
    return work


async def _assigned(app: App, order: Order, work: Work) -> tuple[Order, Work]:
    """Give what is left to the variants that the lines mean, where a shared stock was spread meanwhile."""
    after = await with_assigned(app, order)
    if not after.assigned:
        return order, work
    units = [ReturnedLine(number, line.quantity) for number, line in enumerate(order.lines)]
    own = {order.lines[int(number)].variant_id: set[str]() for number in after.assigned}
    for number, variant_id in after.assigned.items():
        own[order.lines[int(number)].variant_id].add(variant_id)
    events = tuple(
        (name, list(dict.fromkeys(to for each in moved for to in sorted(own.get(each, {each})))))
        for name, moved in work.events
    )
    return after, replace(work, left=to_variants(after, work.left, units), events=events)


async def _still_kept(app: App, piece: Allocations) -> Allocations:
    """Leave out what was deleted meanwhile: nothing else could be received of it, ever."""
    stocks = await stock_records.load_stocks(app.store, piece)
    return {each: allocation for each, allocation in piece.items() if stocks[each].levels}


def _piece(work: Work, room: int) -> Allocations:
    """Take the variants of the next commit, and no more than there is room for: of the first, what fits."""
    piece: Allocations = {}
    for variant_id, allocation in sorted(work.left.items()):
        room -= 1 + (len(allocation) if work.booked else 0)
        if room < 0 and not piece:
            return {variant_id: dict(sorted(allocation.items())[:room])}
        if room < 0:
            break
        piece[variant_id] = allocation
    return piece


def _without(left: Allocations, piece: Allocations) -> Allocations:
    """Return what is left behind a piece, which may hold some of a variant's locations only."""
    after = {
        variant_id: {
            location: units for location, units in allocation.items() if location not in piece.get(variant_id, {})
        }
        for variant_id, allocation in left.items()
    }
    return {variant_id: allocation for variant_id, allocation in after.items() if allocation}


async def _give_up(app: App, request: Request, order_id: str) -> None:
    """Give back what a half-placed order has reserved, and forget it; a placed one stays."""
    order, _ = await works.load_with_work(app.store, order_id)
    if order is not None and order.status == "PLACING":
        await finish(app, request, order_id)


async def _give_up_if_due(app: App, request: Request, order_id: str) -> None:
    """Clear the way where a former try at the same order ended half-way."""
    order, work = await works.load_with_work(app.store, order_id)
    if order is not None and work is not None and order.status == "PLACING" and work.due_at <= app.clock.now():
        await finish(app, request, order_id)


async def _turn_back(app: App, order: Order, work: Work) -> Work:
    """Turn half a placing round: what was reserved is what is left to be released."""
    turned = replace(work, step="release", left=_reserved(order, work))
    batch = Batch()
    works.put_work(batch, turned)
    batch.check(records.order_key(order.id), order.version)
    await batch.commit(app.store)
    return replace(turned, version=work.version + 1)


def _reserved(order: Order, work: Work) -> Allocations:
    """Return the units that are reserved for the order at this moment of its work."""
    if work.step == "reserve":
        return {each: allocation for each, allocation in order.allocations.items() if each not in work.left}
    return work.left


def _by_worker(request: Request, work: Work) -> Request:
    """Return the request that goes on with the work, in the name of who began it and of their request."""
    return replace(request.by(replace(SYSTEM, id=work.actor)), id=work.request_id)
