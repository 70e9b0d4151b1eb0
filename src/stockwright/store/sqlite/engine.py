"""The embedded engine: one SQLite file, group commit, nothing answered before the fsync.

`reading.py` reads the file through a cache (`cache.py`), `group_commit.py` writes it, `writing.py` makes one
transaction of what many callers ask for.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import closing
from contextvars import copy_context
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final, cast

import apsw

from stockwright.base.errors import Busy, Misconfigured, StockwrightError
from stockwright.store.faults import Faults
from stockwright.store.port import ConditionFailed, Query
from stockwright.store.sqlite.cache import Cache
from stockwright.store.sqlite.checking import Checker, check_file, copy_file, count
from stockwright.store.sqlite.connection import ReadOnlyFile, connect_file, open_writer, refuse
from stockwright.store.sqlite.faults import ENGINE_FAULTS, describe, translate_read
from stockwright.store.sqlite.group_commit import GroupCommit
from stockwright.store.sqlite.others import Others
from stockwright.store.sqlite.reading import Reader
from stockwright.store.sqlite.watched_store import WatchedStore
from stockwright.store.sqlite.watches import Watch
from stockwright.store.sqlite.writer_queue import WriterQueue
from stockwright.store.sqlite.writing import Decided, Rewrite, Trim, refuse_twice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.base.event import Event
    from stockwright.store.port import Decision, IndexName, Item, Key, Page, Put, Store, Write
    from stockwright.store.sqlite.writing import Asking


LOOK_SECONDS: Final = 0.05
"""Between two looks for the events of other processes, while somebody waits for events."""


class SqliteStore:
    """The store port on one file. Belongs to the event loop that opened it."""

    writes_max: int = 100_000

    def __init__(self, path: FilePath, *, readonly: bool = False) -> None:
        self.path = path
        self.faults = Faults()
        self._readonly = ReadOnlyFile(path) if readonly else None
        self._writer = self._readonly.connect() if self._readonly else open_writer(path)
        self._reader = self._readonly.connect() if self._readonly else connect_file(path, readonly=True)
        self._checker: Checker | None = None
        self._cache = Cache()
        self._news = asyncio.Event()
        self._followers = 0
        """How many wait for events."""
        self._look: asyncio.TimerHandle | None = None
        try:
            others = Others(self._reader, self._cache)
        except apsw.Error as fault:
            self._reader.close()
            self._writer.close()
            refuse(path, fault)
            raise
        self._watch = self._readonly.connect() if self._readonly else connect_file(path, readonly=True)
        self._reading = Reader(self._reader, self._watch, self._cache, others, self.faults)
        self._queue = WriterQueue(path)
        self._commits = GroupCommit(self._writer, self._queue, self._reading, self._cache, others, self._news.set)
        self._closed = False

    # ---- reading -------------------------------------------------------------------------

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed."""
        return self._reading.get(keys)

    async def query(
        self,
        partition: str,
        *,
        index: IndexName | None = None,
        begins: str = "",
        low: str = "",
        high: str = "",
        after: str | None = None,
        limit: int = 100,
        reverse: bool = False,
        where: Mapping[str, str | int | bool] | None = None,
        contains: Sequence[str] = (),
    ) -> Page:
        """Read one partition in order; filters are judged row by row in the database."""
        return self._reading.query(Query(partition, index, begins, low, high, after, limit, reverse, where, contains))

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        """Count along the index alone."""
        return self._reading.count(partition, index, limit)

    async def tail(
        self, after: str = "", limit: int = 100, *, reverse: bool = False, wait_seconds: float = 0
    ) -> list[Event]:
        """Read the event log; positions are its row numbers."""
        deadline = asyncio.get_running_loop().time() + wait_seconds
        while True:
            self._news.clear()
            events = self._reading.read_log(after, limit, reverse=reverse)
            left = deadline - asyncio.get_running_loop().time()
            if events or left <= 0 or self._closed:
                return events
            # Not wait_for: Python 3.11's forgets a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._wait_for_news()

    async def _wait_for_news(self) -> None:
        self._followers += 1
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look_for_news)
        try:
            await self._news.wait()
        finally:
            self._followers -= 1

    def _look_for_news(self) -> None:
        """Wake who waits for events where another process has written: its events come without a call."""
        self._look = None
        if not self._followers or self._closed:
            return
        self._look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look_for_news)
        # What cannot be read is reported by who reads it.
        with contextlib.suppress(StockwrightError, *ENGINE_FAULTS):
            if self._reading.catch_up():
                self._news.set()

    def watched(self) -> tuple[Store, Watch]:
        """Return this store for reading, with what says whether anything read through it has changed since."""
        watch = Watch(self._cache.watches)
        return cast("Store", WatchedStore(self, self._reading, watch)), watch

    def look(self) -> None:
        """Hear of what other processes have changed; it costs something once in a turn of the loop."""
        self._reading.look_for_others()

    # ---- writing -------------------------------------------------------------------------

    async def commit(self, writes: Sequence[Write]) -> None:
        """Join the next batch and wait for its fsync."""
        refuse_twice(writes)
        await self._join(writes)

    async def decide(self, key: Key, decision: Decision) -> None:
        """Join the next batch, in which the decision is made."""
        # The batch may be run by another caller's task: the decision sees the context of its own.
        context = copy_context()
        await self._join(Decided(key, lambda item: context.run(decision, item)))

    async def _join(self, asked: Asking) -> None:
        if self._closed:
            raise Busy("The store is closing")
        if self._readonly is not None:
            raise Misconfigured(f"{self.path} can only be read: its folder or file is not writable")
        await self._commits.join(asked)

    # ---- keeping house -------------------------------------------------------------------

    def marks_of_new_shop(self) -> Sequence[Write]:
        """Return nothing: the file has its format since it was made."""
        return ()

    async def purge(self, now_seconds: int, limit: int = 1000) -> int:
        """Remove what has expired, in one commit; what was renewed meanwhile stays."""
        deletes = self._reading.find_expired(now_seconds, limit)
        expired = [each.key for each in deletes]
        while deletes:
            try:
                await self.commit(deletes)
            except ConditionFailed as changed:
                refused = set(changed.positions)
                deletes = [each for position, each in enumerate(deletes) if position not in refused]
            else:
                break
        # What nobody asks for any more would crowd out what is asked for.
        self._cache.forget(expired)
        return len(deletes)

    async def tidy(self) -> None:
        """Nothing to do."""

    async def scan(self, after: Key | None = None, limit: int = 500) -> tuple[list[Put], Key | None]:
        """Read all items in the order of their keys."""
        rows = self._reading.scan(after, limit)
        return rows, rows[-1].key if len(rows) == limit else None

    async def rewrite(self, events: Sequence[Event]) -> None:
        """Write the events again, in one commit."""
        await self._join(Rewrite(events))

    async def trim(self, through: str, limit: int = 1000) -> int:
        """Remove the oldest events, in one commit."""
        asked = Trim(int(through or 0), limit, [])
        await self._join(asked)
        return asked.removed[-1]

    async def check(self) -> str:
        """Read the next part of the file; returns what is wrong with what was read, now or before."""
        loop = asyncio.get_running_loop()
        try:
            if self._checker is None:
                self._checker = Checker(connect_file(self.path, readonly=True))
            await loop.run_in_executor(None, self._checker.step)
        except ENGINE_FAULTS as fault:
            translate_read(fault, self.faults)
        return self.faults.trouble() or ""

    async def backup(self, target: FilePath) -> None:
        """Copy the whole store, as of one moment, into a new file while work goes on, and check the copy."""
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._copy, target)
        except apsw.Error as fault:
            raise Misconfigured(f"cannot copy {self.path}: {describe(fault)}") from fault

    def _copy(self, target: FilePath) -> None:
        reader = self._readonly.connect() if self._readonly else connect_file(self.path, readonly=True)
        with closing(reader):
            reader.execute("BEGIN")
            counted = count(reader)
            copy_file(reader, target)
        check_file(target, counted)

    async def close(self) -> None:
        """Finish the batches under way, then close the file."""
        if self._closed:
            return
        self._closed = True
        self._news.set()
        if self._look is not None:
            self._look.cancel()
        await self._commits.close()
        self._queue.close()
        if self._checker is not None:
            self._checker.close()
        self._watch.close()
        self._reader.close()
        self._writer.close()
        # Its items refer to the reader, and do not take part in garbage collection.
        self._cache.clear()
        if self._readonly is not None:
            self._readonly.close()
