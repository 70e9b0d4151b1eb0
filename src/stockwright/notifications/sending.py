"""Sending one message once: the notification's id follows from the event, the handler and the receiver."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import TryLater
from stockwright.base.ports import Message
from stockwright.notifications import records
from stockwright.notifications.blocking import why_blocked
from stockwright.notifications.records import Channel, Notification
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.base.ports import Mailer
    from stockwright.context import App
    from stockwright.notifications.records import NotificationStatus


ERROR_MAX = 500
Outgoing = tuple[Channel, str, str, str, str]
"""Channel, receiver, subject, text, HTML."""
Texts = tuple[str, str, str]
"""Subject, text, HTML."""


class Template(Struct, frozen=True):
    """A mail that is written when it leaves, and again when somebody looks: its name and data are what is kept."""

    to: str
    name: str
    data: dict[str, str]
    write: Callable[[], Texts]


def notification_id(event: Event, handler: str, to: str) -> str:
    """Name the message that a handler sends one receiver about an event."""
    return records.message_id(event.id, handler, to)


async def send(
    app: App, event: Event, handler: str, message: Outgoing | Template, stored: tuple[str, str] | None = None
) -> Notification | None:
    """Send a message unless it went out before.

    Returns the notification to be recorded in the next commit (SENT, or KEPT where there is no
    provider), or None where that was done before. A failure is recorded, for admins to see, and raised
    again. `stored` is the text and HTML to be recorded where it is not what is sent.
    """
    to = message.to if isinstance(message, Template) else message[1]
    channel: Channel = "email" if isinstance(message, Template) else message[0]
    notification = _waiting(app, event, handler, channel, to)
    known = await records.find_notification(app.store, notification.id)
    if known is not None and known.is_done:
        return None
    if isinstance(message, Template):
        if not app.mail.delivers:
            return kept_mail(app, event, handler, message)
        notification = replace(notification, template=message.name, data=message.data)
        subject, text, html = message.write()
    else:
        _, _, subject, text, html = message
        body, page = stored or (text, html)
        notification = replace(notification, subject=subject, body=body, html=page)
    return await hand_over(app, event, handler, notification, Message(notification.id, to, subject, text, html))


def kept_mail(app: App, event: Event, handler: str, mail: Template) -> Notification:
    """Return the record of a mail where there is no provider: nobody is there to take it."""
    waiting = _waiting(app, event, handler, "email", mail.to)
    return replace(waiting, template=mail.name, data=mail.data, status="KEPT")


def _waiting(app: App, event: Event, handler: str, channel: Channel, to: str) -> Notification:
    return Notification(
        id=notification_id(event, handler, to),
        channel=channel,
        to=to,
        status="WAITING",
        event_id=event.id,
        about=event.subject,
        created_at=app.clock.now(),
    )


async def hand_over(app: App, event: Event, handler: str, notification: Notification, message: Message) -> Notification:
    """Hand a message to the sender of its channel; returns what is to be recorded of it.

    A mail to a blocked address goes nowhere. A failure is recorded, for admins to see, and raised again.
    """
    sender = sender_of(app, notification.channel)
    blocked = await why_blocked(app, message.to) if notification.channel == "email" else ""
    if blocked:
        app.log.info("mail blocked", **event.log_fields(handler), notification=notification.id)
        return replace(notification, status="BLOCKED", error=blocked)
    try:
        await sender.send(message)
    except Exception as fault:
        status: NotificationStatus = "WAITING" if isinstance(fault, TryLater) else "FAILED"
        error = f"{type(fault).__name__}: {fault}"[:ERROR_MAX]
        await record(app, replace(notification, status=status, error=error))
        if status == "FAILED":
            _log_failure(app, event, handler, notification.channel, error)
        raise
    return replace(notification, status="SENT" if sender.delivers else "KEPT", error="")


def _log_failure(app: App, event: Event, handler: str, channel: Channel, error: str) -> None:
    """Log each failed try to send a message about an order, as S2 does; the handler logs other failures."""
    if event.is_of_order:
        app.log.error(
            "Order notification failed",
            **event.log_fields(handler),
            order_id=event.subject,
            channel=channel,
            error_message=error,
        )


def sender_of(app: App, channel: Channel) -> Mailer:
    """Return who sends the messages of a channel."""
    match channel:
        case "email":
            return app.mail
        case "sms":
            return app.sms
        case "topic":
            return app.topics
    assert_never(channel)


async def send_and_record(
    app: App, event: Event, handler: str, message: Outgoing | Template, stored: tuple[str, str] | None = None
) -> None:
    """Send a message unless it went out before, and record that it did."""
    notification = await send(app, event, handler, message, stored)
    if notification is not None:
        await record(app, notification)


async def add_record(app: App, batch: Batch, notification: Notification) -> None:
    """Add the record of a message to a commit; that it was sent is never overwritten."""
    known = await records.find_notification(app.store, notification.id)
    if known is None:
        records.put_notification(batch, notification)
    elif not known.is_done:
        records.put_notification(batch, replace(notification, version=known.version))


async def record(app: App, notification: Notification) -> None:
    """Record what became of a message."""

    async def attempt() -> None:
        batch = Batch()
        await add_record(app, batch, notification)
        await batch.commit(app.store)

    await retried(attempt)
