"""Times as clients write them."""

from __future__ import annotations

from datetime import UTC, datetime

from stockwright.domain.errors import Invalid


def instant_of(text: str, field_name: str) -> int:
    """Return the instant (ms) that an ISO 8601 text means; without an offset it is UTC, a day is its start."""
    try:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid.field(field_name, "must be a time such as 2025-01-31T12:00:00Z") from None
