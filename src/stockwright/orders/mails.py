"""Mails to the customer about an order (S2, S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.actor import SYSTEM
from stockwright.events.catalogue import OrderEvent, OrderPlaced, OrderReturned
from stockwright.notifications.sending import Outgoing, add_record, send, send_and_record
from stockwright.orders.records import get_order_of
from stockwright.orders.status import NOTICES
from stockwright.orders.texts import order_html, order_text
from stockwright.orders.usecases import confirm_order
from stockwright.request import caused_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.orders.status import StepMail, StepName
    from stockwright.request import Request
    from stockwright.store.batch import Batch


_CONFIRMED: Final[StepName] = "CONFIRMED"
MAILS: Final[Mapping[type[OrderEvent], tuple[StepName, StepMail]]] = {
    notices.event: (step, notices.mail) for step, notices in NOTICES.items() if notices.mail is not None
}
"""The events that are mailed, with the step and the words."""


async def confirm(app: App, event: Event, _: OrderPlaced) -> None:
    """Mail the confirmation (S2's format); then the order is CONFIRMED, in the commit that records the mail.

    One that went on before it could be mailed is mailed all the same, and stays what it is. An order that
    no customer can be mailed about (imported, or placed by a machine) is confirmed as it is.
    """
    order = await get_order_of(app.store, event)
    if order.row.is_cancelled:
        return
    if not order.user_email:
        await confirm_order(app, _placed(event), order.id)
        return
    opening = "Thank you for your purchase!"
    message: Outgoing = (
        "email",
        order.user_email,
        f"Order Confirmation - #{order.id}",
        order_text("Order Confirmation", opening, order, _CONFIRMED),
        order_html("Order confirmation", opening, order, _CONFIRMED),
    )
    notification = await send(app, event, "order-confirmation", message)

    async def also(batch: Batch) -> None:
        if notification is not None:
            await add_record(app, batch, notification)

    await confirm_order(app, _placed(event), order.id, also)


async def send_mail(app: App, event: Event, data: OrderEvent) -> None:
    """Mail what happened to the order; nothing of an earlier step where it was cancelled since."""
    order = await get_order_of(app.store, event)
    status, mail = MAILS[type(data)]
    if not order.user_email or (order.row.is_cancelled and status != order.status):
        return
    heading, opening = mail.heading, mail.opening
    if isinstance(data, OrderReturned) and data.note:
        opening = f"{opening}\n\nReturned: {data.note}"
    message: Outgoing = (
        "email",
        order.user_email,
        f"{heading} - #{order.id}",
        order_text(heading, opening, order, status),
        order_html(heading, opening, order, status),
    )
    await send_and_record(app, event, "order-mail", message)


def _placed(event: Event) -> Request:
    """Return the request that goes on with the order, for who placed it: the units leave in their name."""
    return caused_by(event, replace(SYSTEM, id=event.actor))
