"""What operators look at: the event log, every message sent, and what was given up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stockwright.store.port import ABSENT
from stockwright.store.records import handling, notifications
from stockwright.store.records.batch import Batch, retried
from stockwright.store.records.handling import DeadLetter, Retry
from stockwright.usecases.commit import commit, new_event

if TYPE_CHECKING:
    from stockwright.domain.events import Event
    from stockwright.store.records.notifications import Notification
    from stockwright.usecases.context import App
    from stockwright.usecases.request import Request

SCAN = 200
SCANS_MAX = 5
FOLLOWED = 100
WAIT_SECONDS = 15.0


async def list_events(
    app: App, limit: int, after: str | None = None, name: str | None = None, subject: str | None = None
) -> tuple[list[Event], str | None]:
    """List events, newest first; a name that ends in a dot means all that begin so.

    With a filter at most SCANS_MAX * SCAN events are looked at: a page may be short though more follow.
    """
    if name is None and subject is None:
        page = await app.store.tail(after or "", limit + 1, reverse=True)
        return page[:limit], page[limit - 1].position if len(page) > limit else None
    found: list[Event] = []
    position = after or ""
    for _ in range(SCANS_MAX):
        page = await app.store.tail(position, SCAN, reverse=True)
        for event in page:
            if _passes(event, name, subject):
                if len(found) == limit:
                    return found, found[-1].position
                found.append(event)
        if len(page) < SCAN:
            return found, None
        position = page[-1].position
        # Reading from the store may never suspend: let a serving process serve.
        await asyncio.sleep(0)
    return found, position


def _passes(event: Event, name: str | None, subject: str | None) -> bool:
    named = name is None or event.name == name or (name.endswith(".") and event.name.startswith(name))
    return named and subject in (None, event.subject)


async def newest_position(app: App) -> str:
    """Return the place of the newest event in the log ("" where there is none)."""
    last = await app.store.tail(limit=1, reverse=True)
    return last[0].position if last else ""


async def settled_position(app: App) -> str:
    """Return the place of the newest event that nothing can come before any more: where a reader may begin."""
    position = ""
    while recent := await app.store.tail(position, FOLLOWED, reverse=True):
        position = recent[-1].position
        if settled := await app.store.tail(position, FOLLOWED):
            return settled[-1].position
    return position


async def next_events(app: App, after: str) -> list[Event]:
    """Return the events behind a position, and wait for the first of them; none where none came for a while."""
    return await app.store.tail(after, FOLLOWED, wait_seconds=WAIT_SECONDS)


async def list_notifications(
    app: App, limit: int, after: str | None = None, channel: str | None = None
) -> tuple[list[Notification], str | None]:
    """List every mail and SMS, newest first."""
    return await notifications.page_of_notifications(app.store, channel=channel, after=after, limit=limit)


async def list_dead_letters(app: App, limit: int, after: str | None = None) -> tuple[list[DeadLetter], str | None]:
    """List what was given up, newest first."""
    return await handling.page_of_dead_letters(app.store, after=after, limit=limit)


async def redrive(app: App, request: Request, letter_id: str) -> DeadLetter:
    """Send an event on its way again, with all its tries before it."""

    async def attempt() -> DeadLetter:
        letter = await handling.get_dead_letter(app.store, letter_id)
        now = app.clock.now()
        batch = Batch()
        batch.delete(handling.dead_letter_key(letter.id), letter.version)
        waiting = await handling.find_retry(app.store, letter.handler, letter.event.id)
        version = waiting.version if waiting else ABSENT
        handling.put_retry(
            batch,
            Retry(
                letter.handler,
                letter.event,
                0,
                now,
                now,
                letter.error,
                original_error=letter.original_error or letter.error,
                version=version,
            ),
        )
        batch.append(new_event(app, request, "dead_letter.redriven", letter.id, handler=letter.handler))
        await commit(app, request, batch, letter)
        return letter

    return await retried(attempt)


async def delete_dead_letter(app: App, request: Request, letter_id: str) -> DeadLetter:
    """Throw a dead letter away, after somebody has looked at it."""

    async def attempt() -> DeadLetter:
        letter = await handling.get_dead_letter(app.store, letter_id)
        batch = Batch()
        batch.delete(handling.dead_letter_key(letter.id), letter.version)
        batch.append(new_event(app, request, "dead_letter.deleted", letter.id, handler=letter.handler))
        await commit(app, request, batch, letter)
        return letter

    return await retried(attempt)
