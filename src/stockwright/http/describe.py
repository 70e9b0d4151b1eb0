"""What a wire type allows, in words for a person who fills in a form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WORDS: Final[Mapping[Any, str]] = {
    int: "a whole number", float: "a number", str: "text", bool: "true or false", list: "a list", dict: "an object",
    type(None): "null",
}  # fmt: skip


def describe(wanted: Any) -> str:
    """Say what a value must be."""
    option = next(each for each in options_of(wanted) if each not in {type(None), msgspec.UnsetType})
    kind = _kind(option)
    if get_origin(_bare(option)) is Literal:
        return f"must be one of {', '.join(map(str, get_args(_bare(option))))}"
    if kind in {int, float}:
        return f"must be {_WORDS[kind]}{_from_to(*bounds_of(option, 'ge', 'le'))}"
    if kind is dict and get_origin(_bare(option)) is dict:
        _, longest = bounds_of(get_args(_bare(option))[0], "min_length", "max_length")
        return "must be an object" + ("" if longest is None else f" with names of at most {longest} characters")
    least, most = bounds_of(option, "min_length", "max_length")
    if kind is str:
        return (
            f"must be{_how_many(least, most)} characters" if least else f"must be text{_of(least, most, 'characters')}"
        )
    return f"must be {_WORDS.get(kind, 'an object')}{_of(least, most, 'items')}"


def _from_to(least: Any, most: Any) -> str:
    if least is not None and most is not None:
        return f" from {least} to {most}"
    return "" if least is None and most is None else f" of{_how_many(least, most)}"


def _of(least: int | None, most: int | None, what: str) -> str:
    return "" if least is None and most is None else f" of{_how_many(least, most)} {what}"


def _how_many(least: Any, most: Any) -> str:
    if least and most is not None:
        return f" {least} to {most}"
    return f" at most {most}" if least is None else f" at least {least}"


def bounds_of(wanted: Any, low: str, high: str) -> tuple[Any, Any]:
    """Return the lower and the upper bound that a type's Meta sets under these names; None where it sets none."""
    found: tuple[Any, Any] = (None, None)
    for option in options_of(wanted):
        for extra in getattr(option, "__metadata__", ()):
            if isinstance(extra, Meta):
                given = (getattr(extra, low), getattr(extra, high))
                found = (
                    found[0] if given[0] is None else given[0],
                    found[1] if given[1] is None else given[1],
                )
    return found


def but_not(wanted: Any, sent: Any) -> str:
    """Name the kind of what was sent, where it is another kind than the wanted one."""
    kinds = {_kind(option) for option in options_of(wanted)}
    return "" if type(sent) in kinds else f", not {_WORDS.get(type(sent), 'that')}"


def _kind(option: Any) -> Any:
    bare = _bare(option)
    origin = get_origin(bare) or bare
    if origin is Literal:
        return type(get_args(bare)[0])
    return dict if isinstance(origin, type) and issubclass(origin, msgspec.Struct) else origin


def _bare(option: Any) -> Any:
    return get_args(option)[0] if get_origin(option) is Annotated else option


def options_of(wanted: Any) -> tuple[Any, ...]:
    """Return the types that a type is one of."""
    return get_args(wanted) if get_origin(wanted) in {Union, UnionType} else (wanted,)


def item_of(wanted: Any) -> Any:
    """Return the type of the items where a type is a list (perhaps optional, perhaps annotated), else None."""
    option = list_of(wanted)
    return None if option is None else get_args(_bare(option))[0]


def list_of(wanted: Any) -> Any:
    """Return the type that is a list among those that a type is one of, else None."""
    return next((each for each in options_of(wanted) if get_origin(_bare(each)) is list), None)


def with_control(given: Any, path: str) -> Iterator[dict[str, str]]:
    """Name every text that holds a control character; tabs and line breaks are fine."""
    if isinstance(given, str):
        if _CONTROL.search(given):
            yield {"field": path, "message": "must not contain control characters"}
    elif isinstance(given, Mapping):
        for name, value in given.items():
            yield from with_control(name, path)
            yield from with_control(value, f"{path}.{name}" if path else str(name))
    elif isinstance(given, list):
        for number, value in enumerate(given):
            yield from with_control(value, f"{path}[{number}]")
