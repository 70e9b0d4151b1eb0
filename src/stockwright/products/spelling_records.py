"""Access patterns of spellings: how the shop writes a brand or type, whatever way it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stockwright.base.names import name_key
from stockwright.base.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


SpelledField = Literal["brand", "type"]


class Spelling(Record, frozen=True):
    """One brand or type as the product that brought it writes it."""

    KIND = "SPELLING"
    name: str
    product_id: str


def _key(field: SpelledField, name: str) -> Key:
    return (f"SPELLING#{field}#{name_key(name)}", "SPELLING")


async def load_spellings(store: Store, names: Mapping[SpelledField, str]) -> dict[SpelledField, Spelling]:
    """Load the shop's spelling of each name in one call; names that are new to the shop are left out."""
    keys = {field: _key(field, name) for field, name in names.items() if name_key(name)}
    found = await store.get(list(keys.values())) if keys else {}
    return {field: item.read(Spelling) for field, key in keys.items() if (item := found.get(key)) is not None}


def put_spelling(batch: Batch, field: SpelledField, spelling: Spelling) -> None:
    """Write a spelling, expecting the version that it was loaded with."""
    batch.put(_key(field, spelling.name), spelling, spelling.version)
