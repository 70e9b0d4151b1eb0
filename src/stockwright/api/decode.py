"""From bytes to the route's types: a fast path, and a slow one that names every wrong field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from stockwright.domain.errors import Invalid, NotFound

QUERY_FIELDS_MAX = 50
PATH_PART_MAX = 256
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_CONTENT_TYPE = re.compile(r"application/(?:[\w.+-]+\+)?json$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ESCAPED_CONTROL = re.compile(rb"\\(?:u00[01]|[bf])")
_CONTROL_IN_PATH = re.compile(r"[\x00-\x1f\x7f]")
_PATH = re.compile(r" - at `\$(?P<path>.*?)`$")


def body(wanted: Any, raw: bytes, content_type: str) -> Any:
    """Decode a JSON body; raises Invalid with one entry per wrong field. Unknown fields are ignored."""
    if raw:
        kind = content_type.split(";", maxsplit=1)[0].strip().lower()
        if kind and not _CONTENT_TYPE.match(kind):
            raise Invalid(f"The body must be application/json, not {kind[:100]}")
    else:
        raw = b"{}"
    decoder = _decoders.get(wanted)
    if decoder is None:
        decoder = _decoders[wanted] = msgspec.json.Decoder(wanted)
    try:
        read = decoder.decode(raw)
    except msgspec.ValidationError as wrong:
        raise _told(wanted, _untyped(raw), wrong) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("The body is not valid JSON") from None
    # JSON writes control characters only as escapes, so that most bodies need no second look.
    if _ESCAPED_CONTROL.search(raw):
        try:
            entries = list(_with_control(msgspec.to_builtins(read), ""))
        except RecursionError:
            raise Invalid("The body is nested too deeply") from None
        if entries:
            raise Invalid(details=entries)
    return read


def _untyped(raw: bytes) -> Any:
    """Decode whatever it is, or refuse what is broken behind its first wrong field."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:
        raise Invalid("The body holds a number that is too large") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("The body is not valid JSON") from None


def _with_control(given: Any, path: str) -> Iterator[dict[str, str]]:
    """Name every text that holds a control character; tabs and line breaks are fine."""
    if isinstance(given, str):
        if _CONTROL.search(given):
            yield {"field": path, "message": "must not hold control characters"}
    elif isinstance(given, Mapping):
        for name, value in given.items():
            yield from _with_control(name, path)
            yield from _with_control(value, f"{path}.{name}" if path else str(name))
    elif isinstance(given, list):
        for number, value in enumerate(given):
            yield from _with_control(value, f"{path}[{number}]")


def query(wanted: Any, raw: bytes) -> Any:
    """Decode a query string; each field at most once, numbers and switches written as text."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=False, max_num_fields=QUERY_FIELDS_MAX)
    except (ValueError, UnicodeDecodeError):
        raise Invalid("The query string is not well formed") from None
    given = dict(pairs)
    entries = list(_with_control(given, ""))
    if len(given) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        entries += [{"field": name, "message": "is given more than once"} for name, n in counted.items() if n > 1]
    if entries:
        raise Invalid(details=entries)
    try:
        return msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as wrong:
        raise _told(wanted, given, wrong, strict=False) from None


def path_text(value: str) -> str:
    """Accept a variable part of a path, or refuse characters that no id of ours can hold."""
    if len(value) > PATH_PART_MAX or _CONTROL_IN_PATH.search(value):
        raise NotFound("Not found")
    return value


def _told(wanted: Any, given: Any, first: msgspec.ValidationError, *, strict: bool = True) -> Invalid:
    """Make the error: every wrong field where they can be told apart, at least the first."""
    entries = list(_wrong_fields(wanted, given, "", strict=strict))
    if not entries:
        text = str(first)
        found = _PATH.search(text)
        path = found["path"].removeprefix(".") if found else ""
        entries = [{"field": path, "message": _friendly(_PATH.sub("", text))}]
    return Invalid(details=entries)


def _wrong_fields(wanted: Any, given: Any, path: str, *, strict: bool) -> list[dict[str, str]]:
    struct = _struct_of(wanted)
    if struct is None or not isinstance(given, Mapping):
        return _one(wanted, given, path, strict=strict)
    entries: list[dict[str, str]] = []
    for field in msgspec.structs.fields(struct):
        name = field.encode_name
        here = f"{path}.{name}" if path else name
        if name not in given:
            if field.required:
                entries.append({"field": here, "message": "is required"})
            continue
        inner = _list_of(field.type)
        if inner is not None and isinstance(given[name], list) and _struct_of(inner):
            for number, each in enumerate(given[name][:100]):
                entries += _wrong_fields(inner, each, f"{here}[{number}]", strict=strict)
            if not entries:
                entries += _one(field.type, given[name], here, strict=strict)
        else:
            entries += _wrong_fields(field.type, given[name], here, strict=strict)
    return entries


def _one(wanted: Any, given: Any, path: str, *, strict: bool) -> list[dict[str, str]]:
    try:
        msgspec.convert(given, wanted, strict=strict)
    except msgspec.ValidationError as wrong:
        text = str(wrong)
        choices = _choices_of(wanted)
        if choices and text.startswith("Invalid enum value"):
            return [{"field": path, "message": f"must be one of {', '.join(choices)}"}]
        found = _PATH.search(text)
        deeper = found["path"] if found else ""
        return [{"field": f"{path}{deeper}".lstrip("."), "message": _friendly(_PATH.sub("", text))}]
    return []


def _struct_of(wanted: Any) -> Any:
    """Return the Struct that a type is (perhaps optional), or None."""
    options = get_args(wanted) if get_origin(wanted) in {Union, UnionType} else (wanted,)
    return next((each for each in options if isinstance(each, type) and issubclass(each, msgspec.Struct)), None)


def _choices_of(wanted: Any) -> list[str]:
    """Return the words that a type (perhaps optional) is one of."""
    if get_origin(wanted) is Literal:
        return [str(each) for each in get_args(wanted)]
    if get_origin(wanted) in {Annotated, Union, UnionType}:
        return [each for part in get_args(wanted) for each in _choices_of(part)]
    return []


def _list_of(wanted: Any) -> Any:
    """Return what a list type (perhaps optional, perhaps annotated) holds, or None."""
    if get_origin(wanted) is list:
        return get_args(wanted)[0]
    if get_origin(wanted) in {Annotated, Union, UnionType}:
        return next(filter(None, map(_list_of, get_args(wanted))), None)
    return None


_WORDS = {"int": "a whole number", "str": "text", "bool": "true or false", "array": "a list", "object": "an object",
          "float": "a number", "null": "null"}  # fmt: skip


def _friendly(text: str) -> str:
    """Say msgspec's finding in the words of a person who fills in a form."""
    found = re.fullmatch(r"Expected `([^`]+)`(?:, got `([^`]+)`)?", text)
    if found:
        wanted = " or ".join(_WORDS.get(each.strip(), each.strip()) for each in found[1].split("|"))
        return f"must be {wanted}" + (f", not {_WORDS.get(found[2], found[2])}" if found[2] else "")
    found = re.fullmatch(r"Expected `(\w+)` (of length )?(>=|<=|>|<) (-?[\d.]+)", text)
    if found:
        bound = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[found[3]]
        return f"must {'have' if found[2] else 'be'} {bound} {found[4]}" + (" characters" if found[1] == "str" else "")
    if text.startswith("Integer value out of range"):
        return "is too large a number"
    return text[:1].lower() + text[1:]
