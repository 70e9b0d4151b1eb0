"""Reading an item once: engines hand out the same item again, and what was read from it is kept with it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import force_setattr

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.store.port import Item


Result = TypeVar("Result")


def once(parse: Callable[[Item], Result]) -> Callable[[Item], Result]:
    """Let an item be parsed by this function once; what comes of it is frozen, so that all may share it."""

    @functools.wraps(parse)
    def kept(item: Item) -> Result:
        found: Result | None = item.parsed
        if found is None:
            found = parse(item)
            force_setattr(item, "parsed", found)
        return found

    return kept
