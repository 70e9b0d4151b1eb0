"""Messages that an admin asked to be sent again: as they were, under a record of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Permanent
from stockwright.base.ports import Message
from stockwright.notifications.records import find_notification
from stockwright.notifications.sending import hand_over, record
from stockwright.operations.resending import why_not_again

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App


HANDLER: Final = "notification-resend"


async def send_again(app: App, event: Event) -> None:
    """Send the message of a request, unless it went out before, or must not go out any more."""
    told = await find_notification(app.store, event.subject)
    if told is None:
        raise Permanent(f"the message {event.subject} is gone")
    if told.is_done:
        return
    reason = await why_not_again(app, told)
    if reason is not None:
        await record(app, replace(told, status="FAILED", error=reason))
        raise Permanent(reason)
    message = Message(told.id, told.to, told.subject, told.body, told.html)
    await record(app, await hand_over(app, event, HANDLER, told, message))
