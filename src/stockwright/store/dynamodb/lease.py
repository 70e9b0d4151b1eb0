"""A short lease on an item of DynamoDB: others' `Add`s are refused while one caller reads, decides and commits.

A transaction of DynamoDB returns no values, so what depends on an item's numbers is read before it, and
beside many buyers it would have changed each time. The lease is two attributes beside the item's version and
body. It only lets its holder make progress: what is right is decided by the version, so an abandoned lease,
or clocks that differ, do no harm beyond LEASE_MS.
"""

from __future__ import annotations

from typing import Any, Final

LEASE_MS: Final = 1000
BY: Final = "lease_by"
UNTIL: Final = "lease_until"
UNLEASED: Final = f"(attribute_not_exists({UNTIL}) OR {UNTIL} < :now)"
"""The condition of a write that waits for a lease to end; `:now` is an instant (ms)."""
DROPPED: Final = f" REMOVE {BY}, {UNTIL}"
_Wire = dict[str, Any]


def take(table: str, key: _Wire, token: str, now: int, lasts_ms: int = LEASE_MS) -> _Wire:
    """Write the UpdateItem that takes the lease, and answers with the item as it then is."""
    return {
        "TableName": table,
        "Key": key,
        "UpdateExpression": f"SET {BY} = :token, {UNTIL} = :until",
        "ConditionExpression": f"attribute_exists(pk) AND {UNLEASED}",
        "ExpressionAttributeValues": {":token": {"S": token}, ":until": _number(now + lasts_ms), ":now": _number(now)},
        "ReturnValues": "ALL_NEW",
    }


def drop(table: str, key: _Wire, token: str) -> _Wire:
    """Write the UpdateItem that gives the lease back, unless somebody else has it now."""
    return {
        "TableName": table,
        "Key": key,
        "UpdateExpression": DROPPED.strip(),
        "ConditionExpression": f"{BY} = :token",
        "ExpressionAttributeValues": {":token": {"S": token}},
    }


def is_leased(image: _Wire, now: int) -> bool:
    """Return whether somebody holds a lease on an item."""
    return UNTIL in image and int(image[UNTIL]["N"]) >= now


def _number(value: int) -> _Wire:
    return {"N": str(value)}
