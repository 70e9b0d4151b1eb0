"""Operations: events as they were and as they come, messages sent, dead letters."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec

from stockwright.api.route import Answer, Call, Route
from stockwright.api.routes.catalog import show_list
from stockwright.api.schemas.common import Empty, ListQuery, ListView
from stockwright.api.schemas.operations import (
    DeadLetterView,
    EventsQuery,
    EventView,
    NotificationsQuery,
    NotificationView,
    dead_letter_view,
    event_view,
    notification_view,
)
from stockwright.domain.errors import Invalid, Unauthorized
from stockwright.domain.events import Event
from stockwright.store.records.handling import DeadLetter
from stockwright.store.records.notifications import Notification
from stockwright.usecases import operations
from stockwright.usecases.accounts import authenticate

TAG = "Operations"

_POSITION = {"sqlite": re.compile(r"[0-9]{1,18}"), "dynamodb": re.compile(r"[0-9]{13}-[0-9A-Za-z_]{1,64}")}
"""What a position in each engine's log looks like."""


async def _events(call: Call) -> tuple[list[Event], str | None]:
    query: EventsQuery = call.query
    return await operations.list_events(call.app, query.limit, call.position(), query.name, query.subject)


async def _stream(call: Call) -> Answer:
    after = call.headers.get("last-event-id")
    if after is None:
        after = await operations.newest_position(call.app)
    elif not _POSITION[call.app.settings.store].fullmatch(after):
        raise Invalid.field("Last-Event-ID", "must be the id of an event of this stream")
    return Answer(stream=_told(call, after), content_type="text/event-stream")


async def _told(call: Call, after: str) -> AsyncIterator[bytes]:
    """Write events as the HTML standard says (section 9.2); a comment now and then keeps the line open.

    It begins with where it begins, so that who has heard of nothing yet misses nothing either. A
    function of the cloud form sends no answer before it ends: it ends when there is something to
    tell, and the client comes again by itself. It ends too as soon as the client's token would not
    open it any more: expired, signed out, or no admin's now.
    """
    yield b"retry: 2000\nid: %s\n\n" % after.encode()
    async with aclosing(operations.follow_events(call.app, after, once=call.app.settings.in_lambda)) as told:
        async for events in told:
            if not await _is_still_admin(call):
                return
            yield b"".join(map(_line_of, events)) or b": still here\n\n"


def _line_of(event: Event) -> bytes:
    data = msgspec.json.encode(event_view(event))
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event.position.encode(), event.name.encode(), data)


async def _is_still_admin(call: Call) -> bool:
    try:
        return (await authenticate(call.app, call.headers["authorization"])).is_admin
    except Unauthorized:
        return False


async def _notifications(call: Call) -> tuple[list[Notification], str | None]:
    query: NotificationsQuery = call.query
    return await operations.list_notifications(call.app, query.limit, call.position(), query.channel)


async def _dead_letters(call: Call) -> tuple[list[DeadLetter], str | None]:
    return await operations.list_dead_letters(call.app, call.query.limit, call.position())


async def _redrive(call: Call) -> DeadLetter:
    return await operations.redrive(call.app, call.actor, call.path["id"])


async def _delete(call: Call) -> DeadLetter:
    return await operations.delete_dead_letter(call.app, call.actor, call.path["id"])


ROUTES = (
    Route("GET", "/events", _events, "The event log, newest first", TAG,
          lambda call, found: show_list(call, found, event_view), query=EventsQuery, answer=ListView[EventView]),
    Route("GET", "/events/stream", _stream, "Events as they come (server-sent events)", TAG,
          content_type="text/event-stream"),
    Route("GET", "/notifications", _notifications, "Every mail and SMS, newest first", TAG,
          lambda call, found: show_list(call, found, notification_view), query=NotificationsQuery,
          answer=ListView[NotificationView]),
    Route("GET", "/dead-letters", _dead_letters, "Events that a handler gave up", TAG,
          lambda call, found: show_list(call, found, dead_letter_view), query=ListQuery,
          answer=ListView[DeadLetterView]),
    Route("POST", "/dead-letters/{id}/redrive", _redrive, "Send a dead letter on its way again", TAG,
          lambda _, letter: dead_letter_view(letter), body=Empty, answer=DeadLetterView, errors=(404,)),
    Route("DELETE", "/dead-letters/{id}", _delete, "Throw a dead letter away", TAG,
          lambda _, letter: dead_letter_view(letter), answer=DeadLetterView, errors=(404,)),
)  # fmt: skip
