"""Writes and queries as DynamoDB's expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard

from stockwright.store.dynamodb import lease
from stockwright.store.dynamodb.codec import Wire, event_image, image_of_put, key_image, to_attribute
from stockwright.store.dynamodb.layout import home
from stockwright.store.port import (
    ABSENT,
    Add,
    Append,
    Check,
    Put,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.dynamodb.layout import Layout
    from stockwright.store.port import IndexName, Key, Path, Write


PATHS_MAX: Final = 40
"""How many numbers of an item one expression moves; about a hundred are longer than DynamoDB takes (4 KB)."""
NEVER: Final = "attribute_exists(pk) AND attribute_not_exists(pk)"


def action_of(table: str, write: Write, now: int, leased: Key | None, layout: Layout) -> Wire:
    """Write one write as an action of a transaction."""
    if isinstance(write, Append):
        position = f"{now:013d}-{write.event.id}"
        return {"Put": {"TableName": table, "Item": event_image(write.event, now, position, layout.written)}}
    if isinstance(write, Add):
        return {"Update": _update(table, write, None if write.key == leased else now)}
    if isinstance(write, Put):
        return {"Put": {"TableName": table, "Item": image_of_put(write, layout)} | _expecting(write.expect)}
    at_key = {"TableName": table, "Key": key_image(home(write.key))} | _expecting(write.expect)
    return {"ConditionCheck": at_key} if isinstance(write, Check) else {"Delete": at_key}


def is_wide(write: Write) -> TypeGuard[Add]:
    """Return whether an Add moves more numbers than one expression has room for."""
    return isinstance(write, Add) and len(write.deltas) > PATHS_MAX


def key_of_write(write: Write) -> Key | None:
    """Return the key that a write is about; None for an event."""
    return None if isinstance(write, Append) else write.key


def _expecting(version: int) -> Wire:
    if version == ABSENT:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {"ConditionExpression": "v = :expect", "ExpressionAttributeValues": {":expect": {"N": str(version)}}}


def _update(table: str, add: Add, now: int | None) -> Wire:
    """Add to numbers inside the body: every path must be there, and no result may fall below its floor.

    It waits for a lease that somebody has at `now`; None: it is the holder's own, which ends with it.
    """
    names: dict[str, str] = {}
    values: Wire = {":one": {"N": "1"}}
    sets, conditions = ["v = v + :one"], ["attribute_exists(pk)"]
    if now is not None:
        conditions.append(lease.UNLEASED)
        values[":now"] = {"N": str(now)}
    if add.expect is not None:
        conditions.append("v = :expect")
        values[":expect"] = {"N": str(add.expect)}
    for number, (path, delta) in enumerate(add.deltas.items()):
        at = _path(path, names)
        values[f":d{number}"] = {"N": str(delta)}
        sets.append(f"{at} = {at} + :d{number}")
        floor = add.floors.get(path)
        if floor is None:
            values[":number"] = {"S": "N"}
            conditions.append(f"attribute_type({at}, :number)")
        else:
            values[f":f{number}"] = {"N": str(floor - delta)}
            conditions.append(f"{at} >= :f{number}")
    for number, (name, value) in enumerate(add.sets.items()):
        values[f":s{number}"] = {"N": str(value)}
        sets.append(f"{_path((name,), names)} = :s{number}")
    written: Wire = {
        "TableName": table,
        "Key": key_image(add.key),
        "UpdateExpression": f"SET {', '.join(sets)}{lease.DROPPED if now is None else ''}",
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return written | ({"ExpressionAttributeNames": names} if names else {})


def _path(path: Path, names: dict[str, str]) -> str:
    """Name a path by placeholders, since a location's id may hold any character."""
    parts = ["b"]
    for name in path:
        placeholder = next((known for known, given in names.items() if given == name), f"#n{len(names)}")
        names[placeholder] = name
        parts.append(placeholder)
    return ".".join(parts)


def query_of(table: str, partition: str, index: IndexName | None, low: str, high: str) -> Wire | None:
    """Write the key condition: both bounds inclusive (what is on the upper one is dropped); None: there is nothing."""
    names = {"#p": f"{index}_p" if index else "pk", "#s": f"{index}_s" if index else "sk"}
    values = {":p": {"S": partition}}
    condition = "#p = :p"
    if low and high:
        if low > high:
            return None
        condition += " AND #s BETWEEN :low AND :high"
    elif low:
        condition += " AND #s >= :low"
    elif high:
        condition += " AND #s < :high"
    else:
        del names["#s"]
    values |= {f":{name}": {"S": text} for name, text in (("low", low), ("high", high)) if text}
    return {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    } | ({"IndexName": index} if index else {})


def add_filter(call: Wire, where: Mapping[str, str | int | bool], contains: Sequence[str]) -> None:
    """Add the filter to a query: fields with these values, and texts that the search text contains."""
    terms: list[str] = []
    for number, (name, value) in enumerate(where.items()):
        call["ExpressionAttributeNames"][f"#w{number}"] = name
        call["ExpressionAttributeValues"][f":w{number}"] = to_attribute(value)
        terms.append(f"b.#w{number} = :w{number}")
    for number, text in enumerate(contains):
        call["ExpressionAttributeValues"][f":text{number}"] = {"S": text}
        terms.append(f"contains(t, :text{number})")
    if terms:
        call["FilterExpression"] = " AND ".join(terms)
