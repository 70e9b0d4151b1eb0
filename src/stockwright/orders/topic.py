"""Each step of every order, on a topic to which the shop's operators can subscribe (S1, S2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.errors import NotFound, Permanent
from stockwright.events.catalogue import OrderEvent
from stockwright.notifications.sending import Outgoing, send_and_record
from stockwright.orders.records import get_order
from stockwright.orders.texts import order_text

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App


HANDLER: Final = "order-topic"


async def publish(app: App, event: Event, _: OrderEvent) -> None:
    """Publish what happened to an order, once; nothing where no topic is set."""
    if app.settings.orders_topic is None:
        return
    try:
        order = await get_order(app.store, event.subject)
    except NotFound:
        raise Permanent(f"the order {event.subject} is gone") from None
    step = event.name.removeprefix("order.")
    heading = f"Order {step}"
    text = order_text(heading, f"An order was {step}.", order, order.status)
    message: Outgoing = ("topic", app.settings.orders_topic, f"{heading} - #{order.id}", text, "")
    await send_and_record(app, event, HANDLER, message)
