"""What other processes have changed: each commit notes the keys that it wrote, and all others forget just those.

SQLite says that another connection has committed (`PRAGMA data_version`), but not what. So the table `changed` has a
row per commit, numbered without a gap, and each process knows up to which number its cache is right. Who was away
for more than KEPT_COMMITS commits forgets everything, and so does who finds a commit that noted nothing. Noted as well
are the lists (partitions of the indexes) that hold the written items, since a watch on one of them ends
(`watches.py`), and up to which position events were removed. Events of others are read once and cached like our own,
in the same transaction that reads the keys: nobody sees an event before the item that it is about. A reader may find
our own COMMIT in the file before the event loop has the news: what that wrote is known, and cached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from stockwright.store.sqlite.cache import EVENTS_MAX
from stockwright.store.sqlite.codec import event_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import apsw

    from stockwright.store.port import Key
    from stockwright.store.sqlite.cache import Cache
    from stockwright.store.sqlite.watches import Name


KEPT_COMMITS: Final = 256
TRIMMED_EVERY: Final = 32
KEYS_MAX: Final = 2000
"""A commit of more keys is noted as one that changed everything."""
FIRST_EVENTS: Final = 200
"""So many of the newest events are cached where none were before."""
_noted_in: Final = msgspec.json.Decoder(tuple[list[tuple[str, str]], list[tuple[str, str]], int]).decode


class Others:
    """Removes from the cache what other processes have changed."""

    def __init__(self, connection: apsw.Connection, cache: Cache) -> None:
        self._cache = cache
        found: list[Any] = connection.execute("SELECT coalesce(max(number), 0) FROM changed").fetchall()
        self._seen: int = found[0][0]
        self._own: tuple[int, Callable[[], None]] | None = None

    def note(
        self, writer: apsw.Connection, touched: Collection[Key] | None, lists: Collection[Name], removed_through: int
    ) -> int:
        """Note what a transaction of ours changes (None: everything), in it; returns its number.

        Events up to `removed_through` are removed by it.
        """
        noted = None
        if touched is not None and len(touched) <= KEYS_MAX:
            noted = msgspec.json.encode((list(touched), list(lists), removed_through))
        writer.execute("INSERT INTO changed (keys) VALUES (?)", (noted,))
        number = writer.last_insert_rowid()
        if number % TRIMMED_EVERY == 0:
            writer.execute("DELETE FROM changed WHERE number<=?", (number - KEPT_COMMITS,))
        return number

    def expect(self, number: int, take_over: Callable[[], None]) -> None:
        """Expect our own COMMIT of this number: `take_over` brings into the cache what it writes."""
        self._own = number, take_over

    def committed(self) -> bool:
        """Take over what our own COMMIT wrote; returns False where a reader was faster, which has done so."""
        if self._own is None:
            return False
        self._seen, take_over = self._own
        self._own = None
        take_over()
        return True

    def failed(self) -> None:
        """Expect no COMMIT of our own any more."""
        self._own = None

    def catch_up(self, connection: apsw.Connection) -> None:
        """Forget what others have changed, and cache their events; `connection` is in a transaction.

        It is called only where others have written.
        """
        rows: list[Any] = connection.execute(
            "SELECT number, keys FROM changed WHERE number>? ORDER BY number", (self._seen,)
        ).fetchall()
        if rows and self._own is not None and rows[0][0] == self._own[0] == self._seen + 1:
            # Nobody else could write before it.
            self.committed()
            del rows[0]
        elif not rows:
            # Where our own COMMIT is under way nobody else can write: it has begun the log again, which looks the same.
            if self._own is None:
                self._cache.clear()
        elif self._own is not None and rows[-1][0] >= self._own[0]:
            # It is among what was trimmed meanwhile: others may have changed again what it wrote.
            self._own = None
        if rows and (rows[0][0] != self._seen + 1 or any(keys is None for _, keys in rows)):
            self._cache.clear()
        else:
            for _, noted in rows:
                keys, lists, removed_through = _noted_in(noted)
                if removed_through:
                    self._cache.forget_events_through(removed_through)
                self._cache.forget(keys, lists)
        if rows:
            self._seen = rows[-1][0]
        self._read_events(connection)

    def _read_events(self, connection: apsw.Connection) -> None:
        last = self._cache.last_position
        if last is None:
            newest = "SELECT position, body FROM event ORDER BY position DESC LIMIT ?"
            rows = list(connection.execute(newest, (FIRST_EVENTS,)))[::-1]
        else:
            newer = "SELECT position, body FROM event WHERE position>? ORDER BY position LIMIT ?"
            rows = list(connection.execute(newer, (last, EVENTS_MAX)))
            if len(rows) == EVENTS_MAX:
                self._cache.forget_events()
                return
        self._cache.add_events([event_of(*row) for row in rows], [len(body) for _, body in rows])
