"""An order as it was after one of its steps, so that a request that is sent again gets the same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from stockwright.orders.records import load_orders

if TYPE_CHECKING:
    from stockwright.orders.model import Order
    from stockwright.store.idempotency import Reference
    from stockwright.store.port import Store


def refer(order: Order) -> Reference | None:
    """Return a reference to an order as it is now: its id, its version, how many steps it has taken.

    None once units of it came back, and where it has details, which staff may change: until then everything but its
    steps stays as it was placed.
    """
    last = order.timeline[-1]
    if order.details is not UNSET or (last.status, last.at) != (order.status, order.updated_at):
        return None
    if any(line.returned for line in order.lines):
        return None
    return order.id, order.version, len(order.timeline)


async def find_as_it_was(store: Store, reference: Reference) -> Order | None:
    """Find the order of a reference, as it was then."""
    order_id, version, steps = reference
    order = (await load_orders(store, [str(order_id)])).get(str(order_id))
    if order is None:
        return None
    timeline = order.timeline[: int(steps)]
    last = timeline[-1]
    if last.status == "RETURNED":
        return None
    lines = tuple(replace(line, returned=0) for line in order.lines)
    return replace(
        order,
        version=int(version),
        status=last.status,
        timeline=timeline,
        updated_at=last.at,
        lines=lines,
        details=UNSET,
    )
