"""The checker of histories: it takes every answer that one shop could have given, and no other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.model.history import Asked, History, Try, check

PRODUCT, ORDER, AT = "prd_1", "ord_1", 1_800_000_000_000


def order_data(status: str, *steps: str) -> dict[str, Any]:
    return {
        "items": [{"productId": PRODUCT, "quantity": 1, "returned": 0}],
        "totalAmount": 250,
        "status": status,
        "timeline": [{"status": step} for step in steps],
    }


PLACED = order_data("PENDING", "PENDING")
PACKED = order_data("PACKED", "PENDING", "CONFIRMED", "PACKED")
DELIVERED = order_data("DELIVERED", "PENDING", "CONFIRMED", "PACKED", "DELIVERED")


def event(name: str, key: str, at: int, actor: str = "usr_1") -> dict[str, Any]:
    moment = datetime.fromtimestamp((AT + at) / 1000, UTC).isoformat()
    return {"name": name, "subject": ORDER, "requestId": key, "actor": actor, "createdAt": moment}


def answered(begin: int, end: int, data: dict[str, Any], *, replayed: bool = False) -> Try:
    return Try(AT + begin, AT + end, 200, data, replayed)


def a_second_pack(*, replayed: bool) -> History:
    """Two people pack an order; the second one's first answer is lost, and the next comes after the delivery."""
    asked = [
        Asked("1", "admin", "order", {"lines": [(PRODUCT, 1)]}, [answered(0, 20, PLACED)]),
        Asked("2", "admin", "pack", {"order": ORDER}, [answered(1000, 1020, PACKED)]),
        Asked(
            "3", "admin", "pack", {"order": ORDER}, [Try(AT + 1100), answered(3000, 3020, PACKED, replayed=replayed)]
        ),
        Asked("4", "admin", "deliver", {"order": ORDER}, [answered(2000, 2020, DELIVERED)]),
    ]
    events = [
        event("order.placed", "1", 10),
        event("order.confirmed", "1", 500, "system"),
        event("order.packed", "2", 1010),
        event("order.delivered", "4", 2010),
    ]
    return History({PRODUCT: ["cup-1", 250, 5]}, {each.key: each for each in asked}, events)


def test_a_replayed_answer_may_be_that_of_an_earlier_try() -> None:
    figures, shop = check(a_second_pack(replayed=True))
    assert figures["replayed answers"] == 1
    assert shop.orders[ORDER].status == "DELIVERED"


def test_a_new_answer_must_match_the_present_state() -> None:
    with pytest.raises(AssertionError, match="never right"):
        check(a_second_pack(replayed=False))
