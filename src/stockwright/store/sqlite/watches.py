"""Who has read what: a watch notes all that is read through it, and is current until any of that changes.

Items are noted by their keys, lists by their partitions: a list is another one once an item was written that belongs to
it, or an item that was read of it was changed or removed. What ends the watches is what ends the cache's own rows
(`cache.py`), so that what was made of them is as right as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from stockwright.store.sqlite.cache import Row


Name = tuple[str, str] | str
"""What can change: an item (its key), an index's partition (with the index in front), or a partition of keys."""
NAMES_MAX: Final = 1000
"""What has read more than this is not watched."""


class Watch:
    """What was read; `is_current` until any of it changes."""

    __slots__ = ("_names", "_watches", "is_current")

    def __init__(self, watches: Watches) -> None:
        self.is_current = True
        self._names: set[Name] = set()
        self._watches = watches

    def note(self, names: Iterable[Name]) -> None:
        """Note that these are read."""
        if not self.is_current:
            return
        for name in names:
            self._names.add(name)
            self._watches.by_name.setdefault(name, set()).add(self)
        if len(self._names) > NAMES_MAX:
            self.end()

    def end(self) -> None:
        """Watch no longer."""
        self.is_current = False
        for name in self._names:
            watching = self._watches.by_name[name]
            watching.discard(self)
            if not watching:
                del self._watches.by_name[name]
        self._names = set()


class Watches:
    """All watches that are current."""

    def __init__(self) -> None:
        self.by_name: dict[Name, set[Watch]] = {}

    def changed(self, names: AbstractSet[Name]) -> None:
        """End who has read any of these."""
        for name in self.by_name.keys() & names:
            for watch in tuple(self.by_name.get(name, ())):
                watch.end()

    def end_all(self) -> None:
        """End all: anything may have changed."""
        for watching in tuple(self.by_name.values()):
            for watch in tuple(watching):
                watch.end()


def lists_of(rows: Iterable[Row]) -> set[Name]:
    """Return the index partitions that items, as they were just written, belong to."""
    puts = [row.put for row in rows if row.put is not None]
    return {(index, partition) for put in puts for index, (partition, _) in put.indexes.items()}
