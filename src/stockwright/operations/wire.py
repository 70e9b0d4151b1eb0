"""Events, notifications and dead letters on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from stockwright.base.event import Event
from stockwright.base.instant import iso
from stockwright.events.records import DeadLetter
from stockwright.http.rules import Wire
from stockwright.http.wire import ListQuery
from stockwright.notifications.blocked_records import BlockedAddress, BlockReason
from stockwright.notifications.records import Channel, Notification, NotificationStatus


class EventView(Wire):
    """An event of the log."""

    id: str
    name: str
    subject: str
    data: dict[str, Any]
    actor: str
    request_id: str
    created_at: str
    position: str


class EventsQuery(ListQuery):
    """Filters of the event log; a name that ends in a dot matches every name that starts with it."""

    name: Annotated[str, Meta(max_length=100)] | None = None
    subject: Annotated[str, Meta(max_length=128)] | None = None


class NotificationView(Wire):
    """A mail, SMS or topic message, and whether it was sent."""

    id: str
    channel: Channel
    to: str
    subject: str
    body: str
    html: str
    status: NotificationStatus
    event_id: str
    about: str
    error: str
    resend_of: str | None
    created_at: str


class NotificationsQuery(ListQuery):
    """Filters of the notifications."""

    channel: Channel | None = None


class BlockedAddressView(Wire):
    """An address that gets no mail, and why."""

    id: str
    email: str
    reason: BlockReason
    detail: str
    blocked_at: str


class BlockAddressBody(Wire):
    """An address to be blocked."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    detail: Annotated[str, Meta(max_length=500)] = ""


class DeadLetterView(Wire):
    """An event whose handler failed for good."""

    id: str
    handler: str
    event: EventView
    error: str
    attempts: int
    first_tried_at: str
    created_at: str


def event_view(event: Event) -> EventView:
    """Show an event."""
    return EventView(
        id=event.id,
        name=event.name,
        subject=event.subject,
        data=dict(event.data),
        actor=event.actor,
        request_id=event.request_id,
        created_at=iso(event.at),
        position=event.position,
    )


def notification_view(notification: Notification) -> NotificationView:
    """Show a notification."""
    return NotificationView(
        id=notification.id,
        channel=notification.channel,
        to=notification.to,
        subject=notification.subject,
        body=notification.body,
        html=notification.html,
        status=notification.status,
        event_id=notification.event_id,
        about=notification.about,
        error=notification.error,
        resend_of=notification.resend_of or None,
        created_at=iso(notification.created_at),
    )


def dead_letter_view(letter: DeadLetter) -> DeadLetterView:
    """Show a dead letter."""
    return DeadLetterView(
        id=letter.id,
        handler=letter.handler,
        event=event_view(letter.event),
        error=letter.error,
        attempts=letter.attempts,
        first_tried_at=iso(letter.first_at),
        created_at=iso(letter.created_at),
    )


def blocked_address_view(block: BlockedAddress) -> BlockedAddressView:
    """Show a blocked address."""
    return BlockedAddressView(block.id, block.email, block.reason, block.detail, iso(block.at))
