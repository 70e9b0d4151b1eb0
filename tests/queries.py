"""S2's saved queries of its log, and what they find in lines: the filter as CloudWatch Logs Insights evaluates it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

Line = Mapping[str, Any]

SAVED: Final = {
    "Error Rate by Endpoint": """
        fields @timestamp, @message, requestId, userId
        | filter level = "ERROR"
        | stats count() by bin(5m)""",
    "Order Processing Time": """
        fields @timestamp, duration, orderId
        | filter message like /Order created/
        | stats avg(duration), max(duration), min(duration) by bin(1h)""",
    "Top Products Ordered": """
        fields productId, productName
        | filter message like /Order created/
        | stats count() as orderCount by productId, productName
        | sort orderCount desc
        | limit 10""",
    "Failed Order Notifications": """
        fields @timestamp, orderId, errorMessage
        | filter level = "ERROR" and message like /notification failed/
        | sort @timestamp desc""",
}


def found(name: str, lines: Iterable[Line]) -> list[Line]:
    """Return the fields that a query reads of each line that its filter lets through; missing ones fail the test."""
    [read] = re.findall(r"^\s*fields (.+)$", SAVED[name], re.MULTILINE)
    [condition] = re.findall(r"\| filter (.+)$", SAVED[name], re.MULTILINE)
    names = [each for each in read.split(", ") if not each.startswith("@")]
    return [{each: line[each] for each in names} for line in lines if _holds(condition, line)]


def _holds(condition: str, line: Line) -> bool:
    for each in condition.split(" and "):
        field, operator, value = each.split(" ", 2)
        found = line.get(field, "")
        if operator == "=" and found != value.strip('"'):
            return False
        if operator == "like" and re.search(value.strip("/"), found) is None:
            return False
        assert operator in {"=", "like"}
    return True
