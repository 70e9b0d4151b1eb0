"""What an item's body is read as: each record reads the items of its kind, and refuses the others.

An item is read once, and what was read stays with it. Without the kind, an item that was read as the wrong
record would come back as whatever was read from it before.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.base.record import Record


AnyRecord = TypeVar("AnyRecord", bound="Record")


class WrongItemError(TypeError):
    """An item was read as a record of another kind: a fault in the program."""

    def __init__(self, model: type[Record], key: tuple[str, str]) -> None:
        super().__init__(f"{model.__name__} reads {model.KIND} items, not {key[1]} of {key[0]}")


def is_of(model: type[Record], key: tuple[str, str]) -> bool:
    """Whether the item of this key (partition, sort) is one that the record reads."""
    partition, sort = key
    if model.PARTITION:
        return partition.startswith(model.PARTITION) and (not model.SORTS or sort in model.SORTS)
    return (sort == model.KIND or sort.startswith(f"{model.KIND}#")) and "#" in partition


def decode_as(model: type[AnyRecord], key: tuple[str, str], content: bytes | dict[str, Any]) -> AnyRecord:
    """Read a body as a record, without what is not stored; raises WrongItemError or msgspec's ValidationError."""
    if not is_of(model, key):
        raise WrongItemError(model, key)
    record: AnyRecord = _decoder(model)(content) if isinstance(content, bytes) else msgspec.convert(content, model)
    return record


@cache
def _decoder(model: type[Record]) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(model).decode
