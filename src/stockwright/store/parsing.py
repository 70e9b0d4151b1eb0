"""Parsers of items: each reads one kind of item, and refuses the others.

An engine hands out the same item again, and what was read from it is kept with it: without the kind, an
item that was given to the wrong parser would come back as whatever was read from it before.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, Final, Literal, ParamSpec, TypeVar

from msgspec.structs import force_setattr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockwright.store.port import Item, Key


Rest = ParamSpec("Rest")
Result = TypeVar("Result")
ItemKind = Literal[
    "ACCOUNT",
    "APIKEY",
    "CATEGORY",
    "COUNTED",
    "DEADLETTER",
    "DIGEST",
    "HOLDS",
    "LOCATION",
    "MOVEMENT",
    "NOTIFICATION",
    "ORDER",
    "PRODUCT",
    "RESERVATION",
    "RETRY",
    "SALE",
    "STOCK",
    "WORK",
]
"""The kinds of items that have a parser."""


class WrongItemError(TypeError):
    """A parser was given an item of another kind: a fault in the program."""

    def __init__(self, parser: str, kind: ItemKind, key: Key) -> None:
        super().__init__(f"{parser} reads {kind} items, not {key[1]} of {key[0]}")


_BY_PARTITION: Final[Mapping[ItemKind, str]] = {"CATEGORY": "CATEGORIES", "DIGEST": "DIGEST#", "LOCATION": "LOCATIONS"}
"""The kinds whose items are recognized by the prefix of their partition; the others by that of their sort key."""


def is_of(kind: ItemKind, key: Key) -> bool:
    """Whether the item of this key is of that kind."""
    partition, sort = key
    begin = _BY_PARTITION.get(kind)
    if begin is not None:
        return partition.startswith(begin)
    return (sort == kind or sort.startswith(f"{kind}#")) and "#" in partition


def _check(parse: Callable[..., object], kind: ItemKind, item: Item) -> None:
    if not is_of(kind, item.key):
        raise WrongItemError(parse.__name__, kind, item.key)


def reads(
    kind: ItemKind,
) -> Callable[[Callable[Concatenate[Item, Rest], Result]], Callable[Concatenate[Item, Rest], Result]]:
    """Mark the parser of a kind of item; raises WrongItemError where it is given another."""

    def mark(parse: Callable[Concatenate[Item, Rest], Result]) -> Callable[Concatenate[Item, Rest], Result]:
        @functools.wraps(parse)
        def checked(item: Item, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
            _check(parse, kind, item)
            return parse(item, *rest, **named)

        _mark(checked, kind)
        return checked

    return mark


def once(kind: ItemKind) -> Callable[[Callable[[Item], Result]], Callable[[Item], Result]]:
    """Mark the parser of a kind of item, and let it read an item once; what comes of it is frozen, for all to share."""

    def mark(parse: Callable[[Item], Result]) -> Callable[[Item], Result]:
        @functools.wraps(parse)
        def cached(item: Item) -> Result:
            _check(parse, kind, item)
            found: Result | None = item.parsed
            if found is None:
                found = parse(item)
                force_setattr(item, "parsed", found)
            return found

        _mark(cached, kind)
        return cached

    return mark


def _mark(parser: Any, kind: ItemKind) -> None:
    parser.kind = kind
