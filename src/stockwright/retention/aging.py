"""Removing by age: what is older than the settings say is archived, then removed, in steps beside live traffic.

Each step first writes its records to an archive file, reads them back, and then commits their removal together with
how far the file is written. After an end in between, the next step drops what the file holds beyond that, and writes
the same records again: each is in the archive once, and none is removed that is not.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stockwright.adapters.files import append_lines, archive_file, private_folder
from stockwright.base.ids import first_id
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.events import records as handling
from stockwright.events.log import newest_position
from stockwright.notifications.records import notification_key, page_of_notifications
from stockwright.reservations.model import ROWS, STATUSES
from stockwright.reservations.records import page_of_reservations, reservation_key
from stockwright.retention.usecases import why_nothing_is_removed
from stockwright.store import retention as records
from stockwright.store.batch import Batch, Stale
from stockwright.store.paging import pages
from stockwright.store.port import log_order

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stockwright.base.event import Event
    from stockwright.base.record import Record
    from stockwright.context import App
    from stockwright.notifications.records import Notification
    from stockwright.reservations.model import Reservation
    from stockwright.store.port import Key
    from stockwright.store.retention import Aging


FOLDER: Final = "archive"
DAY_MS: Final = 86_400_000
SECONDS_MAX: Final = 5.0
"""So long does each sweep remove: what is left is for the next one, after the sweeper's other duties."""
CLOSED_MS: Final = 3 * DAY_MS
"""So long does a hold stay after it was closed, however old it is: customers' limits are recounted from it."""


class Aged(Struct, frozen=True):
    """A record that is old enough to be removed; `at` (ms) says in which month's archive file it is."""

    at: int
    line: bytes
    key: Key = ("", "")
    version: int = 0


async def remove_aged(app: App) -> int:
    """Archive and remove what is older than the settings say, once that was accepted; returns how much it was."""
    if await why_nothing_is_removed(app) is not None:
        return 0
    settings = app.settings
    until = asyncio.get_running_loop().time() + SECONDS_MAX
    removed = 0
    if settings.keep_holds_days:
        removed += await _remove_items(app, "holds", _old_holds(app, settings.keep_holds_days), until)
    if settings.keep_notifications_days:
        removed += await _remove_items(
            app, "notifications", _old_notifications(app, settings.keep_notifications_days), until
        )
    if settings.keep_events_days:
        removed += await _remove_events(app, settings.keep_events_days, until)
    return removed


# ---- what is old -----------------------------------------------------------------------------


async def _old_holds(app: App, days: int) -> AsyncIterator[list[Aged]]:
    """Find the closed holds that were made so many days ago, and not closed just now."""
    now = app.clock.now()
    before = first_id("res", now - days * DAY_MS)
    for status in STATUSES:
        if ROWS[status].holds:
            continue
        async for page in pages(
            partial(page_of_reservations, app.store, status=status, high=before, limit=_step_of(app), reverse=False)
        ):
            old = [each for each in page if each.updated_at < now - CLOSED_MS]
            yield [_aged(each, reservation_key(each.id), each.created_at) for each in old]


async def _old_notifications(app: App, days: int) -> AsyncIterator[list[Aged]]:
    """Find the messages of so many days ago, except those that are still to be sent, or whose event is handled again.

    That a message was sent is known by its record: a handler's next try must find it.
    """
    limit = app.clock.now() - days * DAY_MS
    async for page in pages(
        partial(page_of_notifications, app.store, high=first_id("ntf", limit), limit=_step_of(app), reverse=False)
    ):
        waiting = await handling.find_waiting(app.store, [(each.event_id, each.handler) for each in page])
        yield [
            _aged(each, notification_key(each.id), each.created_at)
            for each in page
            if each.created_at < limit and each.status != "WAITING" and (each.event_id, each.handler) not in waiting
        ]


def _aged(record: Notification | Reservation, key: Key, at: int) -> Aged:
    return Aged(at, _line(record.KIND, _body(record)), key, record.version)


def _body(record: Record) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(record)
    del body["version"]
    return body


async def _old_events(app: App, start: records.LogStart, days: int) -> list[Event]:
    """Find the oldest events of so many days ago that every handler has had, and before every one that waits."""
    limit = app.clock.now() - days * DAY_MS
    events = await app.store.tail(start.through, _step_of(app))
    if not events or events[0].at >= limit:
        return []
    last = await _handled_by_all(app)
    waiting = await handling.oldest_retry(app.store)
    if waiting is not None:
        limit = min(limit, waiting.event.at)
    newest = await newest_position(app)
    old: list[Event] = []
    for event in events:
        # The newest one stays: by it a reader sees how far the log goes.
        if event.at >= limit or event.position == newest or (last and log_order(event.position) > log_order(last[0])):
            break
        old.append(event)
    return old if last is not None else []


async def _handled_by_all(app: App) -> tuple[str, ...] | None:
    """Return up to which position every handler has had all events: () where queues bring them, None where unknown.

    A queue keeps an event for 14 days at most, and the log keeps it for longer.
    """
    if app.settings.in_lambda:
        return ()
    cursors = await handling.load_cursors(app.store)
    if not app.handlers or not app.handlers <= cursors.keys():
        return None
    return (min((cursors[name][0] for name in app.handlers), key=log_order),)


# ---- archiving and removing ------------------------------------------------------------------


async def _remove_items(app: App, kind: Aging, found: AsyncIterator[list[Aged]], until: float) -> int:
    loop, removed = asyncio.get_running_loop(), 0
    async for aged in found:
        for month in _by_month(aged):
            batch = Batch()
            for each in month:
                batch.delete(each.key, each.version)
            await _archive(app, batch, kind, month)
            try:
                await batch.commit(app.store)
            except Stale:
                # Somebody has just changed one of them: the next sweep looks again.
                continue
            removed += len(month)
        if loop.time() > until:
            break
        await give_way()
    return removed


async def _remove_events(app: App, days: int, until: float) -> int:
    loop, removed = asyncio.get_running_loop(), 0
    while not removed or loop.time() < until:
        start = await records.load_log_start(app.store)
        old = await _old_events(app, start, days)
        if not old:
            break
        [month, *_] = _by_month([Aged(each.at, _line("EVENT", _event_body(each))) for each in old])
        last = old[len(month) - 1]
        batch = Batch()
        at = max(start.at, *(each.at for each in month))
        records.put_log_start(batch, replace(start, through=last.position, at=at))
        await _archive(app, batch, "events", month)
        try:
            await batch.commit(app.store)
        except Stale:
            break
        await _trim(app, last.position)
        removed += len(month)
    return removed


async def _trim(app: App, through: str) -> None:
    trimmed = STEP_ROWS
    while trimmed == STEP_ROWS:
        trimmed = await app.store.trim(through, STEP_ROWS)
        await give_way()


def _event_body(event: Event) -> dict[str, Any]:
    body = event.as_dict()
    return {**body, "requestId": body.pop("request_id")}


async def _archive(app: App, batch: Batch, kind: Aging, month: Sequence[Aged]) -> None:
    """Write records to their month's archive file, unless that is off, and add how far it is then to the commit."""
    if not app.settings.archive:
        return
    end = await records.load_archive_end(app.store, kind)
    folder = private_folder(app.settings.data_dir / FOLDER)
    stem = f"{kind}-{datetime.fromtimestamp(month[0].at / 1000, UTC):%Y-%m}"
    name, start = await asyncio.to_thread(archive_file, folder, stem, end.file, end.bytes)
    if (name, start) != (end.file, end.bytes):
        # The name of a new file is stored before there is one: after an end in between it is written again.
        begun = Batch()
        records.put_archive_end(begun, kind, replace(end, file=name, bytes=start))
        await begun.commit(app.store)
        end = await records.load_archive_end(app.store, kind)
    written = await asyncio.to_thread(append_lines, folder / name, end.bytes, [each.line for each in month])
    records.put_archive_end(batch, kind, replace(end, bytes=written))


def _by_month(aged: Sequence[Aged]) -> list[list[Aged]]:
    """Part records, in their order, wherever the next one is of another month."""
    months: list[list[Aged]] = []
    former = ""
    for each in aged:
        month = f"{datetime.fromtimestamp(each.at / 1000, UTC):%Y-%m}"
        if month != former:
            months.append([])
        months[-1].append(each)
        former = month
    return months


def _line(kind: str, body: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"kind": kind, **body})


def _step_of(app: App) -> int:
    return min(STEP_ROWS, app.store.writes_max - 2)
