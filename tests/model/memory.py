"""An engine in memory, for the simulation: small and whole (the contract suite holds it), its durable state held apart.

Several stores may be opened on one `Durable`, one after the other, as processes open one file.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from stockwright.base.errors import Busy
from stockwright.base.event import Event
from stockwright.store.apply_add import filled
from stockwright.store.port import (
    ABSENT,
    EXAMINED_MAX,
    INDEXES,
    Add,
    Append,
    Body,
    ConditionFailed,
    Decision,
    Delete,
    IndexName,
    Item,
    Key,
    Page,
    Put,
    Write,
)

Entries = dict[str, Key]


@dataclass(slots=True)
class _Row:
    version: int
    body: bytes
    put: Put


@dataclass(slots=True)
class Durable:
    """What is left when a process ends."""

    items: dict[Key, _Row] = field(default_factory=dict)
    parts: dict[tuple[str | None, str], Entries] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    trimmed: int = 0
    """How many events were removed from the beginning of the log."""

    def entries(self, put: Put) -> list[tuple[tuple[str | None, str], str]]:
        named = [((name, put.indexes[name][0]), put.indexes[name][1]) for name in INDEXES if name in put.indexes]
        return [((None, put.key[0]), put.key[1]), *named]

    def remove(self, key: Key) -> None:
        row = self.items.pop(key, None)
        if row is not None:
            for part, sort in self.entries(row.put):
                del self.parts[part][sort]

    def store(self, key: Key, row: _Row) -> None:
        self.remove(key)
        self.items[key] = row
        for part, sort in self.entries(row.put):
            self.parts.setdefault(part, {})[sort] = key


class MemoryStore:
    """The store port on a `Durable`."""

    writes_max = 100_000

    def __init__(self, durable: Durable | None = None) -> None:
        self.durable = durable or Durable()
        self._news = asyncio.Event()
        self._closed = False

    def _item(self, key: Key) -> Item:
        row = self.durable.items[key]
        return Item(key, row.version, msgspec.json.decode(row.body))

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        return {key: self._item(key) for key in keys if key in self.durable.items}

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
        entries = self.durable.parts.get((index, partition), {})
        sorts = sorted(entries)
        low = max(low, begins)
        sorts = sorts[bisect_left(sorts, low) : bisect_left(sorts, high) if high else None]
        sorts = [sort for sort in sorts if sort.startswith(begins)]
        if reverse:
            sorts.reverse()
        if after is not None:
            sorts = [sort for sort in sorts if (sort < after if reverse else sort > after)]
        found: list[Item] = []
        places: list[str] = []
        filtered = bool(where or contains)
        for number, sort in enumerate(sorts):
            if filtered and number == EXAMINED_MAX:
                return Page(tuple(found), sorts[number - 1], tuple(places))
            item = self._item(entries[sort])
            text = self.durable.items[item.key].put.text
            fits = all(item.body.get(name) == value for name, value in (where or {}).items())
            if fits and all(each in text for each in contains):
                found.append(item)
                places.append(sort)
                if len(found) == limit:
                    return Page(tuple(found), sort if number + 1 < len(sorts) else None, tuple(places))
        return Page(tuple(found), None, tuple(places))

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        return min(limit, len(self.durable.parts.get((index, partition), {})))

    async def commit(self, writes: Sequence[Write]) -> None:  # noqa: PLR0912 - one branch for each kind of write
        if self._closed:
            raise Busy("The store is closing")
        keys = [write.key for write in writes if not isinstance(write, Append)]
        if len(set(keys)) != len(keys):
            raise ValueError("two writes to one item in one commit")
        after: list[tuple[Key, _Row | None]] = []
        failed: list[int] = []
        for position, write in enumerate(writes):
            if isinstance(write, Append):
                continue
            row = self.durable.items.get(write.key)
            version = row.version if row else ABSENT
            if isinstance(write, Add):
                added = None if row is None or write.expect not in (None, version) else _added(row, write)
                after.append((write.key, added))
                if added is None:
                    failed.append(position)
            elif version != write.expect:
                failed.append(position)
            elif isinstance(write, Put):
                after.append((write.key, _Row(version + 1, msgspec.json.encode(write.body), write)))
            elif isinstance(write, Delete):
                after.append((write.key, None))
        if failed:
            raise ConditionFailed(failed)
        items = {
            key: Item(key, changed.version, msgspec.json.decode(changed.body))
            for key, changed in after
            if changed is not None
        }
        for key, changed in after:
            # What an `Add` leaves bears the put of before; only a put of this commit is completed.
            if changed is not None and changed.put.fills and changed.version == changed.put.expect + 1:
                changed.body = msgspec.json.encode(filled(changed.put, items))
            if changed is None:
                self.durable.remove(key)
            else:
                self.durable.store(key, changed)
        for write in writes:
            if isinstance(write, Append):
                body = msgspec.json.decode(msgspec.json.encode(write.event.data))
                self.durable.log.append(
                    replace(write.event, data=body, position=str(self.durable.trimmed + len(self.durable.log) + 1))
                )
                self._news.set()

    async def decide(self, key: Key, decision: Decision) -> None:
        # Nothing here waits before it writes: what was read is what is so.
        await self.commit(decision(self._item(key) if key in self.durable.items else None))

    async def tail(
        self, after: str = "", limit: int = 100, *, reverse: bool = False, wait_seconds: float = 0
    ) -> list[Event]:
        log, at = self.durable.log, max(0, int(after or 0) - self.durable.trimmed)
        if reverse:
            return log[: max(0, at - 1) if after else None][::-1][:limit]
        if len(log) <= at and wait_seconds:
            self._news.clear()
            try:
                async with asyncio.timeout(wait_seconds):
                    await self._news.wait()
            except TimeoutError:
                return []
        return log[at : at + limit]

    def watched(self) -> None:
        """Return nothing: it does not learn of changes."""

    def look(self) -> None:
        """Nothing to do."""

    def marks_of_new_shop(self) -> Sequence[Write]:
        return ()

    async def purge(self, now_seconds: int, limit: int = 1000) -> int:
        due = [key for key, row in self.durable.items.items() if row.put.ttl and row.put.ttl <= now_seconds][:limit]
        for key in due:
            self.durable.remove(key)
        return len(due)

    async def tidy(self) -> None:
        """Nothing to do."""

    async def scan(self, after: Key | None = None, limit: int = 500) -> tuple[list[Put], Key | None]:
        keys = [key for key in sorted(self.durable.items) if after is None or key > after]
        found = [(key, self.durable.items[key]) for key in keys[:limit]]
        rows = [
            Put(key, msgspec.json.decode(row.body), row.version - 1, row.put.indexes, row.put.text, row.put.ttl)
            for key, row in found
        ]
        return rows, keys[limit - 1] if len(keys) > limit else None

    async def rewrite(self, events: Sequence[Event]) -> None:
        for event in events:
            number = int(event.position) - self.durable.trimmed - 1
            if number >= 0:
                self.durable.log[number] = event

    async def trim(self, through: str, limit: int = 1000) -> int:
        gone = max(0, min(int(through or 0) - self.durable.trimmed, limit, len(self.durable.log)))
        del self.durable.log[:gone]
        self.durable.trimmed += gone
        return gone

    async def check(self) -> str:
        return ""

    async def close(self) -> None:
        self._closed = True
        self._news.set()


def _added(row: _Row, write: Add) -> _Row | None:
    body: Body = msgspec.json.decode(row.body)
    for path, delta in write.deltas.items():
        inner: Any = body
        for name in path[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or not isinstance(inner.get(path[-1]), int):
            return None
        inner[path[-1]] += delta
        if path in write.floors and inner[path[-1]] < write.floors[path]:
            return None
    return _Row(row.version + 1, msgspec.json.encode(body), row.put)
