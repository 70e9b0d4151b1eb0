"""The dispatcher: every event reaches every handler that is registered for it, at least once, with bounded tries.

Each handler has a durable cursor into the event log and goes its own way, so that a slow one holds
nobody up; nor does a slow event hold up those behind it. A failed event waits as a retry of its
own, and after the last try becomes a dead letter. Cursors may lag behind what was handled, since
handlers are safe to run twice; so they are written once a second, not at every event.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from stockwright.base.errors import Permanent, TryLater
from stockwright.commit import new_event
from stockwright.events import records
from stockwright.events.catalogue import DeadLetterCreated
from stockwright.events.records import DeadLetter, Retry
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch, Stale
from stockwright.store.faults import EngineFailed
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.events.registry import Reaction


ATTEMPTS_MAX: Final = 3
IN_FLIGHT_MAX: Final = 64
BATCH: Final = 200
HANDLER_SECONDS_MAX: Final = 60
LOOK_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 3.0
WAIT_SECONDS: Final = 30.0
AHEAD_MAX: Final = 10_000
"""How many events a handler may be ahead of its slowest one."""
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
    """Write a fault in one line that is kept."""
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


class _Follower(Struct):
    """One handler on its way along the log.

    It has looked at everything up to `read`; up to `position` everything is handled, and the cursor
    ends once it is `written` (None: never).
    """

    reaction: Reaction
    read: str
    position: str
    written: str | None
    version: int
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT_MAX))
    ahead: deque[str] = field(default_factory=deque)
    done: set[str] = field(default_factory=set)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    retrying: set[str] = field(default_factory=set)

    def begin(self, event: Event) -> None:
        """Look at an event, in the order of the log."""
        self.read = event.position
        self.ahead.append(event.position)
        self._count()

    def end(self, event: Event) -> None:
        """Have handled an event, in whatever order."""
        self.done.add(event.position)
        while self.ahead and self.ahead[0] in self.done:
            self.position = self.ahead.popleft()
            self.done.remove(self.position)
        self._count()

    def _count(self) -> None:
        if len(self.ahead) < AHEAD_MAX:
            self.room.set()
        else:
            self.room.clear()


class Dispatcher:
    """Runs every handler in this process."""

    def __init__(self, app: App, reactions: Sequence[Reaction]) -> None:
        self._app = app
        self._reactions = {reaction.name: reaction for reaction in reactions}
        self._followers: list[_Follower] = []
        self._loops: list[asyncio.Task[None]] = []
        self._work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Load the cursors and begin. A handler that is new to a shop with history gets only new events."""
        cursors = await records.load_cursors(self._app.store)
        head = await self._head() if cursors else ""
        for reaction in self._reactions.values():
            position, version = cursors.get(reaction.name, (head, ABSENT))
            written = position if reaction.name in cursors else None
            follower = _Follower(reaction, position, position, written, version)
            follower.room.set()
            self._followers.append(follower)
        # Before anything is handled: a handler without a cursor would count as new after a crash.
        await self._write_cursors()
        self._loops = [asyncio.create_task(self._follow(follower)) for follower in self._followers]
        self._loops += [asyncio.create_task(self._retry()), asyncio.create_task(self._keep_cursors())]

    async def stop(self) -> None:
        """Let the work under way end, for a moment, and write the cursors; what is cut off is handled again."""
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._work:
            await asyncio.wait(self._work, timeout=GRACE_SECONDS)
        left = list(self._work)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._loops = []
        await self._write_cursors()

    async def lag(self) -> int:
        """Count the events that wait for the slowest handler, up to 1000."""
        # Positions are the engine's words: numbers or texts that grow, a longer one always the later.
        positions = [follower.position for follower in self._followers]
        slowest = min(positions, key=lambda position: (len(position), position), default="")
        return len(await self._app.store.tail(slowest, 1000))

    async def drain(self, timeout_seconds: float = 30) -> None:
        """Wait until every handler has seen every event and nothing is due."""
        async with asyncio.timeout(timeout_seconds):
            while True:
                head = await self._head()
                seen = all(follower.position == head for follower in self._followers)
                if seen and not await self._is_due() and await self._head() == head:
                    return
                await asyncio.sleep(0.005)

    async def _is_due(self) -> bool:
        now = self._app.clock.now()
        for name in self._reactions:
            if await records.due_retries(self._app.store, name, now, 1):
                return True
        return False

    async def _head(self) -> str:
        last = await self._app.store.tail(limit=1, reverse=True)
        return last[0].position if last else ""

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _follow(self, follower: _Follower) -> None:
        """Go along the log for ever; whatever goes wrong is logged and tried again."""
        while True:
            try:
                events = await self._app.store.tail(follower.read, BATCH, wait_seconds=WAIT_SECONDS)
                for event in await self._run_many(follower, events):
                    await self._take(follower, event)
                if len(events) < BATCH:
                    await asyncio.sleep(follower.reaction.every_seconds)
            except Exception as fault:  # noqa: BLE001 - logged, and tried again
                self._log_fault(fault, follower.reaction.name)
                await asyncio.sleep(LOOK_SECONDS)

    async def _run_many(self, follower: _Follower, events: list[Event]) -> list[Event]:
        """Handle the events that can be handled together; returns those that must go one by one."""
        run_many = follower.reaction.run_many
        if run_many is None:
            return events
        try:
            async with asyncio.timeout(HANDLER_SECONDS_MAX):
                await run_many(self._app, [event for event in events if event.name in follower.reaction.events])
        except Exception:  # noqa: BLE001 - each is logged with its name
            return events
        for event in events:
            follower.begin(event)
            follower.end(event)
        return []

    async def _take(self, follower: _Follower, event: Event) -> None:
        """Begin one event as soon as the handler has a free slot."""
        await follower.room.wait()
        if event.name not in follower.reaction.events:
            follower.begin(event)
            follower.end(event)
            return
        await follower.slots.acquire()
        follower.begin(event)
        self._begin(self._handle(follower, event))

    async def _handle(self, follower: _Follower, event: Event) -> None:
        """Handle one event until its result is recorded."""
        try:
            while not await self._handle_once(follower, event):
                pass
            follower.end(event)
        finally:
            follower.slots.release()

    async def _handle_once(self, follower: _Follower, event: Event, waiting: Retry | None = None) -> bool:
        """Handle one event; False, after a moment, where not even its failure could be kept."""
        try:
            await handle(self._app, follower.reaction, event, waiting)
        except Exception as fault:  # noqa: BLE001 - logged, and tried again
            self._log_fault(fault, follower.reaction.name)
            await asyncio.sleep(LOOK_SECONDS)
            return False
        return True

    async def _retry(self) -> None:
        """Try again what is due, for ever."""
        pause = min(LOOK_SECONDS, max(0.02, self._app.settings.retry_delay_seconds / 4))
        while True:
            try:
                for follower in self._followers:
                    await self._retry_due(follower)
            except Exception as fault:  # noqa: BLE001 - logged, and tried again
                self._log_fault(fault, "retries")
            await asyncio.sleep(pause)

    async def _retry_due(self, follower: _Follower) -> None:
        """Begin what is due for one handler, in slots of their own: new events never keep it waiting."""
        if len(follower.retrying) >= IN_FLIGHT_MAX:
            return
        now = self._app.clock.now()
        for retry in await records.due_retries(self._app.store, follower.reaction.name, now, IN_FLIGHT_MAX):
            if retry.event.id not in follower.retrying:
                follower.retrying.add(retry.event.id)
                self._begin(self._handle_again(follower, retry))

    async def _handle_again(self, follower: _Follower, retry: Retry) -> None:
        try:
            await self._handle_once(follower, retry.event, retry)
        finally:
            follower.retrying.discard(retry.event.id)

    def _log_fault(self, fault: Exception, handler: str) -> None:
        """Log a fault; what the disk refuses is logged by the store, the first time and each hundredth."""
        if not isinstance(fault, EngineFailed):
            self._app.log.error("dispatcher failed", handler=handler, exc_info=fault)

    async def _keep_cursors(self) -> None:
        """Write the cursors once a second, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._write_cursors()
            except Exception as fault:  # noqa: BLE001 - logged, and tried again
                self._log_fault(fault, "cursors")

    async def _write_cursors(self) -> None:
        """Write how far each handler is, where that has changed, in one commit."""
        moved = [(follower, follower.position) for follower in self._followers if follower.position != follower.written]
        if not moved:
            return
        batch = Batch()
        for follower, position in moved:
            records.put_cursor(batch, follower.reaction.name, position, follower.version)
        try:
            await batch.commit(self._app.store)
        except Stale:
            # Another process serves the same shop: its cursors are as good as ours.
            cursors = await records.load_cursors(self._app.store)
            for follower, _ in moved:
                follower.version = cursors.get(follower.reaction.name, ("", ABSENT))[1]
            return
        for follower, position in moved:
            follower.version += 1
            follower.written = position
