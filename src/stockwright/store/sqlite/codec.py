"""Rows of the file, and items and events in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from stockwright.base.event import Event
from stockwright.base.record import Record, stored_part
from stockwright.store.port import INDEXES, Put

if TYPE_CHECKING:
    from stockwright.store.port import Content, IndexName


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


def encode(content: Content) -> bytes:
    """Write a body as JSON."""
    if isinstance(content, Record):
        return _encode(stored_part(content))
    return content if isinstance(content, bytes) else _encode(content)


def value_of(field: str) -> str:
    """Write the value of one field of the body."""
    return f"json_extract(body, '$.{field}')"


def filter_on(field: str) -> str:
    """Write the condition on one field of the body; `?` is its value."""
    return f"{value_of(field)}=?"


def row_of(read: tuple[Any, ...]) -> Put:
    """Read an item as the write that makes it what it is."""
    pk, sk, version, body, *entries, text, ttl = read
    pairs = zip(INDEXES, zip(entries[::2], entries[1::2], strict=True), strict=True)
    indexes: dict[IndexName, tuple[str, str]] = {name: entry for name, entry in pairs if entry[0] is not None}
    return Put((pk, sk), decode(body), version - 1, indexes, text or "", ttl)


_NOWHERE: Final[tuple[str | None, str | None]] = (None, None)


def columns(put: Put) -> tuple[str | int | None, ...]:
    """Return what a row holds beside its key, version and body."""
    find = put.indexes.get
    owner, listed, due = find("owner", _NOWHERE), find("list", _NOWHERE), find("due", _NOWHERE)
    return (*owner, *listed, *due, put.text or None, put.ttl)


def event_body(event: Event) -> bytes:
    """Write an event as the log stores it: a list of its fields, without its position, which is the row's."""
    return _encode((event.id, event.name, event.subject, event.at, event.data, event.actor, event.request_id))


def event_of(position: int, body: bytes) -> Event:
    """Read an event of the log, with its position. Format 1 stored an object."""
    fields = decode(body)
    if isinstance(fields, dict):
        fields["request_id"] = fields.pop("requestId")
        return Event(**fields, position=str(position))
    event_id, name, subject, at, data, actor, request_id = fields
    return Event(event_id, name, subject, at, data, actor, request_id, str(position))
