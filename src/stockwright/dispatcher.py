"""The dispatcher: every event reaches every handler that hears of it, at least once, with bounded tries.

Each handler has a durable cursor into the event log and goes its own way, so that a slow one holds
nobody up. A failed event does not block those behind it: it waits as a retry of its own, and after
the last try becomes a dead letter. Cursors may lag behind what was handled, since handlers are
safe to run twice; so they are written now and then, not at every event.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stockwright.domain.account import SYSTEM
from stockwright.domain.errors import Permanent
from stockwright.reactions.operations import HANDLER as OPERATIONS_ALERT
from stockwright.store.port import ABSENT
from stockwright.store.records import handling as records
from stockwright.store.records.batch import Batch, Stale
from stockwright.store.records.handling import DeadLetter, Retry
from stockwright.usecases.commit import new_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.domain.events import Event
    from stockwright.reactions.table import Reaction
    from stockwright.usecases.context import App

ATTEMPTS_MAX: Final = 3
IN_FLIGHT_MAX: Final = 64
BATCH: Final = 200
HANDLER_SECONDS_MAX: Final = 60
LOOK_SECONDS: Final = 1.0
ERROR_MAX: Final = 1000


async def handle(app: App, reaction: Reaction, event: Event, waiting: Retry | None = None) -> bool:
    """Run one handler on one event and settle how it went; True where it succeeded.

    `waiting` is the retry that this try answers. A failure is put off or, after ATTEMPTS_MAX tries
    or a Permanent one, made a dead letter. The queue of the cloud form settles by itself.
    """
    try:
        async with asyncio.timeout(HANDLER_SECONDS_MAX):
            await reaction.run(app, event)
    except Exception as fault:  # noqa: BLE001 - a handler may fail in any way; that is settled here
        await _settle_failure(app, reaction, event, waiting, fault)
        return False
    if waiting is not None:
        batch = Batch()
        records.delete_retry(batch, waiting)
        with contextlib.suppress(Stale):
            await batch.commit(app.store)
    return True


async def _settle_failure(app: App, reaction: Reaction, event: Event, waiting: Retry | None, fault: Exception) -> None:
    now = app.clock.now()
    attempts = (waiting.attempts if waiting else 0) + 1
    error = f"{type(fault).__name__}: {fault}"[:ERROR_MAX]
    is_last = attempts >= ATTEMPTS_MAX or isinstance(fault, Permanent)
    app.log.warning("handler failed", handler=reaction.name, event_id=event.id, attempts=attempts, error=error)
    batch = Batch()
    first_at = waiting.first_at if waiting else now
    if is_last:
        letter = DeadLetter(
            # Named after what it is about, so that a twin of this failure makes no second letter.
            id=f"dlq_{event.id.removeprefix('evt_')}-{reaction.name}",
            handler=reaction.name,
            event=event,
            error=error,
            attempts=attempts,
            first_at=first_at,
            created_at=now,
        )
        records.put_dead_letter(batch, letter)
        if waiting is not None:
            records.delete_retry(batch, waiting)
        if reaction.name != OPERATIONS_ALERT:
            told = {"handler": reaction.name, "event": event.name, "about": event.subject}
            batch.append(
                new_event(app, SYSTEM, "dead_letter.created", letter.id, **told, attempts=attempts, error=error)
            )
        app.log.error("event given up", handler=reaction.name, event_id=event.id, dead_letter=letter.id, error=error)
    else:
        due_at = now + int(app.settings.retry_delay_seconds * 1000)
        version = waiting.version if waiting else ABSENT
        records.put_retry(batch, Retry(reaction.name, event, attempts, due_at, first_at, error, version))
    # Stale: a twin of this try settled it already.
    with contextlib.suppress(Stale):
        await batch.commit(app.store)


@dataclass(slots=True)
class _Follower:
    """One handler on its way along the log."""

    reaction: Reaction
    position: str
    written: str
    version: int


class Dispatcher:
    """Runs every handler in this process."""

    def __init__(self, app: App, reactions: Sequence[Reaction]) -> None:
        self._app = app
        self._reactions = {reaction.name: reaction for reaction in reactions}
        self._followers: list[_Follower] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._slots = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def start(self) -> None:
        """Load the cursors and begin. A handler that is new to a shop with history hears of what comes."""
        cursors = await records.load_cursors(self._app.store)
        head = await self._head() if cursors else ""
        for reaction in self._reactions.values():
            position, version = cursors.get(reaction.name, (head, ABSENT))
            self._followers.append(_Follower(reaction, position, position, version))
        self._tasks = [asyncio.create_task(self._follow(follower)) for follower in self._followers]
        self._tasks.append(asyncio.create_task(self._retry()))

    async def stop(self) -> None:
        """End the work under way and write the cursors; what was cut off is handled again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for follower in self._followers:
            await self._write_cursor(follower)

    async def lag(self) -> int:
        """Count the events that wait for the slowest handler, up to 1000."""
        slowest = min((int(follower.position or 0) for follower in self._followers), default=0)
        return len(await self._app.store.tail(str(slowest) if slowest else "", 1000))

    async def drain(self, timeout_seconds: float = 30) -> None:
        """Wait until every handler has seen every event and nothing is due."""
        async with asyncio.timeout(timeout_seconds):
            while True:
                head = await self._head()
                seen = all(follower.position == head for follower in self._followers)
                due = await records.due_retries(self._app.store, self._app.clock.now(), 1)
                if seen and not due and await self._head() == head:
                    return
                await asyncio.sleep(0.005)

    async def _head(self) -> str:
        last = await self._app.store.tail(limit=1, reverse=True)
        return last[0].position if last else ""

    async def _follow(self, follower: _Follower) -> None:
        """Go along the log for ever; whatever goes wrong is logged and tried again."""
        while True:
            try:
                events = await self._app.store.tail(follower.position, BATCH, wait_seconds=30)
                if not events:
                    await self._write_cursor(follower)
                    continue
                wanted = [event for event in events if event.name in follower.reaction.events]
                await asyncio.gather(*[self._handle(follower.reaction, event) for event in wanted])
                follower.position = events[-1].position
                if len(events) < BATCH or wanted:
                    await self._write_cursor(follower, lazily=True)
            except asyncio.CancelledError:
                raise
            except Exception:
                self._app.log.exception("dispatcher failed", handler=follower.reaction.name)
                await asyncio.sleep(LOOK_SECONDS)

    async def _handle(self, reaction: Reaction, event: Event, waiting: Retry | None = None) -> None:
        async with self._slots:
            await handle(self._app, reaction, event, waiting)

    async def _retry(self) -> None:
        """Try again what is due, for ever."""
        while True:
            try:
                due = await records.due_retries(self._app.store, self._app.clock.now(), IN_FLIGHT_MAX)
                known = [retry for retry in due if retry.handler in self._reactions]
                await asyncio.gather(
                    *[self._handle(self._reactions[retry.handler], retry.event, retry) for retry in known]
                )
                if not known:
                    await asyncio.sleep(min(LOOK_SECONDS, max(0.02, self._app.settings.retry_delay_seconds / 4)))
            except asyncio.CancelledError:
                raise
            except Exception:
                self._app.log.exception("dispatcher failed", handler="retries")
                await asyncio.sleep(LOOK_SECONDS)

    async def _write_cursor(self, follower: _Follower, *, lazily: bool = False) -> None:
        """Write how far a handler is, where that has changed by enough."""
        if follower.position == follower.written:
            return
        if lazily and int(follower.position) - int(follower.written or 0) < BATCH:
            return
        batch = Batch()
        records.put_cursor(batch, follower.reaction.name, follower.position, follower.version)
        try:
            await batch.commit(self._app.store)
        except Stale:
            # Another process serves the same shop: its cursor is as good as ours.
            cursors = await records.load_cursors(self._app.store)
            _, follower.version = cursors[follower.reaction.name]
            return
        follower.version += 1
        follower.written = follower.position
