"""The dispatcher: every event reaches every handler that is registered for it, at least once, with bounded tries.

Each handler has a durable cursor into the event log and goes its own way, so that a slow one
holds up no other; nor does a slow event hold up those behind it. A failed event waits as a retry of its
own, and after the last try becomes a dead letter. Cursors may lag behind what was handled, since
handlers are safe to run twice; so they are written once a second, not at every event.

The log is split into shards by what the events are about (`followers.py`). One process alone handles all of them.
Where several serve a shop, each shard is leased to one: worker i of N has those whose number leaves the rest i, and
those of a worker that is away for longer than AWAY_SECONDS until it is back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from stockwright.base.shards import SHARDS, shard_of
from stockwright.events import records
from stockwright.events.followers import IN_FLIGHT_MAX, Follower
from stockwright.events.handling import HANDLER_SECONDS_MAX, handle
from stockwright.events.records import Cursor, Retry
from stockwright.store.batch import Batch, retried
from stockwright.store.faults import EngineFailed
from stockwright.store.port import ABSENT, log_order

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from stockwright.adapters.leases import Leases
    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.events.registry import Reaction


BATCH: Final = 200
GATHERED_MAX: Final = 1000
"""The most events that a handler takes at once which lets them gather."""
GATHERING_FROM: Final = 8
"""Events gather only where so many came at once: what comes alone is handled at once."""
LOOK_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 3.0
WAIT_SECONDS: Final = 30.0
SHARE_SECONDS: Final = 0.25
"""Between two looks at which shards are this worker's."""
AWAY_SECONDS: Final = 0.5


class Dispatcher:
    """Runs every handler in this process, on the shards that it has by its `leases` (None: on all)."""

    def __init__(self, app: App, reactions: Sequence[Reaction], leases: Leases | None = None) -> None:
        self._app = app
        self._reactions = {reaction.name: reaction for reaction in reactions}
        self._leases = leases
        self._away_since: dict[int, float] = {}
        self._followers: list[Follower] = []
        self._following: list[asyncio.Task[None]] = []
        self._loops: list[asyncio.Task[None]] = []
        self._work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Load the cursors and begin. A handler that is new to a shop with history gets only new events."""
        # Before anything is handled: a handler without a cursor would count as new after a crash.
        await retried(self._make_cursors)
        self._followers = [Follower(reaction) for reaction in self._reactions.values()]
        self._loops = [asyncio.create_task(self._retry()), asyncio.create_task(self._keep_cursors())]
        if self._leases is None:
            await self._take_over(list(range(SHARDS)))
        else:
            await self._take_turns(self._leases)
            self._loops.append(asyncio.create_task(self._share(self._leases)))

    async def _make_cursors(self) -> None:
        """Write the cursors of handlers that have none, all in one commit: another worker may do the same."""
        cursors = await records.load_all_cursors(self._app.store)
        head = await self._head() if cursors else ""
        batch = Batch()
        for name in self._reactions.keys() - cursors.keys():
            records.put_cursor(batch, name, head, ABSENT)
        if batch.writes:
            await batch.commit(self._app.store)

    async def stop(self) -> None:
        """Let the work under way end, for a moment, and write the cursors; what is cut off is handled again."""
        await _end([*self._loops, *self._following])
        if self._work:
            await asyncio.wait(self._work, timeout=GRACE_SECONDS)
        await _end(list(self._work))
        self._loops, self._following = [], []
        await self._write_cursors()

    async def lag(self) -> int:
        """Count the events that wait for the slowest handler, in whichever process, up to 1000."""
        positions = [follower.position for follower in self._followers if follower.lanes]
        if self._leases is not None or not positions:
            cursors = await records.load_all_cursors(self._app.store)
            mine = {shard for follower in self._followers for shard in follower.lanes}
            for name in self._reactions.keys() & cursors.keys():
                positions += [each for shard, each in enumerate(cursors[name].positions) if shard not in mine]
        return len(await self._app.store.tail(min(positions, key=log_order, default=""), 1000))

    async def drain(self, timeout_seconds: float = 30) -> None:
        """Wait until every handler has seen every event of this process's shards and nothing is due."""
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

    # ---- which shards are this process's ---------------------------------------------------

    async def _share(self, leases: Leases) -> None:
        """Take and give back shards, for ever."""
        while True:
            await asyncio.sleep(SHARE_SECONDS)
            try:
                await self._take_turns(leases)
            except Exception as fault:  # noqa: BLE001 - logged, and tried again
                self._log_fault(fault, "leases")

    async def _take_turns(self, leases: Leases) -> None:
        leases.announce()
        away = {number for number in range(leases.count) if self._is_away(leases, number)}
        mine = {shard for shard in range(SHARDS) if (owner := shard % leases.count) == leases.number or owner in away}
        had = {shard for follower in self._followers[:1] for shard in follower.lanes}
        taken = [shard for shard in mine - had if leases.take(f"shard-{shard}")]
        if taken:
            await self._take_over(taken)
        for shard in had - mine:
            await self._give_back(leases, shard)

    def _is_away(self, leases: Leases, number: int) -> bool:
        """Return whether a worker has not been running for a while."""
        if leases.is_there(number):
            self._away_since.pop(number, None)
            return False
        now = asyncio.get_running_loop().time()
        return now - self._away_since.setdefault(number, now) > AWAY_SECONDS

    async def _take_over(self, shards: list[int]) -> None:
        """Go on with shards where their cursors are."""
        cursors = await records.load_all_cursors(self._app.store)
        await _end(self._following)
        for follower in self._followers:
            cursor = cursors.get(follower.reaction.name, Cursor())
            for shard in shards:
                follower.join(shard, cursor.positions[shard])
        self._following = [asyncio.create_task(self._follow(follower)) for follower in self._followers]

    async def _give_back(self, leases: Leases, shard: int) -> None:
        """Begin nothing more of a shard; let its owner have it when what was begun has ended."""
        for follower in self._followers:
            if not follower.lanes[shard].leaves:
                follower.leave(shard)
        if all(follower.is_quiet(shard) for follower in self._followers):
            await self._write_cursors()
            for follower in self._followers:
                del follower.lanes[shard]
            leases.give_back(f"shard-{shard}")

    # ---- handling --------------------------------------------------------------------------

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _follow(self, follower: Follower) -> None:
        """Go along the log for ever; whatever goes wrong is logged and tried again."""
        while True:
            try:
                most = GATHERED_MAX if follower.reaction.every_seconds else BATCH
                events = await self._app.store.tail(follower.read, most, wait_seconds=WAIT_SECONDS)
                wanted = follower.wanted(events)
                for event in await self._run_many(follower, wanted):
                    await self._take(follower, event)
                if events:
                    follower.read = events[-1].position
                if len(events) < most:
                    await asyncio.sleep(follower.reaction.every_seconds if len(wanted) >= GATHERING_FROM else 0)
            except Exception as fault:  # noqa: BLE001 - logged, and tried again
                self._log_fault(fault, follower.reaction.name)
                await asyncio.sleep(LOOK_SECONDS)

    async def _run_many(self, follower: Follower, events: list[Event]) -> list[Event]:
        """Handle the events that can be handled together; returns those that must go one by one."""
        run_many = follower.reaction.run_many
        if run_many is None or not events:
            return events
        try:
            async with asyncio.timeout(HANDLER_SECONDS_MAX):
                return list(await run_many(self._app, events) or ())
        except Exception:  # noqa: BLE001 - each is logged with its name
            return events

    async def _take(self, follower: Follower, event: Event) -> None:
        """Begin one event as soon as the handler has a free slot."""
        await follower.room.wait()
        await follower.slots.acquire()
        follower.begin(event)
        self._begin(self._handle(follower, event))

    async def _handle(self, follower: Follower, event: Event) -> None:
        """Handle one event until its result is recorded."""
        try:
            while not await self._handle_once(follower, event):
                pass
            follower.end(event)
        finally:
            follower.slots.release()

    async def _handle_once(self, follower: Follower, event: Event, waiting: Retry | None = None) -> bool:
        """Handle one event; False, after a moment, where not even its failure could be stored."""
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

    async def _retry_due(self, follower: Follower) -> None:
        """Begin what is due for one handler, in slots of their own: new events never keep it waiting."""
        if len(follower.retrying) >= IN_FLIGHT_MAX:
            return
        now = self._app.clock.now()
        # Among those of other workers there must be room for as many of our own.
        most = IN_FLIGHT_MAX if self._leases is None else IN_FLIGHT_MAX * SHARDS
        for retry in await records.due_retries(self._app.store, follower.reaction.name, now, most):
            shard = shard_of(retry.event)
            if retry.event.id not in follower.retrying and follower.has(shard):
                follower.retrying[retry.event.id] = shard
                self._begin(self._handle_again(follower, retry))

    async def _handle_again(self, follower: Follower, retry: Retry) -> None:
        try:
            await self._handle_once(follower, retry.event, retry)
        finally:
            del follower.retrying[retry.event.id]

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
        await retried(self._write_moved)

    async def _write_moved(self) -> None:
        moved = [
            (follower.reaction.name, shard, lane, position)
            for follower in self._followers
            for shard, lane in follower.lanes.items()
            if (position := follower.position_of(lane)) != lane.written
        ]
        if not moved:
            return
        # Other shards of the same handlers may be another process's.
        cursors = await records.load_all_cursors(self._app.store)
        batch = Batch()
        for name in dict.fromkeys(name for name, *_ in moved):
            mine = {shard: position for each, shard, _, position in moved if each == name}
            records.move_cursor(batch, name, cursors.get(name, Cursor()), mine)
        await batch.commit(self._app.store)
        for _, _, lane, position in moved:
            lane.written = position


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
