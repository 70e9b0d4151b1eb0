"""The store for one reader, whose watch ends when anything that was read changes (`watches.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockwright.store.port import Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.port import IndexName, Item, Key, Page, Store
    from stockwright.store.sqlite.reading import Reader
    from stockwright.store.sqlite.watches import Watch


class WatchedStore:
    """Watches what is read by `get` and `query`; anything else ends the watch."""

    def __init__(self, store: Store, reading: Reader, watch: Watch) -> None:
        self._store, self._reading, self._watch = store, reading, watch

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed."""
        return self._reading.get(keys, self._watch)

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
        """Read one partition in order."""
        query = Query(partition, index, begins, low, high, after, limit, reverse, where, contains)
        if any(not isinstance(value, str) for value in (query.where or {}).values()):
            # A number that an Add moves may bring an item into such a list; a text changes with a whole write alone.
            self._watch.end()
        return self._reading.query(query, self._watch)

    def __getattr__(self, name: str) -> Any:
        self._watch.end()
        return getattr(self._store, name)
