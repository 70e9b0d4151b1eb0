"""Records by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.parsing import AnyRecord
    from stockwright.store.port import Key, Store


async def find(store: Store, key: Key, model: type[AnyRecord]) -> AnyRecord | None:
    """Find the record at a key, as last committed; None: there is none."""
    item = (await store.get([key])).get(key)
    return None if item is None else item.read(model)


async def load(store: Store, keys: Sequence[Key], model: type[AnyRecord]) -> list[AnyRecord]:
    """Load the records that there are at these keys, in one call."""
    return [item.read(model) for item in (await store.get(keys)).values()]
