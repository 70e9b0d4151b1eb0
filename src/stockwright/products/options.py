"""A line's options: what was chosen of what the product offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Invalid
from stockwright.base.names import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


COLOR_NAMES: Final = ("color", "colors", "colour", "colours")
"""What products call the option that S3's `color` means."""
_SHOWN_MAX: Final = 30


def choose_options(
    offered: Mapping[str, Any], chosen: Mapping[str, Any], color: Any = None, field: str = ""
) -> dict[str, Any]:
    """Check what was chosen of a product, and write it as the product does; raises Invalid naming the choices.

    `offered` are the product's options: a list is choices, anything else is free-form and takes any
    value. A product of which nothing is a choice takes any options. S3's `color` is a value, else a
    position counted from 1; a product without colors keeps it as it came. `field` is put before the
    names of wrong fields.
    """
    wrong = list[dict[str, str]]()
    options = dict[str, Any]()
    for name, value in chosen.items():
        if value is None:
            continue
        try:
            own, written = _choose(offered, name, value)
        except ValueError as problem:
            wrong.append({"field": f"{field}options.{name}", "message": str(problem)})
        else:
            options[own] = written
    if color is not None:
        try:
            own, written = _choose_color(offered, color)
        except ValueError as problem:
            wrong.append({"field": f"{field}color", "message": str(problem)})
        else:
            if own in options and not same_choice(options[own], written):
                message = f"contradicts options.{own}; send one of them"
                wrong.append({"field": f"{field}color", "message": message})
            options[own] = written
    if wrong:
        raise Invalid(details=wrong)
    return options


def same_choice(one: Any, other: Any) -> bool:
    """Compare two values of an option: case, blanks around it, and the type of a number do not matter."""
    if isinstance(one, bool) or isinstance(other, bool):
        return _text(one) == _text(other)
    if isinstance(one, str | int | float) and isinstance(other, str | int | float):
        return _text(one) == _text(other)
    return bool(one == other)


def describe_options(options: Mapping[str, Any]) -> str:
    """Write options for people: `color: red, size: M`."""
    return ", ".join(f"{name}: {value}" for name, value in options.items())


def _choose(offered: Mapping[str, Any], name: str, value: Any) -> tuple[str, Any]:
    """Return the product's own name and spelling of one choice; ValueError names the choices."""
    own = _find_name(offered, name)
    if own is None:
        if offered and not any(_choices(each) for each in offered.values()):
            return name, value
        there = f"choose from {', '.join(offered)}" if offered else "it has none"
        raise ValueError(f"is not an option of this product; {there}")
    choices = _choices(offered[own])
    if not choices:
        return own, value
    for each in choices:
        if same_choice(each, value):
            return own, each
    raise ValueError(_must_be(choices))


def _choose_color(offered: Mapping[str, Any], color: Any) -> tuple[str, Any]:
    own = _find_name(offered, "color")
    if own is None:
        return "color", color
    choices = _choices(offered[own])
    if not choices:
        return own, color
    for each in choices:
        if same_choice(each, color):
            return own, each
    position = _text(color) if isinstance(color, str | int) else ""
    if position.isascii() and position.isdecimal() and len(position) < 6 and 1 <= int(position) <= len(choices):  # noqa: PLR2004
        return own, choices[int(position) - 1]
    raise ValueError(f"{_must_be(choices)}, or a position from 1 to {len(choices)}")


def _find_name(offered: Mapping[str, Any], name: str) -> str | None:
    wanted = _text(name)
    for own in offered:
        if _text(own) == wanted:
            return own
    if wanted in COLOR_NAMES:
        return next((own for own in offered if _text(own) in COLOR_NAMES), None)
    return None


def _choices(offered: Any) -> list[Any]:
    """Return the choices of an option; none where it is free-form."""
    return offered if isinstance(offered, list) else []


def _must_be(choices: list[Any]) -> str:
    shown = ", ".join(str(each) for each in choices[:_SHOWN_MAX])
    return f"must be one of {shown}" + (f" and {len(choices) - _SHOWN_MAX} more" if len(choices) > _SHOWN_MAX else "")


def _text(value: Any) -> str:
    return clean(str(value)).casefold()
