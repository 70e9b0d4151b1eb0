"""Handling one event by one handler: what failed waits for another try, or becomes a dead letter."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Permanent, TryLater
from stockwright.commit import new_event
from stockwright.events import records
from stockwright.events.catalogue import DeadLetterCreated
from stockwright.events.records import DeadLetter, Retry
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch, Stale
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.events.registry import Reaction


ATTEMPTS_MAX: Final = 3
HANDLER_SECONDS_MAX: Final = 60
ERROR_MAX: Final = 1000


async def handle(app: App, reaction: Reaction, event: Event, waiting: Retry | None = None) -> bool:
    """Run one handler on one event and record the result; True if it succeeded.

    `waiting` is the retry that this try answers. A failure is put off or, after ATTEMPTS_MAX tries
    or a Permanent one, made a dead letter; a TryLater is put off and counts as no try.
    The cloud form's queues count tries by themselves (`cloud/delivery.py`).
    """
    try:
        async with asyncio.timeout(HANDLER_SECONDS_MAX):
            await run_reaction(app, reaction, event)
    except Exception as fault:  # noqa: BLE001 - a handler may fail in any way; that is recorded here
        # Stale: a twin of this try has recorded it already.
        with contextlib.suppress(Stale):
            await _record_failure(app, reaction, event, waiting, fault)
        return False
    if waiting is not None:
        batch = Batch()
        records.delete_retry(batch, waiting)
        with contextlib.suppress(Stale):
            await batch.commit(app.store)
    return True


async def _record_failure(app: App, reaction: Reaction, event: Event, waiting: Retry | None, fault: Exception) -> None:
    now = app.clock.now()
    attempts = waiting.attempts if waiting else 0
    first_at = waiting.first_at if waiting else now
    original = waiting.original_error if waiting else ""
    error = error_of(fault)
    puts_off = may_wait(fault, first_at, now)
    if isinstance(fault, TryLater):
        app.log.info("handler waits", **event.log_fields(reaction.name), seconds=fault.after_seconds, why=error)
    else:
        attempts += 1
        app.log.warning("handler failed", **event.log_fields(reaction.name), attempts=attempts, error=error)
    letter_id = letter_id_of(event, reaction.name)
    given_up = await records.find_dead_letter(app.store, letter_id) is not None
    if waiting is None and (given_up or await records.find_retry(app.store, reaction.name, event.id) is not None):
        # Handled again after a crash: what becomes of it was decided the first time.
        return
    batch = Batch()
    if puts_off or (attempts < ATTEMPTS_MAX and not isinstance(fault, Permanent | TryLater)):
        seconds = fault.after_seconds if isinstance(fault, TryLater) else app.settings.retry_delay_seconds
        due_at = now + int(seconds * 1000)
        version = waiting.version if waiting else ABSENT
        records.put_retry(
            batch,
            Retry(reaction.name, event, attempts, due_at, first_at, error, puts_off, original, version=version),
        )
        await batch.commit(app.store)
        return
    if waiting is not None:
        records.delete_retry(batch, waiting)
    letter = DeadLetter(
        letter_id, reaction.name, event, with_original(error, original), attempts, first_at, now, original
    )
    if not given_up:
        give_up(app, batch, letter)
    await batch.commit(app.store)
    log_given_up(app, letter)


async def run_reaction(app: App, reaction: Reaction, event: Event) -> None:
    """Run a handler on an event of those it is for: what is no event of its own can never be handled."""
    if event.name not in reaction.events:
        raise Permanent(f"it cannot be read as an event that {reaction.name} handles, but is {event.name}")
    await reaction.run(app, event)


def error_of(fault: Exception) -> str:
    """Write a fault in one line, as it is stored."""
    return f"{type(fault).__name__}: {fault}"[:ERROR_MAX]


def may_wait(fault: Exception, first_at: int, now: int) -> bool:
    """Whether an event may wait for a later try without having had one, for as long as the fault's patience lasts."""
    if not isinstance(fault, TryLater):
        return False
    return fault.patience_seconds is None or now < first_at + fault.patience_seconds * 1000


def with_original(error: str, original: str) -> str:
    """Write what went wrong now beside what was wrong before an event was sent on its way again."""
    return f"{original} | sent again: {error}" if original and original != error else error


def letter_id_of(event: Event, handler: str) -> str:
    """Name a dead letter after what it is about, so that a twin of the failure makes no second one."""
    return records.letter_id(event.id, handler)


def give_up(app: App, batch: Batch, letter: DeadLetter) -> None:
    """Store the dead letter and append its event."""
    records.put_dead_letter(batch, letter)
    data = DeadLetterCreated(
        handler=letter.handler,
        event=letter.event.name,
        about=letter.event.subject,
        attempts=letter.attempts,
        error=letter.error,
    )
    batch.append(new_event(app, BY_SYSTEM, data, letter.id))


def log_given_up(app: App, letter: DeadLetter) -> None:
    """Log what was given up with all that it says; of an order, as S2 does."""
    event = letter.event
    of_order = {"order_id": event.subject} if event.is_of_order else {}
    app.log.error(
        "Order processing permanently failed" if of_order else "event given up",
        **event.log_fields(letter.handler),
        **of_order,
        dead_letter=letter.id,
        attempts=letter.attempts,
        error=letter.error,
        payload=event.as_dict(),
    )
