"""Format 2: every item has every field that its record has.

Format 1 left out what releases before did not know yet (`updatedAt` of a stock, `counted` of a reservation), and
what is seldom anything but its default (`options` and `returned` of a line, `settling` of an order).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

if TYPE_CHECKING:
    from stockwright.store.port import Body, Put

FORMAT: Final = 2

DEFAULTS: Final[dict[tuple[str, str], Body]] = {
    ("ACCOUNT", "ACCOUNT"): {"sessionsEndedAt": 0, "further": []},
    ("CATEGORIES", ""): {"renamedFrom": None},
    ("DEADLETTER", "DEADLETTER"): {"originalError": ""},
    ("FAMILY", "FAMILY"): {"spent": []},
    ("LOCATIONS", ""): {"shortagesKnown": False},
    ("NOTIFICATION", "NOTIFICATION"): {"resendOf": ""},
    ("ORDER", "ORDER"): {"settling": False},
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
SHARED: Final = frozenset({"CATEGORIES", "LOCATIONS"})
LINE: Final[Body] = {"options": {}, "returned": 0}
MFA: Final[Body] = {"asked": ""}


def upgrade(row: Put) -> Put | None:
    """Add the fields that are missing."""
    partition, sort = (part.partition("#")[0] for part in row.key)
    kind = (partition, "" if partition in SHARED else sort)
    if kind not in DEFAULTS:
        return None
    body = _with(row.body, DEFAULTS[kind])
    if kind[1] in {"ORDER", "SALE"}:
        body = body | {"lines": [_with(line, LINE) for line in body["lines"]]}
    elif kind[1] == "STOCK":
        # No time of the last change was recorded.
        body = _with(body, {"updatedAt": body["createdAt"]})
    elif kind[1] == "ACCOUNT" and body["mfa"]:
        body = body | {"mfa": _with(body["mfa"], MFA)}
    return None if body == row.body else replace(row, body=body)


def _with(body: Body, defaults: dict[str, Any]) -> Body:
    missing = {name: value for name, value in defaults.items() if name not in body}
    return {**body, **missing} if missing else body
