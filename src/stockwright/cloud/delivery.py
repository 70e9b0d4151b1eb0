"""One handler, one event that its queue delivers: tried again by the queue, given up as on one machine.

SQS counts the tries and waits between them, where the embedded form keeps retries of its own. What
was tried ATTEMPTS_MAX times, or can never succeed, becomes the same dead letter; an admin's redrive
of one comes back as a delivery that is marked so, with its record in the table. What must wait without
having been tried (TryLater) leaves the queue, whose count of receives would make it a try: it waits as
such a record, and the sweep sends it on when its time is over (`wake_due`).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Permanent, TryLater
from stockwright.cloud.metrics import count
from stockwright.cloud.routing import STREAM
from stockwright.events import records
from stockwright.events.handling import (
    ATTEMPTS_MAX,
    error_of,
    give_up,
    letter_id_of,
    log_given_up,
    may_wait,
    run_reaction,
    with_original,
)
from stockwright.events.records import DeadLetter, Retry
from stockwright.handlers import REACTIONS
from stockwright.store.batch import Batch, Stale
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.events.registry import Reaction


WOKEN_MAX: Final = 400
"""Of each handler at each sweep: a minute's mails of SES's first quota (14 a second) for two of its handlers."""


class Delivery(Struct, frozen=True):
    """An event as a queue delivers it: for which time, and since when (ms) it has been trying."""

    event: Event
    attempts: int
    first_at: int
    redriven: bool = False


async def deliver(app: App, reaction: Reaction, delivery: Delivery, seconds: float) -> None:
    """Run the handler; returns when the queue may forget the event, raises where it must deliver it again."""
    waiting = await _waiting(app, reaction, delivery)
    if delivery.redriven and waiting is None:
        # A twin of this delivery has finished it.
        return
    try:
        async with asyncio.timeout(seconds):
            await run_reaction(app, reaction, delivery.event)
    except TryLater as fault:
        await _put_off(app, reaction, delivery, fault, waiting)
        return
    except Exception as fault:
        delivery = replace(delivery, attempts=delivery.attempts + (waiting.attempts if waiting else 0))
        last = delivery.attempts >= ATTEMPTS_MAX or isinstance(fault, Permanent)
        error = error_of(fault)
        app.log.warning(
            "handler failed",
            **delivery.event.log_fields(reaction.name),
            attempts=delivery.attempts,
            error=error,
        )
        if not last:
            raise
        await bury(app, reaction.name, delivery, error, waiting)
        return
    if waiting is not None:
        await _delete_retry(app, waiting)


async def _put_off(app: App, reaction: Reaction, delivery: Delivery, fault: TryLater, waiting: Retry | None) -> None:
    """Let an event wait that could not be tried, or give it up where it has waited too long."""
    event, now = delivery.event, app.clock.now()
    first_at = waiting.first_at if waiting else delivery.first_at
    # This delivery was no try; those of this message before it were.
    attempts = delivery.attempts - 1 + (waiting.attempts if waiting else 0)
    error = error_of(fault)
    if not may_wait(fault, first_at, now):
        await bury(app, reaction.name, replace(delivery, attempts=attempts, first_at=first_at), error, waiting)
        return
    app.log.info("handler waits", **event.log_fields(reaction.name), seconds=fault.after_seconds, why=error)
    batch = Batch()
    records.put_retry(
        batch,
        Retry(
            reaction.name,
            event,
            attempts,
            now + int(fault.after_seconds * 1000),
            first_at,
            error,
            waiting=True,
            original_error=waiting.original_error if waiting else "",
            version=waiting.version if waiting else ABSENT,
        ),
    )
    await batch.commit_once(app.store)


async def wake_due(app: App) -> int:
    """Send on what has waited its time: the change of its record goes through the stream to its handler's queue."""
    woken = 0
    for reaction in REACTIONS:
        for retry in await records.due_retries(app.store, reaction.name, app.clock.now(), WOKEN_MAX):
            if not retry.waiting:
                continue
            batch = Batch()
            records.put_retry(batch, replace(retry, waiting=False))
            await batch.commit_once(app.store)
            woken += 1
    return woken


async def end_redrives_of_stream(app: App) -> int:
    """End the records of redriven dead letters of the stream; returns how many.

    The stream's function reads such a record from the stream, which keeps it, and has no access to the table.
    """
    due = await records.due_retries(app.store, STREAM, app.clock.now(), WOKEN_MAX)
    for retry in due:
        await _delete_retry(app, retry)
    return len(due)


async def bury(app: App, handler: str, delivery: Delivery, error: str, waiting: Retry | None = None) -> None:
    """Make the dead letter of an event that is given up, unless it is there."""
    event = delivery.event
    letter_id = letter_id_of(event, handler)
    original = waiting.original_error if waiting else ""
    error = with_original(error, original)
    batch = Batch()
    if waiting is not None:
        records.delete_retry(batch, waiting)
    now = app.clock.now()
    letter = DeadLetter(letter_id, handler, event, error, delivery.attempts, delivery.first_at, now, original)
    if await records.find_dead_letter(app.store, letter_id) is None:
        give_up(app, batch, letter)
    if batch.writes:
        # Stale: a twin of this delivery has finished it.
        with contextlib.suppress(Stale):
            await batch.commit(app.store)
    count("DeadLetters", handler=handler)
    log_given_up(app, letter)


async def _waiting(app: App, reaction: Reaction, delivery: Delivery) -> Retry | None:
    if not delivery.redriven:
        return None
    return await records.find_retry(app.store, reaction.name, delivery.event.id)


async def _delete_retry(app: App, waiting: Retry) -> None:
    batch = Batch()
    records.delete_retry(batch, waiting)
    with contextlib.suppress(Stale):
        await batch.commit(app.store)
