"""The embedded engine: one SQLite file, group commit, nothing answered before the fsync.

Callers' writes gather while the last COMMIT runs in a helper thread. All that wait then go into
one transaction on the event loop's thread: each caller's expectations are checked against the
items as the batch has left them so far, and a refused caller changes nothing. Every touched item
is written once per batch, however many callers wanted it. After the COMMIT, and the fsync in it,
everyone is answered, the refused too, so that no answer stands on something that was not kept.

Decoded items, small partitions and the newest events are kept as of the last COMMIT (`cache.py`), for the next
batch and for readers. While a COMMIT is under way, readers see the file as it was before, so that
an event, an item and a list never show different moments. Another process that writes the same file (the
command line beside a running server) is noticed by `PRAGMA data_version`, once in each turn of the event
loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import apsw
from msgspec.structs import replace

from stockwright.base.errors import Busy, Misconfigured
from stockwright.base.event import Event
from stockwright.store.apply_add import added
from stockwright.store.faults import Faults
from stockwright.store.port import ABSENT, EXAMINED_MAX, Add, Append, ConditionFailed, Delete, Item, Page, Put
from stockwright.store.sqlite.cache import GONE, Kept, Row
from stockwright.store.sqlite.checking import Checker, check_file, count
from stockwright.store.sqlite.codec import columns, encode, event_body, event_of, filter_on
from stockwright.store.sqlite.connection import ReadOnlyFile, connect_file, open_writer
from stockwright.store.sqlite.faults import (
    ENGINE_FAULTS,
    count_write,
    describe,
    reads,
    reads_async,
    translate_read,
    translate_write,
)
from stockwright.store.sqlite.schema import UPSERT, complete_schema, exact_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.port import Decision, IndexName, Key, Write


QUEUE_MAX: Final = 4096
BATCH_WRITES_MAX: Final = 4000
GET_KEYS_MAX: Final = 400
KEPT_PARTITION_MAX: Final = 100
LETTERS_MIN: Final = 3
LOCK_WAIT_SECONDS: Final = 5.0
RARE_MAX: Final = 2000


class _Decided(NamedTuple):
    """A caller whose writes are decided in the batch, by an item as the callers before have left it."""

    key: Key
    decision: Decision


_Caller = tuple["Sequence[Write] | _Decided", "asyncio.Future[None]"]


class SqliteStore:
    """The store port on one file. Belongs to the event loop that opened it."""

    writes_max: int = 100_000
    log_pages_max: int = 4000
    """So long may the log grow before it is folded into the file."""

    def __init__(self, path: FilePath, *, readonly: bool = False) -> None:
        self.path = path
        self.faults = Faults()
        self._log_pages = 0
        self._readonly = ReadOnlyFile(path) if readonly else None
        self._writer = self._readonly.connect() if self._readonly else open_writer(path)
        self._writer.set_wal_hook(self._note_log)
        self._reader = self._readonly.connect() if self._readonly else connect_file(path, readonly=True)
        self._checker: Checker | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stockwright-commit")
        self._waiting: list[_Caller] = []
        self._flusher: asyncio.Task[None] | None = None
        self._kept = Kept()
        self._data_version = self._writer.pragma("data_version")
        self._seen_version = self._reader.pragma("data_version")
        self._looked = False
        self._committing = False
        self._news = asyncio.Event()
        self._closed = False

    # ---- reading -------------------------------------------------------------------------

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed."""
        self._look_for_others()
        found: dict[Key, Item] = {}
        missing: list[Key] = []
        cached = 0
        for key in keys:
            row = self._kept.find(key)
            if row is None:
                missing.append(key)
                continue
            cached += 1
            if row is not GONE:
                found[key] = row.item
        if missing:
            self._read(missing, found)
            if cached and self._forget_if_others_were_read():
                # What came from the file is newer than the rest.
                return await self.get(keys)
        return found

    @reads
    def _read(self, missing: list[Key], found: dict[Key, Item]) -> None:
        """Read from the file what is not kept, and keep it; also that something is not there."""
        read: dict[Key, Row] = {}
        if len(missing) == 1:
            key = missing[0]
            for version, body in self._reader.execute("SELECT version, body FROM item WHERE pk=? AND sk=?", key):
                read[key] = Row(self._stored(key, version, body), len(body))
        for start in range(0, len(missing) if len(missing) > 1 else 0, GET_KEYS_MAX):
            part = missing[start : start + GET_KEYS_MAX]
            flat = [text for key in part for text in key]
            sql = (
                "SELECT item.pk, item.sk, version, body FROM item JOIN (VALUES "  # noqa: S608 - only marks
                + ",".join(["(?,?)"] * len(part))
                + ") AS wanted ON item.pk=wanted.column1 AND item.sk=wanted.column2"
            )
            for pk, sk, version, body in self._reader.execute(sql, flat):
                read[(pk, sk)] = Row(self._stored((pk, sk), version, body), len(body))
        for key, row in read.items():
            found[key] = row.item
        for key in missing:
            self._kept.keep(key, read.get(key, GONE))

    def _look_for_others(self) -> None:
        """Forget what is kept where another process has written since; asked once in a turn of the loop.

        While a COMMIT of ours is under way nobody else can write.
        """
        if self._looked or self._committing:
            return
        self._looked = True
        asyncio.get_running_loop().call_soon(self._look_again)
        self._forget_if_others_were_read()

    def _forget_if_others_were_read(self) -> bool:
        """Forget what is kept where another process has written; asked after a read of the file, too.

        Another process may write between the look and the read: who has read its event must not find the
        item as it was before that event.
        """
        if self._committing:
            # Our reader sees what the last COMMIT left, and so does what is kept.
            return False
        version = self._reader.pragma("data_version")
        if version == self._seen_version:
            return False
        self._seen_version = version
        self._kept.clear()
        return True

    def _look_again(self) -> None:
        self._looked = False

    @reads_async
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
        self._look_for_others()
        whole = not (index or begins or low or high or after or reverse or where or contains)
        if whole and (kept := self._kept.partitions.get(partition)) is not None and len(kept.items) <= limit:
            return kept
        p, s = (f"{index}_p", f"{index}_s") if index else ("pk", "sk")
        terms, values = _bounds(p, s, partition, begins, low, high, after, reverse=reverse)
        filters = [(filter_on(name), value) for name, value in (where or {}).items()]
        source = "item"
        exact = exact_index(partition, index, where or {})
        if exact is not None:
            # The partition stands in the statement: SQLite must see that the partial index covers it.
            name, field = exact
            source = f"item INDEXED BY {name}"
            terms[0:1], values[0:1] = [f"{p}='{partition}'", filter_on(field)], [(where or {})[field]]
            filters.remove((filter_on(field), (where or {})[field]))
        if contains:
            filters += [("text IS NOT NULL AND instr(text, ?)>0", text) for text in contains]
            if (letters := self._rare_letters(contains)) is not None:
                source = "searched_text CROSS JOIN searched ON id=searched_text.rowid CROSS JOIN item USING (pk, sk)"
                terms = [*terms, "searched_text MATCH ?", *(term for term, _ in filters)]
                values = [*values, letters, *(value for _, value in filters)]
                filters = []
            elif exact is None and index == "list":
                source = "item INDEXED BY item_text"
                terms.append("text IS NOT NULL")
        page = self._rows(source, s, terms, values, filters, limit, "DESC" if reverse else "ASC")
        if whole and page.next is None and len(page.items) <= KEPT_PARTITION_MAX:
            self._kept.keep_partition(partition, page)
        self._forget_if_others_were_read()
        return page

    def _rows(
        self,
        source: str,
        s: str,
        terms: list[str],
        values: list[Any],
        filters: list[tuple[str, Any]],
        limit: int,
        order: Literal["ASC", "DESC"],
    ) -> Page:
        """Read in order what fits; `filters` are judged on at most EXAMINED_MAX rows that `terms` find."""
        bound: str | None = None
        if filters:
            # Only the index is read to find where this call ends.
            ends: list[Any] = self._reader.execute(
                f"SELECT {s} FROM {source} WHERE {' AND '.join(terms)} ORDER BY {s} {order} LIMIT 2 OFFSET ?",  # noqa: S608
                (*values, EXAMINED_MAX - 1),
            ).fetchall()
            if len(ends) > 1:
                bound = ends[0][0]
                terms, values = [*terms, f"{s}{'>=' if order == 'DESC' else '<='}?"], [*values, bound]
        sql = (
            f"SELECT pk, sk, version, body, {s} FROM {source} "  # noqa: S608
            f"WHERE {' AND '.join([*terms, *(term for term, _ in filters)])} ORDER BY {s} {order} LIMIT ?"
        )
        rows: list[Any] = self._reader.execute(sql, (*values, *(value for _, value in filters), limit + 1)).fetchall()
        sorts = tuple(row[4] for row in rows[:limit])
        items = tuple(self._item((pk, sk), version, body) for pk, sk, version, body, _ in rows[:limit])
        return Page(items, sorts[-1] if len(rows) > limit else bound, sorts)

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        """Count along the index alone."""
        p = f"{index}_p" if index else "pk"
        sql = f"SELECT count(*) FROM (SELECT 1 FROM item WHERE {p}=? LIMIT ?)"  # noqa: S608
        return int(self._reader.execute(sql, (partition, limit)).get)

    def _rare_letters(self, texts: Sequence[str]) -> str | None:
        """Return how to look for texts by their letters, where few items have them; what is common is soon met."""
        quoted = [
            '"' + text.replace('"', '""') + '"' for text in texts if len(text) >= LETTERS_MIN and "\x00" not in text
        ]
        if not quoted:
            return None
        letters = " AND ".join(quoted)
        found = "SELECT count(*) FROM (SELECT 1 FROM searched_text WHERE searched_text MATCH ? LIMIT ?)"
        return letters if self._reader.execute(found, (letters, RARE_MAX)).get < RARE_MAX else None

    def _stored(self, key: Key, version: int, body: bytes) -> Item:
        return Item(key, version, body, damaged=self._damaged)

    def _damaged(self, fault: Exception) -> Exception:
        return translate_read(fault, self.faults)

    def _item(self, key: Key, version: int, body: bytes) -> Item:
        """Return the kept item where it is the one that was read."""
        kept = self._kept.rows.get(key)
        return kept.item if kept is not None and kept.version == version else self._stored(key, version, body)

    async def tail(
        self, after: str = "", limit: int = 100, *, reverse: bool = False, wait_seconds: float = 0
    ) -> list[Event]:
        """Read the event log; positions are its row numbers."""
        deadline = asyncio.get_running_loop().time() + wait_seconds
        while True:
            self._news.clear()
            events = self._read_log(after, limit, reverse=reverse)
            left = deadline - asyncio.get_running_loop().time()
            if events or left <= 0 or self._closed:
                return events
            # Another process's events come without a call: look again twice a second.
            # Not wait_for: Python 3.11's forgets a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, 0.5)):
                    await self._news.wait()

    @reads
    def _read_log(self, after: str, limit: int, *, reverse: bool) -> list[Event]:
        if reverse:
            sql = "SELECT position, body FROM event WHERE position<? ORDER BY position DESC LIMIT ?"
            bound = int(after) if after else 2**62
        else:
            sql = "SELECT position, body FROM event WHERE position>? ORDER BY position LIMIT ?"
            bound = int(after) if after else 0
            self._look_for_others()
            kept = self._kept.events_after(bound, limit)
            if kept is not None:
                return kept
        events = [event_of(position, body) for position, body in self._reader.execute(sql, (bound, limit))]
        self._forget_if_others_were_read()
        return events

    # ---- writing -------------------------------------------------------------------------

    async def commit(self, writes: Sequence[Write]) -> None:
        """Join the next batch and wait for its fsync."""
        _never_twice(writes)
        await self._join(writes)

    async def decide(self, key: Key, decision: Decision) -> None:
        """Join the next batch, in which the decision is made."""
        # The batch may be run by another caller's task: the decision sees the context of its own.
        context = copy_context()
        await self._join(_Decided(key, lambda item: context.run(decision, item)))

    async def _join(self, asked: Sequence[Write] | _Decided) -> None:
        if self._closed:
            raise Busy("The store is closing")
        if self._readonly is not None:
            raise Misconfigured(f"{self.path} can only be read: its folder or file is not writable")
        if len(self._waiting) >= QUEUE_MAX:
            raise Busy
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        self._waiting.append((asked, answer))
        if self._flusher is None:
            self._flusher = loop.create_task(self._flush())
        # A caller that goes away leaves its write in the batch: it may be kept, as after any lost answer.
        await answer

    async def _flush(self) -> None:
        """Run batch after batch until nobody waits."""
        try:
            while self._waiting:
                callers = self._gather()
                try:
                    await self._run(callers)
                    await self._fold_log()
                except BaseException as fault:
                    self._kept.clear()
                    count_write(fault, self.faults)
                    for _, answer in callers:
                        if not answer.done():
                            answer.set_exception(translate_write(fault))
                    if not isinstance(fault, Exception):
                        raise
        finally:
            self._flusher = None

    def _gather(self) -> list[_Caller]:
        size = count = 0
        for asked, _ in self._waiting:
            size += 1 if isinstance(asked, _Decided) else len(asked)
            if count and size > BATCH_WRITES_MAX:
                break
            count += 1
        callers, self._waiting = self._waiting[:count], self._waiting[count:]
        return callers

    async def _run(self, callers: list[_Caller]) -> None:
        """Put everybody's writes into one transaction, and answer after its fsync."""
        await self._begin()
        touched: dict[Key, Row] = {}
        events: list[Event] = []
        try:
            failed = [self._take(asked, touched, events) for asked, _ in callers]
            events, sizes = self._write_out(touched, events)
            if touched or events:
                self._committing = True
                # Its first read fixes what the reader sees until it ends.
                self._reader.execute("BEGIN")
                self._reader.execute("SELECT 1 FROM item LIMIT 1").fetchall()
                await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.execute, "COMMIT")
            else:
                self._writer.execute("ROLLBACK")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        finally:
            self._committing = False
            if self._reader.in_transaction:
                self._reader.execute("COMMIT")
        self._keep(touched, events, sizes)
        if touched or events:
            self.faults.worked("write")
        if events:
            self._news.set()
        for (_, answer), refused in zip(callers, failed, strict=True):
            _answer(answer, refused)

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
            await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.wal_checkpoint)

    async def _begin(self) -> None:
        """Take the write lock; another process may hold it for a moment."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_WAIT_SECONDS
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                break
            except apsw.BusyError:
                if loop.time() > deadline:
                    raise
                await asyncio.sleep(random.uniform(0.001, 0.01))  # noqa: S311
        self._forget_if_others_wrote()

    def _forget_if_others_wrote(self) -> None:
        version = self._writer.pragma("data_version")
        if version != self._data_version:
            self._kept.clear()
            self._data_version = version

    def _take(
        self, asked: Sequence[Write] | _Decided, touched: dict[Key, Row], events: list[Event]
    ) -> list[int] | Exception:
        """Take one caller into the batch; returns the positions refused, or what its decision raised."""
        if not isinstance(asked, _Decided):
            return self._apply(asked, touched, events)
        row = touched.get(asked.key) or self._load(asked.key)
        try:
            writes = asked.decision(None if row.version == ABSENT else row.item)
            _never_twice(writes)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is its caller's, and not that of the batch
            return fault
        return self._apply(writes, touched, events)

    def _apply(self, writes: Sequence[Write], touched: dict[Key, Row], events: list[Event]) -> list[int]:
        """Check every expectation, then take every write into the batch; returns the positions refused."""
        failed: list[int] = []
        after: list[tuple[Key, Row]] = []
        for position, write in enumerate(writes):
            if isinstance(write, Append):
                continue
            row = touched.get(write.key) or self._load(write.key)
            if isinstance(write, Add):
                moved = _moved(row, write)
                if moved is None:
                    failed.append(position)
                else:
                    after.append((write.key, moved))
            elif row.version != write.expect:
                failed.append(position)
            elif isinstance(write, Put):
                after.append((write.key, Row(Item(write.key, row.version + 1, write.body), put=write)))
            elif isinstance(write, Delete):
                after.append((write.key, GONE))
        if not failed:
            complete_schema(after)
            touched.update(after)
            events.extend(write.event for write in writes if isinstance(write, Append))
        return failed

    def _load(self, key: Key) -> Row:
        row = self._kept.find(key)
        if row is None:
            found = self._writer.execute("SELECT version, body FROM item WHERE pk=? AND sk=?", key).fetchone()
            row = GONE if found is None else Row(self._stored(key, found[0], found[1]), len(found[1]))
            self._kept.keep(key, row)
        return row

    def _write_out(self, touched: dict[Key, Row], events: list[Event]) -> tuple[list[Event], list[int]]:
        """Write every touched item once, and the events; returns these with their positions, and their sizes."""
        whole: list[tuple[Any, ...]] = []
        bodies: list[tuple[Any, ...]] = []
        gone: list[Key] = []
        for key, row in touched.items():
            if row is GONE:
                gone.append(key)
                continue
            body = encode(row.item.content)
            row.bytes = len(body)
            if row.put is None:
                bodies.append((row.version, body, *key))
            else:
                whole.append((*key, row.version, body, *columns(row.put)))
        execute_many = self._writer.executemany
        if whole:
            execute_many(UPSERT, whole)
        if bodies:
            execute_many("UPDATE item SET version=?, body=? WHERE pk=? AND sk=?", bodies)
        if gone:
            execute_many("DELETE FROM item WHERE pk=? AND sk=?", gone)
        if not events:
            return events, []
        encoded = [(encode(event_body(event)),) for event in events]
        execute_many("INSERT INTO event (body) VALUES (?)", encoded)
        first = self._writer.last_insert_rowid() - len(events) + 1
        placed = [replace(event, position=str(position)) for position, event in enumerate(events, first)]
        return placed, [len(body) for (body,) in encoded]

    def _keep(self, touched: dict[Key, Row], events: list[Event], sizes: list[int]) -> None:
        """Take over what was committed, unless another process has written at once after it."""
        seen = self._reader.pragma("data_version")
        self._kept.changed(touched.items())
        self._kept.add_events(events, sizes)
        self._forget_if_others_wrote()
        self._seen_version = seen

    # ---- keeping house -------------------------------------------------------------------

    def marks_of_new_shop(self) -> Sequence[Write]:
        """Return nothing: the file has its format since it was made."""
        return ()

    async def purge(self, now_seconds: int, limit: int = 1000) -> int:
        """Remove what has expired, in one commit; what was renewed meanwhile stays."""
        deletes = self._find_expired(now_seconds, limit)
        while deletes:
            try:
                await self.commit(deletes)
            except ConditionFailed as changed:
                refused = set(changed.positions)
                deletes = [each for position, each in enumerate(deletes) if position not in refused]
            else:
                break
        return len(deletes)

    @reads
    def _find_expired(self, now_seconds: int, limit: int) -> list[Delete]:
        sql = "SELECT pk, sk, version FROM item WHERE ttl IS NOT NULL AND ttl<=? ORDER BY ttl LIMIT ?"
        rows: list[Any] = self._reader.execute(sql, (now_seconds, limit)).fetchall()
        return [Delete((pk, sk), version) for pk, sk, version in rows]

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
        writer = apsw.Connection(str(target))
        try:
            reader.execute("BEGIN")
            counted = count(reader)
            with writer.backup("main", reader, "main") as copy:
                copy.step(-1)
            writer.execute("PRAGMA journal_mode=DELETE")
        finally:
            writer.close()
            reader.close()
        check_file(target, counted)

    async def close(self) -> None:
        """Finish the batches under way, then close the file."""
        if self._closed:
            return
        self._closed = True
        self._news.set()
        if self._flusher is not None:
            await asyncio.wait([self._flusher])
        self._thread.shutdown()
        if self._checker is not None:
            self._checker.close()
        self._reader.close()
        self._writer.close()
        if self._readonly is not None:
            self._readonly.close()


def _bounds(
    p: str, s: str, partition: str, begins: str, low: str, high: str, after: str | None, *, reverse: bool
) -> tuple[list[str], list[Any]]:
    """Write which rows of a partition are asked for; the first term is the partition."""
    terms: list[str] = [f"{p}=?"]
    values: list[Any] = [partition]
    if begins:
        low, high = max(low, begins), _least(high, begins + "\U0010ffff")
    if low:
        terms.append(f"{s}>=?")
        values.append(low)
    if high:
        terms.append(f"{s}<?")
        values.append(high)
    if after is not None:
        terms.append(f"{s}<?" if reverse else f"{s}>?")
        values.append(after)
    return terms, values


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


def _never_twice(writes: Sequence[Write]) -> None:
    keys = [write.key for write in writes if not isinstance(write, Append)]
    if len(set(keys)) != len(keys):
        raise ValueError("two writes to one item in one commit")


def _moved(row: Row, write: Add) -> Row | None:
    """Return the row with its numbers moved, or None where a floor, a path or the version is wrong."""
    if row.version == ABSENT or (write.expect is not None and row.version != write.expect):
        return None
    body = added(row.item.body, write)
    return None if body is None else Row(Item(write.key, row.version + 1, body), put=row.put)


def _least(high: str, other: str) -> str:
    return min(high, other) if high else other
