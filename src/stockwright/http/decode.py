"""From bytes to the route's types: a fast path, and a slow one that reports every wrong field."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from stockwright.base.errors import Invalid, NotFound
from stockwright.http.describe import with_control
from stockwright.http.rules import Report, Wire, check_rules, plan_of

QUERY_FIELDS_MAX = 50
PATH_PART_MAX = 256
NAME_SHOWN_MAX = 100
_decoders: dict[type[Wire], msgspec.json.Decoder[Any]] = {}
_CONTENT_TYPE = re.compile(r"application/(?:[\w.+-]+\+)?json$")
_ESCAPED_CONTROL = re.compile(rb"\\(?:u00[01]|[bf])")
_CONTROL_IN_PATH = re.compile(r"[\x00-\x1f\x7f]")
_IGNORED = re.compile(r"_|utm_.*")
"""What caches and advertisers add to any address."""


class WrongFields(Invalid):
    """What was sent breaks rules of its type; `well_formed` holds the rest, as `Report.well_formed`."""

    def __init__(self, report: Report) -> None:
        super().__init__(details=report.entries)
        self.well_formed = report.well_formed


def body(wanted: type[Wire], raw: bytes, content_type: str) -> Any:
    """Decode a JSON body; raises WrongFields with one entry per wrong field. Unknown fields are ignored."""
    if raw:
        kind = content_type.split(";", maxsplit=1)[0].strip().lower()
        if kind and not _CONTENT_TYPE.match(kind):
            raise Invalid(f"The body must be application/json, not {kind[:100]}")
    else:
        raw = b"{}"
    decoder = _decoders.get(wanted)
    if decoder is None:
        decoder = _decoders[wanted] = msgspec.json.Decoder(wanted)
    read = None
    try:
        read = decoder.decode(raw)
        check_rules(read)
        # JSON writes control characters only as escapes, so that most bodies need no second look.
        if not _ESCAPED_CONTROL.search(raw):
            return read
    except (msgspec.ValidationError, Invalid):
        pass
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("The body is not valid JSON") from None
    try:
        report = Report(wanted, _untyped(raw), strict=True)
    except RecursionError:
        raise Invalid("The body is nested too deeply") from None
    if report.entries:
        raise WrongFields(report)
    return read


def _untyped(raw: bytes) -> Any:
    """Decode whatever it is, or refuse what is broken behind its first wrong field."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:
        raise Invalid("The body holds a number that is too large") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("The body is not valid JSON") from None


def query(wanted: type[Wire], raw: bytes, *, any_field: bool = False) -> Any:
    """Decode a query string; each field at most once and known, numbers and switches written as text."""
    if not raw and _needs_nothing(wanted):
        return wanted()
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
    except (ValueError, UnicodeDecodeError):
        raise Invalid("The query string is not well formed") from None
    # A field left blank counts as not given.
    given = {name: value for name, value in pairs if value}
    names = [name for name, _ in pairs if not any_field]
    entries = list(_misnamed(wanted, names, [name for name, value in pairs if value]))
    if not entries:
        try:
            read = msgspec.convert(given, wanted, strict=False)
            check_rules(read)
            if not any(with_control(given, "")):
                return read
        except (msgspec.ValidationError, Invalid):
            pass
    report = Report(wanted, given, strict=False)
    reported = {each["field"] for each in entries}
    report.entries = entries + [each for each in report.entries if each["field"] not in reported]
    if report.entries:
        raise WrongFields(report)
    return msgspec.convert(given, wanted, strict=False)


@functools.cache
def _needs_nothing(wanted: type[Wire]) -> bool:
    """Return whether a type is right with all its defaults: most requests send no query."""
    return not Report(wanted, {}, strict=False).entries


def _misnamed(wanted: type[Wire], names: list[str], filled: list[str]) -> Iterator[dict[str, str]]:
    """Report parameters that are not there, and those that are given more than once."""
    known = plan_of(wanted).names
    for name in dict.fromkeys(names):
        if name not in known and not _IGNORED.fullmatch(name):
            shown = name[:NAME_SHOWN_MAX]
            there = f"known: {', '.join(known)}" if known else "there are none"
            yield {"field": shown, "message": f"is not a query parameter here; {there}"}
    for name, count in Counter(filled).items():
        if count > 1 and name in known:
            yield {"field": name, "message": "is given more than once"}


def path_text(value: str) -> str:
    """Accept a variable part of a path, or refuse characters that no id of ours can hold."""
    if len(value) > PATH_PART_MAX or _CONTROL_IN_PATH.search(value):
        raise NotFound("Not found")
    return value
