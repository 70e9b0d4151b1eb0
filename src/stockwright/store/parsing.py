"""What an item's body is read as: each record reads the items of its kind, and refuses the others.

An item is read once, and what was read stays with it. Without the kind, an item that was read as the wrong
record would come back as whatever was read from it before.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockwright.base.record import ItemKind, Record
    from stockwright.store.port import Key


AnyRecord = TypeVar("AnyRecord", bound="Record")


class WrongItemError(TypeError):
    """An item was read as a record of another kind: a fault in the program."""

    def __init__(self, model: type[Record], key: Key) -> None:
        super().__init__(f"{model.__name__} reads {model.KIND} items, not {key[1]} of {key[0]}")


_BY_PARTITION: Final[Mapping[ItemKind, str]] = {"CATEGORY": "CATEGORIES", "DIGEST": "DIGEST#", "LOCATION": "LOCATIONS"}
"""The kinds whose items are recognized by the prefix of their partition; the others by that of their sort key."""


def is_of(kind: ItemKind, key: Key) -> bool:
    """Whether the item of this key is of that kind."""
    partition, sort = key
    begin = _BY_PARTITION.get(kind)
    if begin is not None:
        return partition.startswith(begin)
    return (sort == kind or sort.startswith(f"{kind}#")) and "#" in partition


def decode_as(model: type[AnyRecord], key: Key, content: bytes | dict[str, Any]) -> AnyRecord:
    """Read a body as a record, without what is not stored; raises WrongItemError or msgspec's ValidationError."""
    if not is_of(model.KIND, key):
        raise WrongItemError(model, key)
    record: AnyRecord = _decoder(model)(content) if isinstance(content, bytes) else msgspec.convert(content, model)
    return record


@cache
def _decoder(model: type[Record]) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(model).decode
