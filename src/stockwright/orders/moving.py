"""Units that move with a step of an order, and the event of the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stockwright.commit import new_event
from stockwright.stock.booking import book, move
from stockwright.stock.model import Shift, receive, release, reserve, ship

if TYPE_CHECKING:
    from stockwright.base.event_names import OrderEvent
    from stockwright.context import App
    from stockwright.orders.model import Order
    from stockwright.orders.work_records import StepName
    from stockwright.request import Request
    from stockwright.stock.model import Draws, MovementType
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
    draws: Draws
    booked: MovementType | None = None
    reason: str = ""


def append_order_event(
    app: App, request: Request, batch: Batch, order: Order, name: OrderEvent, products: list[str]
) -> None:
    """Append the event of an order's step; `products` are those whose stock the step moved.

    A return's event says what came back: an order may have many of them.
    """
    note = {"note": order.timeline[-1].note} if name == "order.returned" else {}
    batch.append(
        new_event(
            app,
            request,
            name,
            order.id,
            userId=order.user_id,
            userEmail=order.user_email,
            totalAmount=order.total_cents,
            currency=order.currency,
            products=products,
            **note,
        )
    )


def carry(app: App, request: Request, batch: Batch, order: Order, moving: Moving) -> None:
    """Move units, and book them where they come or go."""
    move(batch, moving.draws, _SHIFTS[moving.step], app.clock.now())
    if moving.booked is not None:
        skus = {line.product_id: line.sku for line in order.lines}
        sign = -1 if moving.step == "ship" else 1
        book(
            app,
            request,
            batch,
            moving.draws,
            skus,
            moving.booked,
            sign=sign,
            reason=moving.reason,
            reference=order.id,
        )


def fits(app: App, batch: Batch) -> bool:
    """Return whether one commit takes it, and the Idempotency-Key with it."""
    return len(batch.writes) < app.store.writes_max
