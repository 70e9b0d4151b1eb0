"""Operations: events as they were and as they come, messages sent, dead letters."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial

from stockwright.accounts.sign_in import authenticate
from stockwright.base.email import check_new_email
from stockwright.base.errors import Invalid, Unauthorized
from stockwright.base.event import Event
from stockwright.events import log as log_events
from stockwright.events.records import DeadLetter
from stockwright.http.compression import accepts_gzip
from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.wire import Empty, ListQuery, ListView
from stockwright.notifications.blocked_records import BlockedAddress, page_of_blocks
from stockwright.notifications.blocking import block, unblock
from stockwright.notifications.records import Notification
from stockwright.operations import usecases as operations
from stockwright.operations.feed import STAY, Feed, line_of, reset
from stockwright.operations.resending import resend
from stockwright.operations.wire import (
    BlockAddressBody,
    BlockedAddressView,
    DeadLetterView,
    EventsQuery,
    EventView,
    NotificationsQuery,
    NotificationView,
    blocked_address_view,
    dead_letter_view,
    event_view,
    notification_view,
)
from stockwright.store.port import log_order
from stockwright.store.retention import load_log_start

TAG = "Operations"
POLL_MS = 5000
_POSITION = {"sqlite": re.compile(r"[0-9]{1,18}"), "dynamodb": re.compile(r"[0-9]{13}-[0-9A-Za-z_]{1,64}")}
"""What a position in each engine's log looks like."""


async def _events(call: Call[None, EventsQuery]) -> tuple[list[Event], str | None]:
    query = call.query
    return await log_events.list_events(call.app, query.limit, call.position(), query.name, query.subject)


async def _stream(call: PlainCall) -> Answer:
    after = call.headers.get("last-event-id")
    if after is not None and not _POSITION[call.app.settings.store].fullmatch(after):
        raise Invalid.field("Last-Event-ID", "must be the id of an event of this stream")
    if call.app.settings.in_lambda:
        return Answer(stream=_once(call, after), content_type="text/event-stream")
    feed: Feed = call.scope["stockwright.feed"]
    compressed = accepts_gzip(call.headers.get("accept-encoding", ""))
    parts = await feed.open(call.request.actor.id, partial(_is_still_admin, call), after, compressed=compressed)
    headers = {"content-encoding": "gzip"} if compressed else {}
    return Answer(stream=parts, headers=headers, content_type="text/event-stream")


async def _once(call: AnyCall, after: str | None) -> AsyncIterator[bytes]:
    """Send what is there and end: a function of the cloud form sends no answer before its end.

    The client comes again after POLL_MS. Waiting here would cost a function for each open page, and look like a slow
    answer.
    """
    begin = await log_events.newest_position(call.app) if after is None else after
    yield b"retry: %d\nid: %s\n\n" % (POLL_MS, begin.encode())
    events = await log_events.next_events(call.app, begin)
    if log_order(begin) < log_order((await load_log_start(call.app.store)).through):
        yield reset(await log_events.stable_position(call.app))
        return
    yield b"".join(map(line_of, events)) or STAY


async def _is_still_admin(call: AnyCall) -> bool:
    try:
        return (await authenticate(call.app, call.request, call.headers["authorization"])).is_admin
    except Unauthorized:
        return False


async def _notifications(call: Call[None, NotificationsQuery]) -> tuple[list[Notification], str | None]:
    query = call.query
    return await operations.list_notifications(call.app, query.limit, call.position(), query.channel)


async def _resend(call: Call[Empty, NoQuery]) -> Notification:
    return await resend(call.app, call.request, call.path["id"])


async def _dead_letters(call: Call[None, ListQuery]) -> tuple[list[DeadLetter], str | None]:
    return await operations.list_dead_letters(call.app, call.query.limit, call.position())


async def _redrive(call: Call[Empty, NoQuery]) -> DeadLetter:
    return await operations.redrive(call.app, call.request, call.path["id"])


async def _delete(call: PlainCall) -> DeadLetter:
    return await operations.delete_dead_letter(call.app, call.request, call.path["id"])


async def _blocked(call: Call[None, ListQuery]) -> tuple[list[BlockedAddress], str | None]:
    return await page_of_blocks(call.app.store, after=call.position(), limit=call.query.limit)


async def _block(call: Call[BlockAddressBody, NoQuery]) -> BlockedAddress:
    return await block(call.app, call.request, check_new_email(call.body.email), "admin", call.body.detail)


async def _unblock(call: PlainCall) -> BlockedAddress:
    return await unblock(call.app, call.request, call.path["id"])


ROUTES = (
    route("GET", "/events", _events, "List the events, newest first", TAG,
          lambda call, found: show_list(call, found, event_view), query=EventsQuery, answer=ListView[EventView]),
    route("GET", "/events/stream", _stream, "Stream events as they happen (server-sent events)", TAG,
          content_type="text/event-stream", errors=(429, 503),
          description="Continues after `Last-Event-ID`. A client that missed more than 1,000 events, or events that "
          "are no longer kept, gets the event `stream.reset` instead of them and continues from now: reload what you "
          "show. A stream whose client does not read is closed."),
    route("GET", "/notifications", _notifications, "List the notifications (mails and SMS), newest first", TAG,
          lambda call, found: show_list(call, found, notification_view), query=NotificationsQuery,
          answer=ListView[NotificationView]),
    route("POST", "/notifications/{id}/resend", _resend, "Send a notification again", TAG,
          lambda _, found: notification_view(found), body=Empty, answer=NotificationView, status=201, errors=(404, 409),
          description="The answer is the new notification: `WAITING` until it is sent, with the id of the first one in "
          "`resendOf`. 409 for a message about an account (it may contain a code), for one that is not sent yet, and "
          "for one about an order that no longer exists or was cancelled since."),
    route("GET", "/blocked-addresses", _blocked, "List the addresses that get no mail, newest first", TAG,
          lambda call, found: show_list(call, found, blocked_address_view), query=ListQuery,
          answer=ListView[BlockedAddressView],
          description="Mail to them bounced, their reader complained, or an admin blocked them. A mail to one is "
          "recorded as `BLOCKED`, and what follows from it goes on: an order is confirmed all the same."),
    route("POST", "/blocked-addresses", _block, "Block an address: it gets no mail", TAG,
          lambda _, found: blocked_address_view(found), body=BlockAddressBody, answer=BlockedAddressView, status=201),
    route("DELETE", "/blocked-addresses/{id}", _unblock, "Unblock an address", TAG,
          lambda _, found: blocked_address_view(found), answer=BlockedAddressView, errors=(404,)),
    route("GET", "/dead-letters", _dead_letters, "List the dead letters: events whose handler failed three times", TAG,
          lambda call, found: show_list(call, found, dead_letter_view), query=ListQuery,
          answer=ListView[DeadLetterView]),
    route("POST", "/dead-letters/{id}/redrive", _redrive,
          "Redrive a dead letter: give the event to its handler again", TAG,
          lambda _, letter: dead_letter_view(letter), body=Empty, answer=DeadLetterView, errors=(404,)),
    route("DELETE", "/dead-letters/{id}", _delete, "Delete a dead letter", TAG,
          lambda _, letter: dead_letter_view(letter), answer=DeadLetterView, errors=(404,)),
)  # fmt: skip
