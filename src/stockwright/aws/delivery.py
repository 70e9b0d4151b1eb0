"""One handler, one event that its queue delivers: tried again by the queue, given up as on one machine.

SQS counts the tries and waits between them, where the embedded form keeps retries of its own. What
was tried ATTEMPTS_MAX times, or can never succeed, becomes the same dead letter; an admin's redrive
of one comes back as a delivery that is marked so, with its record in the table.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockwright.aws.metrics import count
from stockwright.dispatcher import ATTEMPTS_MAX, ERROR_MAX, give_up, letter_id_of
from stockwright.domain.errors import Permanent
from stockwright.store.records import handling as records
from stockwright.store.records.batch import Batch, Stale
from stockwright.store.records.handling import DeadLetter

if TYPE_CHECKING:
    from stockwright.domain.events import Event
    from stockwright.reactions.table import Reaction
    from stockwright.store.records.handling import Retry
    from stockwright.usecases.context import App


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as a queue delivers it: for which time, and since when (ms) it has been trying."""

    event: Event
    attempts: int
    first_at: int
    redriven: bool = False


async def deliver(app: App, reaction: Reaction, delivery: Delivery, seconds: float) -> None:
    """Run the handler; returns when the queue may forget the event, raises where it must deliver it again."""
    waiting = await _waiting(app, reaction, delivery)
    if delivery.redriven and waiting is None:
        # A twin of this delivery has settled it.
        return
    try:
        async with asyncio.timeout(seconds):
            await reaction.run(app, delivery.event)
    except Exception as fault:
        last = delivery.attempts >= ATTEMPTS_MAX or isinstance(fault, Permanent)
        error = f"{type(fault).__name__}: {fault}"[:ERROR_MAX]
        app.log.warning(
            "handler failed",
            handler=reaction.name,
            event_id=delivery.event.id,
            request_id=delivery.event.request_id,
            attempts=delivery.attempts,
            error=error,
        )
        if not last:
            raise
        await bury(app, reaction.name, delivery, error, waiting)
        return
    if waiting is not None:
        await _settle(app, waiting)


async def bury(app: App, handler: str, delivery: Delivery, error: str, waiting: Retry | None = None) -> None:
    """Make the dead letter of an event that is given up, unless it is there."""
    event = delivery.event
    letter_id = letter_id_of(event, handler)
    batch = Batch()
    if waiting is not None:
        records.delete_retry(batch, waiting)
    if await records.find_dead_letter(app.store, letter_id) is None:
        now = app.clock.now()
        give_up(app, batch, DeadLetter(letter_id, handler, event, error, delivery.attempts, delivery.first_at, now))
    if batch.writes:
        # Stale: a twin of this delivery has settled it.
        with contextlib.suppress(Stale):
            await batch.commit(app.store)
    count("DeadLetters", handler=handler)
    app.log.error(
        "event given up",
        handler=handler,
        event_id=event.id,
        request_id=event.request_id,
        dead_letter=letter_id,
        error=error,
        payload=records.event_body(event),
    )


async def _waiting(app: App, reaction: Reaction, delivery: Delivery) -> Retry | None:
    if not delivery.redriven:
        return None
    return await records.find_retry(app.store, reaction.name, delivery.event.id)


async def _settle(app: App, waiting: Retry) -> None:
    batch = Batch()
    records.delete_retry(batch, waiting)
    with contextlib.suppress(Stale):
        await batch.commit(app.store)
