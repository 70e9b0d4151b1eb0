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
    """Return the body with its numbers moved, or None where a floor or a path is wrong."""
    for path, delta in add.deltas.items():
        changed = _moved(body, path, delta, add.floors.get(path))
        if changed is None:
            return None
        body = changed
    return {**body, **add.sets} if add.sets else body


def _moved(body: Body, path: Path, delta: int, floor: int | None) -> Body | None:
    """Copy along the path, so that the former body stays as it was."""
    name = path[0]
    value: Any = body.get(name)
    if len(path) > 1:
        changed: Any = _moved(value, path[1:], delta, floor) if isinstance(value, dict) else None
        return None if changed is None else {**body, name: changed}
    if not isinstance(value, int):
        return None
    value += delta
    return None if floor is not None and value < floor else {**body, name: value}


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
