"""Sending one message once: the notification's id follows from the event, the handler and the receiver."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stockwright.store.records import notifications as records
from stockwright.store.records.batch import Batch, Stale
from stockwright.store.records.notifications import Channel, Notification
from stockwright.usecases.context import Message

if TYPE_CHECKING:
    from stockwright.domain.events import Event
    from stockwright.usecases.context import App

ERROR_MAX = 500

Outgoing = tuple[Channel, str, str, str, str]
"""Channel, receiver, subject, text, HTML."""


async def send(app: App, event: Event, handler: str, message: Outgoing, *, number: int = 0) -> Notification | None:
    """Send a message unless it went out before.

    Returns the notification to be recorded as SENT by whoever commits next, or None where it was
    sent already. A failure is recorded, for admins to see, and raised again.
    """
    channel, to, subject, text, html = message
    told = Notification(
        id=f"ntf_{event.id.removeprefix('evt_')}-{handler}-{number}",
        channel=channel,
        to=to,
        subject=subject,
        body=text,
        html=html,
        status="SENT",
        event_id=event.id,
        about=event.subject,
        created_at=app.clock.now(),
    )
    known = await records.find_notification(app.store, told.id)
    if known is not None:
        if known.status == "SENT":
            return None
        told = replace(told, version=known.version)
    sender = app.sms if channel == "sms" else app.mail
    try:
        await sender.send(Message(told.id, to, subject, text, html))
    except Exception as fault:
        await _record(app, replace(told, status="FAILED", error=f"{type(fault).__name__}: {fault}"[:ERROR_MAX]))
        raise
    return told


async def send_and_record(app: App, event: Event, handler: str, message: Outgoing, *, number: int = 0) -> None:
    """Send a message unless it went out before, and record that it did."""
    told = await send(app, event, handler, message, number=number)
    if told is not None:
        await _record(app, told)


async def _record(app: App, told: Notification) -> None:
    batch = Batch()
    records.put_notification(batch, told)
    try:
        await batch.commit(app.store)
    except Stale:
        # A twin of this handler recorded the same message.
        return
