"""A step of an order: its next state, its units and its events in one commit, the ordinary way.

What one commit of the store cannot take goes in pieces (`large.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from stockwright.commit import commit
from stockwright.events.catalogue import OrderPlaced
from stockwright.orders import records
from stockwright.orders.large import place_in_pieces, take_in_pieces
from stockwright.orders.moving import Moving, append_order_event, carry, fits
from stockwright.store.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.events.catalogue import OrderEvent
    from stockwright.orders.model import Order
    from stockwright.request import Request
    from stockwright.store.port import Write


async def place(app: App, request: Request, order: Order) -> Order:
    """Write a new order and reserve its units, or change nothing (Stale: decide again)."""
    batch = Batch()
    records.put_order(batch, order)
    carry(app, request, batch, order, Moving("reserve", order.allocations))
    append_order_event(app, request, batch, order, OrderPlaced, list(order.allocations))
    if not fits(app, batch):
        return await place_in_pieces(app, request, order)
    placed = replace(order, version=1)
    await commit(app, request, batch, placed)
    return placed


async def take_step(
    app: App,
    request: Request,
    after: Order,
    moving: Moving | None,
    events: Sequence[tuple[type[OrderEvent], list[str]]],
    beside: Sequence[Write] = (),
) -> Order:
    """Write an order's next state, move its units and append its events; `beside` belongs to the same commit.

    `after` carries the version that the order was loaded with.
    """
    batch = write_step(app, request, after, moving, events, beside)
    if moving is not None and not fits(app, batch):
        return await take_in_pieces(app, request, after, moving, events, beside)
    stepped = replace(after, version=after.version + 1)
    await commit(app, request, batch, stepped)
    return stepped


def write_step(
    app: App,
    request: Request,
    after: Order,
    moving: Moving | None,
    events: Sequence[tuple[type[OrderEvent], list[str]]],
    beside: Sequence[Write] = (),
) -> Batch:
    """Return the writes of a step."""
    batch = Batch()
    records.put_order(batch, after)
    if moving is not None:
        carry(app, request, batch, after, moving)
    batch.writes.extend(beside)
    for event, moved in events:
        append_order_event(app, request, batch, after, event, moved)
    return batch
