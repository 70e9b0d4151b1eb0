"""What operators look at: the event log, every message sent, and what was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.commit import commit, new_event
from stockwright.events import records as handling
from stockwright.events.catalogue import DeadLetterDeleted, DeadLetterRedriven
from stockwright.events.records import DeadLetter, Retry
from stockwright.notifications import records as notifications
from stockwright.orders.mails import with_texts
from stockwright.store.batch import Batch, retried
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.notifications.records import Notification
    from stockwright.request import Request


async def list_notifications(
    app: App, limit: int, after: str | None = None, channel: str | None = None
) -> tuple[list[Notification], str | None]:
    """List every mail and SMS with its texts, newest first."""
    found, following = await notifications.page_of_notifications(app.store, channel=channel, after=after, limit=limit)
    return await with_texts(app, found), following


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
        batch.append(new_event(app, request, DeadLetterRedriven(handler=letter.handler), letter.id))
        await commit(app, request, batch, letter)
        return letter

    return await retried(attempt)


async def delete_dead_letter(app: App, request: Request, letter_id: str) -> DeadLetter:
    """Throw a dead letter away, after somebody has looked at it."""

    async def attempt() -> DeadLetter:
        letter = await handling.get_dead_letter(app.store, letter_id)
        batch = Batch()
        batch.delete(handling.dead_letter_key(letter.id), letter.version)
        batch.append(new_event(app, request, DeadLetterDeleted(handler=letter.handler), letter.id))
        await commit(app, request, batch, letter)
        return letter

    return await retried(attempt)
