"""Numbers moved inside an item's body, as every engine that reads the item before it writes it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stockwright.store.port import Add, Body, Path


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
