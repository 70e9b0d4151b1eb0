"""Format 2: an item's body is its record, field by field.

Format 1 left out what releases before did not know yet (`updatedAt` of a stock, `counted` of a reservation), and
what is seldom anything but its default (`options` and `returned` of a line, `settling` of an order). Some fields
had other names: `settling` is `hasPendingWork` now, `draws` of orders and sales are `allocations`,
`draw` of a reservation's item is its `allocation`, `tells` of an order's remaining work is `events`, with their
whole names, and `channel` and `to` of a digest are its `address`. The id of a location and the key of a category
stood in their items' keys alone. A handler's cursor was one position; it has one for each shard of the log now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from stockwright.store.port import body_of

if TYPE_CHECKING:
    from stockwright.store.port import Body, Put

FORMAT: Final = 2

DEFAULTS: Final[dict[tuple[str, str], Body]] = {
    ("ACCOUNT", "ACCOUNT"): {"sessionsEndedAt": 0, "further": [], "locale": ""},
    ("CATEGORIES", ""): {"renamedFrom": None},
    ("CURSORS", ""): {},
    ("DIGEST", ""): {},
    ("DEADLETTER", "DEADLETTER"): {"originalError": ""},
    ("FAMILY", "FAMILY"): {"spent": []},
    ("LOCATIONS", ""): {"shortagesKnown": False},
    ("NOTIFICATION", "NOTIFICATION"): {"resendOf": "", "template": "", "data": {}},
    ("ORDER", "ORDER"): {},
    ("ORDER", "WORK"): {"requestId": ""},
    ("PRODUCT", "MOVEMENT"): {"balanceAfter": None, "stockVersion": None},
    ("PRODUCT", "STOCK"): {},
    ("RESERVATION", "RESERVATION"): {"counted": False},
    ("RETRY", "RETRY"): {"waiting": False, "originalError": ""},
    ("SALE", "SALE"): {},
    # Set-up links of before had no end: they count as over.
    ("SETUP", "SETUP"): {"expiresAt": 0},
}
"""By the first part of the partition and of the sort; what shares one partition has its own name for a sort."""
SHARED: Final = {"CATEGORIES": "key", "CURSORS": "", "DIGEST": "", "LOCATIONS": "id"}
"""Partitions whose items differ in their sort key only, and the field that holds it from now on ("": none)."""
RENAMED: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("ORDER", "ORDER"): {"draws": "allocations", "settling": "hasPendingWork"},
    ("SALE", "SALE"): {"draws": "allocations"},
}
LINE: Final[Body] = {"options": {}, "returned": 0}
SHARDS: Final = 8
"""Of the log in this format."""
MFA: Final[Body] = {"asked": ""}


def upgrade(row: Put) -> Put | None:
    """Add the fields that are missing, and give others the names and shapes that their records have."""
    partition, sort = (part.partition("#")[0] for part in row.key)
    kind = (partition, "" if partition in SHARED else sort)
    if kind not in DEFAULTS:
        return None
    former = body_of(row.body)
    names = RENAMED.get(kind, {})
    renamed = {names.get(name, name): value for name, value in former.items()}
    body = _with(_reshaped(kind, row.key[1], renamed), DEFAULTS[kind])
    return None if body == former else replace(row, body=body)


def _reshaped(kind: tuple[str, str], sort: str, body: Body) -> Body:  # noqa: PLR0911 - a case per kind
    match kind:
        case ("CATEGORIES" | "LOCATIONS" as shared, ""):
            return _with(body, {SHARED[shared]: sort})
        case ("CURSORS", "") if "position" in body:
            rest = {name: value for name, value in body.items() if name != "position"}
            return rest | {"positions": [body["position"]] * SHARDS}
        case ("DIGEST", "") if "address" not in body:
            rest = {name: value for name, value in body.items() if name not in {"channel", "to"}}
            return rest | {"address": {"channel": body["channel"], "to": body["to"]}}
        case ("ORDER", "ORDER"):
            lines = [_with(line, LINE) for line in body["lines"]]
            return _with(body | {"lines": lines}, {"hasPendingWork": False})
        case ("SALE", "SALE"):
            return body | {"lines": [_with(line, LINE) for line in body["lines"]]}
        case ("RESERVATION", "RESERVATION") if "items" in body:
            names = {"draw": "allocation"}
            return body | {
                "items": [{names.get(name, name): of for name, of in each.items()} for each in body["items"]]
            }
        case ("ORDER", "WORK") if "tells" in body:
            rest = {name: value for name, value in body.items() if name != "tells"}
            return rest | {"events": [[f"order.{step}", products] for step, products in body["tells"]]}
        case ("PRODUCT", "STOCK"):
            # No time of the last change was recorded.
            return _with(body, {"updatedAt": body["createdAt"]})
        case ("ACCOUNT", "ACCOUNT") if body["mfa"]:
            return body | {"mfa": _with(body["mfa"], MFA)}
    return body


def _with(body: Body, defaults: dict[str, Any]) -> Body:
    missing = {name: value for name, value in defaults.items() if name not in body}
    return {**body, **missing} if missing else body
