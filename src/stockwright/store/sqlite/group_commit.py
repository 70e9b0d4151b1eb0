"""Group commit: callers' writes gather while the last COMMIT runs in a helper thread, and share the next one.

All that wait go into one transaction on the event loop's thread (`writing.py`). After the COMMIT, and the fsync in
it, everyone is answered, the refused too, so that no answer rests on something that was not stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Final

import apsw

from stockwright.base.errors import Busy
from stockwright.store.port import Append, ConditionFailed
from stockwright.store.sqlite.cache import GONE
from stockwright.store.sqlite.faults import count_write, translate_write
from stockwright.store.sqlite.watches import lists_of
from stockwright.store.sqlite.writing import Decided, Rewrite, Transaction, Trim

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.store.port import Key
    from stockwright.store.sqlite.cache import Cache, Row
    from stockwright.store.sqlite.others import Others
    from stockwright.store.sqlite.reading import Reader
    from stockwright.store.sqlite.watches import Name
    from stockwright.store.sqlite.writer_queue import WriterQueue
    from stockwright.store.sqlite.writing import Asking


QUEUE_MAX: Final = 4096
BATCH_WRITES_MAX: Final = 4000
LOCK_WAIT_SECONDS: Final = 5.0

_Caller = tuple["Asking", "asyncio.Future[None]"]
_ALONE: Final = (Decided, Trim, Rewrite)
"""What is asked for otherwise than by writes."""


class GroupCommit:
    """Commits what callers ask for, batch after batch; `on_events` is called after one with events."""

    log_pages_max: int = 4000
    """So long may the log grow before it is folded into the file."""

    def __init__(
        self,
        writer: apsw.Connection,
        queue: WriterQueue,
        reader: Reader,
        cache: Cache,
        others: Others,
        on_events: Callable[[], None],
    ) -> None:
        self._writer = writer
        self._writer.set_wal_hook(self._note_log)
        self._queue = queue
        self._reader = reader
        self._cache = cache
        self._others = others
        self._on_events = on_events
        self._data_version = writer.pragma("data_version")
        self._log_pages = 0
        self._waiting: list[_Caller] = []
        self.flusher: asyncio.Task[None] | None = None
        """What runs the batches while anybody waits."""
        self.thread: ThreadPoolExecutor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stockwright-commit")
        """Where each COMMIT runs."""

    async def join(self, asked: Asking) -> None:
        """Join the next batch and wait for its fsync. Raises what the batch made of this caller's writes."""
        if len(self._waiting) >= QUEUE_MAX:
            raise Busy
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        self._waiting.append((asked, answer))
        if self.flusher is None:
            self.flusher = loop.create_task(self._flush())
        # A caller that goes away leaves its write in the batch: it may be stored, as after any lost answer.
        await answer

    async def close(self) -> None:
        """Finish the batches under way."""
        if self.flusher is not None:
            await asyncio.wait([self.flusher])
        self.thread.shutdown()

    async def _flush(self) -> None:
        """Run batch after batch until nobody waits."""
        try:
            while self._waiting:
                callers = self._gather()
                try:
                    await self._run(callers)
                    await self._fold_log()
                except BaseException as fault:
                    self._cache.clear()
                    count_write(fault, self._reader.faults)
                    for _, answer in callers:
                        if not answer.done():
                            answer.set_exception(translate_write(fault))
                    if not isinstance(fault, Exception):
                        raise
        finally:
            self.flusher = None

    def _gather(self) -> list[_Caller]:
        size = count = 0
        for asked, _ in self._waiting:
            size += 1 if isinstance(asked, _ALONE) else len(asked)
            if count and size > BATCH_WRITES_MAX:
                break
            count += 1
        callers, self._waiting = self._waiting[:count], self._waiting[count:]
        return callers

    async def _run(self, callers: list[_Caller]) -> None:
        """Put everybody's writes into one transaction, and answer after its fsync."""
        await self._begin()
        batch = Transaction(self._load)
        try:
            self._load_all(callers)
            failed = [batch.take(asked) for asked, _ in callers]
            batch.write_out(self._writer)
            if batch.is_empty:
                self._writer.execute("ROLLBACK")
            else:
                removed_through = max((trim.through for trim in batch.trims), default=0)
                touched, lists = None if batch.rewritten else batch.touched, lists_of(batch.touched.values())
                number = self._others.note(self._writer, touched, lists, removed_through)
                self._others.expect(number, partial(self._take_over, batch, lists))
                self._reader.hold()
                await asyncio.get_running_loop().run_in_executor(self.thread, self._writer.execute, "COMMIT")
        except BaseException:
            self._others.failed()
            self._roll_back()
            raise
        finally:
            self._reader.release()
        if not batch.is_empty:
            self._committed()
            self._reader.faults.worked("write")
        if batch.events:
            self._on_events()
        for (_, answer), refused in zip(callers, failed, strict=True):
            _answer(answer, refused)

    async def _begin(self) -> None:
        """Take the write lock; where another process holds it, wait for it off the event loop."""
        if not self._queue.begin_at_once(self._writer):
            cancelled = threading.Event()
            begun = self.thread.submit(self._queue.begin, self._writer, LOCK_WAIT_SECONDS, cancelled)
            try:
                await asyncio.wrap_future(begun)
            except asyncio.CancelledError:
                cancelled.set()
                wait([begun])
                self._roll_back()
                raise
        try:
            # From here on nobody else writes.
            self._data_version = self._writer.pragma("data_version")
            self._reader.catch_up()
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _load_all(self, callers: list[_Caller]) -> None:
        """Load what is written and not cached yet, by one statement: most of it is new, and absent."""
        cache = self._cache
        rows, written, former = cache.rows, cache.written, cache.former
        wanted = [
            write.key
            for asked, _ in callers
            if not isinstance(asked, _ALONE)
            for write in asked
            if not isinstance(write, Append)
            and write.key not in rows
            and write.key not in written
            and write.key not in former
        ]
        if len(wanted) < 2:  # noqa: PLR2004
            return
        found = self._writer.executemany("SELECT pk, sk, version, body FROM item WHERE pk=? AND sk=?", wanted)
        read = {(pk, sk): self._reader.row_of((pk, sk), version, body) for pk, sk, version, body in found}
        for key in wanted:
            cache.put_written(key, read.get(key, GONE))

    def _load(self, key: Key) -> Row:
        row = self._cache.look_up(key)
        if row is None:
            found = self._writer.execute("SELECT version, body FROM item WHERE pk=? AND sk=?", key).fetchone()
            row = GONE if found is None else self._reader.row_of(key, *found)
            self._cache.put_written(key, row)
        return row

    def _committed(self) -> None:
        """Take over what was committed, and what another process may have written at once after it."""
        version = self._reader.version()
        if not self._others.committed():
            # A reader has found the COMMIT in the file, and may know of newer ones.
            return
        if self._writer.pragma("data_version") == self._data_version:
            self._reader.took_over(version)
        else:
            self._reader.catch_up()

    def _take_over(self, batch: Transaction, lists: set[Name]) -> None:
        for trim in batch.trims:
            self._cache.forget_events_through(trim.through)
        self._cache.changed(batch.touched, lists)
        self._cache.add_events(batch.events, batch.event_sizes)
        if batch.rewritten:
            self._cache.forget_events()

    def _note_log(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    async def _fold_log(self) -> None:
        """Fold a long log into the file, after the answers; what hinders that is SQLite's to try again.

        Not SQLite's own way, within a COMMIT: there our reader holds the log, and it would only grow.
        """
        if self._log_pages < self.log_pages_max:
            return
        with contextlib.suppress(apsw.Error):
            await asyncio.get_running_loop().run_in_executor(self.thread, self._writer.wal_checkpoint)


def _answer(answer: asyncio.Future[None], refused: list[int] | Exception) -> None:
    """Return a caller's result: the refused positions, or what its decision raised."""
    if answer.done():
        return
    if isinstance(refused, Exception):
        answer.set_exception(refused)
    elif refused:
        answer.set_exception(ConditionFailed(refused))
    else:
        answer.set_result(None)
