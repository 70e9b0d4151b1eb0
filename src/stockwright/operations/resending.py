"""Sending a message again: which may be, and the request for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.errors import Conflict
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import NotificationResendRequested
from stockwright.notifications.records import find_notification, get_notification, put_notification
from stockwright.orders.mails import with_texts
from stockwright.orders.records import find_order
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.notifications.records import Notification
    from stockwright.request import Request


_OF_ACCOUNTS: Final = "account-mail"
"""The handler whose mails hold codes: what is recorded of them is not what was sent."""
_OF_ORDERS: Final = frozenset({"order-confirmation", "order-mail"})
"""The handlers that write to customers about an order."""


async def resend(app: App, request: Request, notification_id: str) -> Notification:
    """Request that a message is sent again, as a new one that is linked to the first; its handler sends it."""

    async def attempt() -> Notification:
        given = await get_notification(app.store, notification_id)
        if given.status == "WAITING":
            raise Conflict("This message is still waiting; it is sent automatically")
        reason = await why_not_again(app, given)
        if reason is not None:
            raise Conflict(reason)
        first = given.resend_of or given.id
        notification = replace(
            given,
            id=app.ids.new("ntf"),
            status="WAITING",
            error="",
            resend_of=first,
            created_at=app.clock.now(),
            version=0,
        )
        requested = NotificationResendRequested(resend_of=first, about=notification.about)
        event = new_event(app, request, requested, notification.id)
        notification = replace(notification, event_id=event.id)
        batch = Batch()
        put_notification(batch, notification)
        batch.append(event)
        [shown] = await with_texts(app, [notification])
        await commit(app, request, batch, shown)
        return shown

    return await retried(attempt)


async def why_not_again(app: App, notification: Notification) -> str | None:
    """Return why a message must not be sent again; None where it may be."""
    first = await find_notification(app.store, notification.resend_of) if notification.resend_of else notification
    handler = notification.handler if first is None else first.handler
    if handler == _OF_ACCOUNTS:
        return "A message about an account cannot be sent again; its owner can request a new code"
    if first is not None and handler not in _OF_ORDERS:
        return None
    order = await find_order(app.store, notification.about)
    if order is None and first is None:
        # The first message is no longer kept, and this one is about no order.
        return None
    if order is None:
        return f"The order {notification.about} of this message no longer exists"
    if order.row.is_cancelled and any(
        step.status == order.status and step.at > notification.created_at for step in order.timeline
    ):
        return f"The order {order.id} was cancelled after this message, so it is no longer correct"
    return None
