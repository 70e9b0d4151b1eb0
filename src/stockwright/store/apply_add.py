"""Numbers moved inside an item's body, as every engine that reads the item before it writes it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from stockwright.base.record import Record
from stockwright.store.port import Add, Item, Put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.port import Body, Key, Path, Write


def added(body: Body, add: Add) -> Body | None:
    """Return the body with its numbers moved, or None where a floor or a path is wrong.

    Only the maps on the way to a number are copied, each once: the former body stays as it was.
    """
    after: Body = {**body, **add.sets}
    copies: dict[Path, dict[str, Any]] = {(): after}
    way: Path = ()
    inner: dict[str, Any] | None = after
    floors = add.floors
    for path, delta in add.deltas.items():
        if path[:-1] != way:
            # Numbers of one map mostly follow each other.
            way = path[:-1]
            inner = copies.get(way) or _copied(after, way, copies)
        value: Any = None if inner is None else inner.get(path[-1])
        if inner is None or not isinstance(value, int):
            return None
        value += delta
        if path in floors and value < floors[path]:
            return None
        inner[path[-1]] = value
    return after


def _copied(body: Body, way: Path, copies: dict[Path, dict[str, Any]]) -> dict[str, Any] | None:
    """Return a copy of the map at the end of a way, put into a copy of each map on the way."""
    inner = body
    for depth, name in enumerate(way, 1):
        copy = copies.get(way[:depth])
        if copy is None:
            found: Any = inner.get(name)
            if not isinstance(found, dict):
                return None
            copy = copies[way[:depth]] = inner[name] = dict(found)
        inner = copy
    return inner


def filled(put: Put, items: Mapping[Key, Item]) -> Body | Record:
    """Return a put's body, completed from the items of its commit as they are afterwards."""
    known: dict[str, Any] = {}
    for name, (key, path) in put.fills.items():
        item = items.get(key)
        if item is None:
            continue
        value: Any = item.body if path else item.version
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            known[name] = value
    return replace(put.body, **known) if isinstance(put.body, Record) else {**put.body, **known}


def fill(writes: Sequence[Write], known: Mapping[Key, Item]) -> list[Write]:
    """Complete the puts of a commit, as far as that is known before it: from its puts, and from items known to it."""
    after = {write.key: Item(write.key, write.expect + 1, write.body) for write in writes if isinstance(write, Put)}
    for write in writes:
        if isinstance(write, Add) and write.key in known:
            body = added(known[write.key].body, write)
            if body is not None:
                after[write.key] = Item(write.key, known[write.key].version + 1, body)
    return [
        replace(write, body=filled(write, after)) if isinstance(write, Put) and write.fills else write
        for write in writes
    ]
