"""Units that move with a step of an order, and the event of the step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.commit import new_event
from stockwright.events.catalogue import OrderReturned
from stockwright.stock.booking import book, move
from stockwright.stock.model import Shift, moved_fields, receive, release, reserve, ship

if TYPE_CHECKING:
    from stockwright.base.movements import MovementType
    from stockwright.context import App
    from stockwright.events.catalogue import OrderEvent
    from stockwright.orders.model import Order
    from stockwright.orders.work_records import StepName
    from stockwright.request import Request
    from stockwright.stock.model import Allocations
    from stockwright.store.batch import Batch

_SHIFTS: Final[Mapping[StepName, Callable[[int], Shift]]] = {
    "reserve": reserve,
    "release": release,
    "ship": ship,
    "receive": receive,
}


class Moving(Struct, frozen=True):
    """Units that move with a step, and the type of its movement (None: the total does not change)."""

    step: StepName
    allocations: Allocations
    booked: MovementType | None = None
    reason: str = ""


def append_order_event(
    app: App, request: Request, batch: Batch, order: Order, event: type[OrderEvent], moved: Iterable[str]
) -> None:
    """Append the event of an order's step; `moved` are the variants whose stock the step moved.

    A return's event says what came back: an order may have many of them.
    """
    lines = order.named
    data = event(
        user_id=order.user_id,
        user_email=order.user_email,
        total_amount=order.total_cents,
        currency=order.currency,
        **moved_fields(lines[each] for each in moved),
    )
    if isinstance(data, OrderReturned):
        data = replace(data, note=order.timeline[-1].note)
    batch.append(new_event(app, request, data, order.id))


def carry(app: App, request: Request, batch: Batch, order: Order, moving: Moving) -> None:
    """Move units, and book them where they come or go."""
    move(batch, moving.allocations, _SHIFTS[moving.step], app.clock.now())
    if moving.booked is not None:
        sign = -1 if moving.step == "ship" else 1
        book(
            app,
            request,
            batch,
            moving.allocations,
            order.named,
            moving.booked,
            sign=sign,
            reason=moving.reason,
            reference=order.id,
        )


def fits(app: App, batch: Batch) -> bool:
    """Return whether one commit takes it, and the Idempotency-Key with it."""
    return len(batch.writes) < app.store.writes_max
