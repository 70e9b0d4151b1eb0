"""Sending one message once: the notification's id follows from the event, the handler and the receiver."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from stockwright.domain.errors import Permanent
from stockwright.reactions.texts import plain_html
from stockwright.store.records import notifications as records
from stockwright.store.records.batch import Batch, retried
from stockwright.store.records.notifications import Channel, Notification
from stockwright.usecases.context import Message
from stockwright.usecases.recipients import alert_emails

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.domain.events import Event
    from stockwright.usecases.context import App, Mailer

ERROR_MAX = 500

Outgoing = tuple[Channel, str, str, str, str]
"""Channel, receiver, subject, text, HTML."""


def notification_id(event: Event, handler: str, to: str) -> str:
    """Name the message that a handler sends one receiver about an event."""
    return f"ntf_{event.id.removeprefix('evt_')}-{handler}-{hashlib.sha256(to.encode()).hexdigest()[:8]}"


async def send(
    app: App, event: Event, handler: str, message: Outgoing, kept: tuple[str, str] | None = None
) -> Notification | None:
    """Send a message unless it went out before.

    Returns the notification to be recorded as SENT by whoever commits next, or None where it was
    sent already. A failure is recorded, for admins to see, and raised again. `kept` is the text and
    HTML to be recorded where it is not what is sent.
    """
    channel, to, subject, text, html = message
    body, page = kept or (text, html)
    told = Notification(
        id=notification_id(event, handler, to),
        channel=channel,
        to=to,
        subject=subject,
        body=body,
        html=page,
        status="SENT",
        event_id=event.id,
        about=event.subject,
        created_at=app.clock.now(),
    )
    known = await records.find_notification(app.store, told.id)
    if known is not None and known.status == "SENT":
        return None
    try:
        await _sender(app, channel).send(Message(told.id, to, subject, text, html))
    except Exception as fault:
        await _record(app, replace(told, status="FAILED", error=f"{type(fault).__name__}: {fault}"[:ERROR_MAX]))
        raise
    return told


def _sender(app: App, channel: Channel) -> Mailer:
    if channel == "sms":
        return app.sms
    return app.topics if channel == "topic" else app.mail


async def alert_messages(app: App, topic: str | None, subject: str, text: str) -> list[Outgoing]:
    """Address an alert: to its topic, whoever subscribes to that, or else to each recipient's mail."""
    if topic is not None:
        return [("topic", topic, subject, text, "")]
    html = plain_html(text)
    return [("email", to, subject, text, html) for to in await alert_emails(app)]


async def send_and_record(
    app: App, event: Event, handler: str, message: Outgoing, kept: tuple[str, str] | None = None
) -> None:
    """Send a message unless it went out before, and record that it did."""
    told = await send(app, event, handler, message, kept)
    if told is not None:
        await _record(app, told)


async def send_to_all(app: App, event: Event, handler: str, messages: Iterable[Outgoing]) -> None:
    """Send each message; a receiver that cannot be reached keeps nobody else from theirs.

    Raises afterwards what went wrong: something that a retry may mend before what is Permanent.
    """
    faults: list[Exception] = []
    for message in messages:
        try:
            await send_and_record(app, event, handler, message)
        except Exception as fault:  # noqa: BLE001 - raised below, after the others had their turn
            faults.append(fault)
    if faults:
        raise next((each for each in faults if not isinstance(each, Permanent)), faults[0])


async def add_record(app: App, batch: Batch, told: Notification) -> None:
    """Add the record of a message to a commit; that it was sent is never overwritten."""
    known = await records.find_notification(app.store, told.id)
    if known is None:
        records.put_notification(batch, told)
    elif known.status != "SENT":
        records.put_notification(batch, replace(told, version=known.version))


async def _record(app: App, told: Notification) -> None:
    async def attempt() -> None:
        batch = Batch()
        await add_record(app, batch, told)
        await batch.commit(app.store)

    await retried(attempt)
