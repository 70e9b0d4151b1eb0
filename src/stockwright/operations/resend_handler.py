"""Messages that an admin asked to be sent again: as they were, under a record of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.errors import Permanent
from stockwright.base.ports import Message
from stockwright.events.catalogue import NotificationResendRequested
from stockwright.notifications.records import find_notification
from stockwright.notifications.sending import hand_over, record
from stockwright.operations.resending import why_not_again
from stockwright.orders.mails import with_texts

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App


HANDLER: Final = "notification-resend"


async def send_again(app: App, event: Event, _: NotificationResendRequested) -> None:
    """Send the message of a request, unless it went out before, or must not go out any more."""
    notification = await find_notification(app.store, event.subject)
    if notification is None:
        raise Permanent(f"the message {event.subject} is gone")
    if notification.is_done:
        return
    reason = await why_not_again(app, notification)
    if reason is not None:
        await record(app, replace(notification, status="FAILED", error=reason))
        raise Permanent(reason)
    [written] = await with_texts(app, [notification])
    message = Message(written.id, written.to, written.subject, written.body, written.html)
    await record(app, await hand_over(app, event, HANDLER, notification, message))
