"""Whether the service can do its work: a real write, made durable within the last seconds, says so.

The serving process makes one every few seconds (`prober.py`), however often it is asked; a process without a
prober, such as a function of the cloud form, makes one when it is asked and the last is too old.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from stockwright.base.errors import Busy
from stockwright.base.record import Record
from stockwright.store.faults import EngineFailed
from stockwright.store.port import ABSENT, ConditionFailed, Key, Put, Store

if TYPE_CHECKING:
    from stockwright.base.ports import Clock, Ids


EVERY_SECONDS: Final = 3.0
FRESH_SECONDS: Final = 10.0
"""So old may the last durable write be."""
WAIT_SECONDS: Final = 3.0
"""So long does a question wait for the first write of a process."""
PARTITION: Final = "HEALTH"
STORED_SECONDS: Final = 86_400
"""After this, the record of a process that has ended is purged."""


class Written(Record, frozen=True):
    """When a process made its last durable write (ms)."""

    KIND = "PROBE"
    PARTITION = PARTITION
    at: int


async def last_seen(store: Store) -> int:
    """Return the time (ms) at which a process of this shop was last known to run; 0 where none was."""
    page = await store.query(PARTITION, reverse=True, limit=1)
    return max((item.read(Written).at for item in page.items), default=0)


class Probed(Protocol):
    """What a probe needs of the running product."""

    store: Store
    clock: Clock
    ids: Ids
    log: Any


class WriteProbe:
    """One process's record in the store, written again and again, and how that went."""

    def __init__(self) -> None:
        self.reason = "no write has finished yet"
        self._key: Key | None = None
        self._version = ABSENT
        self._written_at = 0.0
        self._tried_at = 0.0
        self._under_way: asyncio.Task[None] | None = None

    async def write(self, app: Probed) -> None:
        """Make one durable write; what refuses it is the reason from then on."""
        loop = asyncio.get_running_loop()
        self._tried_at = loop.time()
        try:
            try:
                await self._put(app)
            except ConditionFailed:
                # Purged, or changed by an unknown writer: begin a new record.
                self._key = None
                await self._put(app)
            reason = await app.store.check()
        except EngineFailed as failed:
            reason = failed.reason
        except Busy:
            reason = "the store is busy"
        except Exception:  # noqa: BLE001 - whatever it was, nothing was written; the engine has logged it
            reason = "the store cannot be reached"
        else:
            self._written_at = loop.time()
        if reason != self.reason and app.log is not None:
            if reason:
                app.log.error("not ready", reason=reason)
            elif self._written_at and self.reason != "no write has finished yet":
                app.log.warning("ready again", reason=self.reason)
        self.reason = reason

    async def _put(self, app: Probed) -> None:
        if self._key is None:
            self._key, self._version = (PARTITION, app.ids.new("hlt")), ABSENT
        now = app.clock.now()
        await app.store.commit([Put(self._key, Written(now), self._version, ttl=now // 1000 + STORED_SECONDS)])
        self._version += 1

    async def refresh(self, app: Probed, timeout_seconds: float | None = None) -> None:
        """Write, or wait for the write under way."""
        if self._under_way is None:
            self._under_way = asyncio.get_running_loop().create_task(self.write(app))
            self._under_way.add_done_callback(self._done)
        await asyncio.wait([self._under_way], timeout=timeout_seconds)

    async def verdict(self, app: Probed) -> str:
        """Return why the store takes no writes, or "": from the last write, or from a new one if that is too old."""
        loop = asyncio.get_running_loop()
        if not self._tried_at or loop.time() - self._tried_at > 2 * EVERY_SECONDS:
            await self.refresh(app, WAIT_SECONDS)
        if self.reason:
            return self.reason
        return "" if loop.time() - self._written_at <= FRESH_SECONDS else "no write has finished for some seconds"

    def _done(self, _: asyncio.Task[None]) -> None:
        self._under_way = None
