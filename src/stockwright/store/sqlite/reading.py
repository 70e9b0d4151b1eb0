"""Reading the file through the cache: items, partitions and events as of one moment.

Until a COMMIT of this process is in the file, readers see it as it was before (`hold`), so that an event, an
item and a list never show different moments. Another process that writes the same file (the command line beside a
running server) is noticed by `PRAGMA data_version`, once in each turn of the event loop, and what it has
changed is forgotten.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.long_work import STEP_ROWS
from stockwright.store.port import Delete, Item, Page, Put
from stockwright.store.sqlite.cache import GONE, Cache, Row
from stockwright.store.sqlite.codec import event_of, row_of
from stockwright.store.sqlite.faults import reads, translate_read
from stockwright.store.sqlite.letters import Letters
from stockwright.store.sqlite.querying import read_rows
from stockwright.store.sqlite.schema import ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from stockwright.base.event import Event
    from stockwright.store.faults import Faults
    from stockwright.store.port import IndexName, Key, Query
    from stockwright.store.sqlite.others import Others
    from stockwright.store.sqlite.watches import Watch


GET_KEYS_MAX: Final = 512
CACHED_PARTITION_MAX: Final = 100


@cache
def _select_of(keys: int) -> str:
    return (
        "SELECT item.pk, item.sk, version, body FROM item JOIN (VALUES "  # noqa: S608 - only marks
        + ",".join(["(?,?)"] * keys)
        + ") AS wanted ON item.pk=wanted.column1 AND item.sk=wanted.column2"
    )


class Reader:
    """What is read of the file, from the cache where it is there."""

    def __init__(
        self, connection: apsw.Connection, watch: apsw.Connection, cache: Cache, others: Others, faults: Faults
    ) -> None:
        self.faults = faults
        self._connection = connection
        self._letters = Letters(connection)
        self._watch = watch
        """Never in a transaction: it sees a COMMIT at once."""
        self._watched = 0
        self._cache = cache
        self._others = others
        self._seen_version = connection.pragma("data_version")
        self._looked = False
        self._held = False
        self._on_damaged = self._damaged
        """One for all items."""

    # ---- one moment ----------------------------------------------------------------------

    def hold(self) -> None:
        """See the file as it is now, until `release`: our own COMMIT is about to change it."""
        self._held = True
        # Its first read fixes what the connection sees until it ends.
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT 1 FROM item LIMIT 1").fetchall()
        self._watched = self._watch.pragma("data_version")

    def release(self) -> None:
        """See the file as it is at each read."""
        self._held = False
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def version(self) -> int:
        """Return what changes with each commit of another connection."""
        return int(self._connection.pragma("data_version"))

    def took_over(self, version: int) -> None:
        """Note that the cache is as of this version."""
        self._seen_version = version

    def look_for_others(self) -> None:
        """Forget what another process has changed since; asked once in a turn of the loop."""
        if self._looked:
            return
        self._looked = True
        asyncio.get_running_loop().call_soon(self._look_again)
        self.catch_up()

    def catch_up(self) -> bool:
        """Forget what another process has changed; asked after a read of the file, too. Returns whether one wrote.

        Another process may write between the look and the read: who has read its event must not find the
        item as it was before that event.
        """
        if self._held:
            # Until our COMMIT is in the file nobody else can write; our reader sees what the last one left, and
            # so does the cache. From then on others may have written and been answered, before we hear of it.
            if self._watch.pragma("data_version") == self._watched:
                return False
            self.release()
        if self.version() == self._seen_version:
            return False
        self._catch_up()
        return True

    @reads
    def _catch_up(self) -> None:
        self._connection.execute("BEGIN")
        try:
            # The first read fixes what all of them see.
            self._seen_version = self.version()
            self._others.catch_up(self._connection)
        except BaseException:
            self._cache.clear()
            raise
        finally:
            self._connection.execute("COMMIT")

    def _look_again(self) -> None:
        self._looked = False

    # ---- items ---------------------------------------------------------------------------

    def get(self, keys: Sequence[Key], watch: Watch | None = None) -> dict[Key, Item]:
        """Read items as last committed."""
        self.look_for_others()
        if watch is not None:
            watch.note(keys)
        found, missing = self._cache.find_all(keys)
        if missing:
            begun = len(keys) > len(missing)
            self._read(missing, found)
            if begun and self.catch_up():
                # What came from the file is newer than the rest.
                return self.get(keys)
        return found

    @reads
    def _read(self, missing: list[Key], found: dict[Key, Item]) -> None:
        """Read from the file what is not cached, and cache it; also that something is not there."""
        read: dict[Key, Row] = {}
        if len(missing) == 1:
            key = missing[0]
            for version, body in self._connection.execute("SELECT version, body FROM item WHERE pk=? AND sk=?", key):
                read[key] = self.row_of(key, version, body)
        for start in range(0, len(missing) if len(missing) > 1 else 0, GET_KEYS_MAX):
            part = missing[start : start + GET_KEYS_MAX]
            size = 1 << (len(part) - 1).bit_length()
            # Few lengths, so that SQLite has each statement prepared; a missing key is no item's.
            flat: list[str | None] = [text for key in part for text in key]
            flat += [None] * (2 * (size - len(part)))
            for pk, sk, version, body in self._connection.execute(_select_of(size), flat):
                read[(pk, sk)] = self.row_of((pk, sk), version, body)
        for key, row in read.items():
            found[key] = row.item
        # A step of long work would only push out what requests ask for again and again.
        if len(missing) < STEP_ROWS:
            for key in missing:
                self._cache.put(key, read.get(key, GONE))

    def row_of(self, key: Key, version: int, body: bytes) -> Row:
        """Return an item as it was read from the file."""
        return Row(Item(key, version, body, None, self._on_damaged), len(body))

    def _damaged(self, fault: Exception) -> Exception:
        return translate_read(fault, self.faults)

    def _item(self, key: Key, version: int, body: bytes, *, cache: bool) -> Item:
        """Return the cached item where it is the one that was read."""
        cached = self._cache.look_up(key)
        if cached is not None and cached.version == version:
            return cached.item
        row = self.row_of(key, version, body)
        if cache:
            self._cache.put(key, row)
        return row.item

    # ---- partitions ----------------------------------------------------------------------

    @reads
    def query(self, query: Query, watch: Watch | None = None) -> Page:
        """Read one partition in order."""
        self.look_for_others()
        if watch is not None:
            watch.note(((query.index, query.partition) if query.index else query.partition,))
        whole = query.is_whole
        if whole and (cached := self._cache.partitions.get(query.partition)) and len(cached.items) <= query.limit:
            return cached
        rows, after = read_rows(self._connection, self._letters, query)
        if watch is not None:
            # The row behind the page too: without it there is no next page.
            watch.note((pk, sk) for pk, sk, *_ in rows)
        rows = rows[: query.limit]
        # What a person looks at is looked at again; what is read page after page would only push that out.
        cache = query.limit <= CACHED_PARTITION_MAX
        items = tuple(self._item((pk, sk), version, body, cache=cache) for pk, sk, version, body, _ in rows)
        page = Page(items, after, tuple(row[4] for row in rows))
        if whole and page.next is None and len(page.items) <= CACHED_PARTITION_MAX:
            self._cache.put_partition(query.partition, page)
        self.catch_up()
        return page

    @reads
    def count(self, partition: str, index: IndexName | None, limit: int) -> int:
        """Count along the index alone."""
        p = f"{index}_p" if index else "pk"
        sql = f"SELECT count(*) FROM (SELECT 1 FROM item WHERE {p}=? LIMIT ?)"  # noqa: S608
        return int(self._connection.execute(sql, (partition, limit)).get)

    @reads
    def find_expired(self, now_seconds: int, limit: int) -> list[Delete]:
        """Find items whose `ttl` has passed, the longest passed first, as the writes that remove them."""
        sql = "SELECT pk, sk, version FROM item WHERE ttl IS NOT NULL AND ttl<=? ORDER BY ttl LIMIT ?"
        rows: list[Any] = self._connection.execute(sql, (now_seconds, limit)).fetchall()
        return [Delete((pk, sk), version) for pk, sk, version in rows]

    @reads
    def scan(self, after: Key | None, limit: int) -> list[Put]:
        """Read all items in the order of their keys, as the writes that make them what they are."""
        rows: list[Any] = self._connection.execute(ROWS, (*(after or ("", "")), limit)).fetchall()
        return [row_of(each) for each in rows]

    # ---- events --------------------------------------------------------------------------

    @reads
    def read_log(self, after: str, limit: int, *, reverse: bool) -> list[Event]:
        """Read events from behind a position, or backwards from before it."""
        if reverse:
            sql = "SELECT position, body FROM event WHERE position<? ORDER BY position DESC LIMIT ?"
            bound = int(after) if after else 2**62
        else:
            sql = "SELECT position, body FROM event WHERE position>? ORDER BY position LIMIT ?"
            bound = int(after) if after else 0
            self.look_for_others()
            cached = self._cache.events_after(bound, limit)
            if cached is not None:
                return cached
        events = [event_of(position, body) for position, body in self._connection.execute(sql, (bound, limit))]
        self.catch_up()
        return events
