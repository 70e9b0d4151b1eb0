"""Times as clients read and write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from stockwright.base.errors import Invalid

DAY_MS: Final = 86_400_000
DAY_CHARACTERS: Final = len("2025-01-31")


def instant_of(text: str, field_name: str) -> int:
    """Return the instant (ms) that an ISO 8601 text means; without an offset it is UTC, a day is its start."""
    try:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid.field(field_name, "must be a time such as 2025-01-31T12:00:00Z") from None


def end_of(text: str, field_name: str) -> int:
    """Return the instant (ms) before which a range ends: a day is in it to its end (UTC), a time is not."""
    at = instant_of(text, field_name)
    return at + DAY_MS if len(text) == DAY_CHARACTERS else at


def iso(at: int) -> str:
    """Write an instant (ms since 1970) as ISO 8601 UTC with milliseconds and Z."""
    seconds, milliseconds = divmod(at, 1000)
    return f"{_iso_seconds(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)
def _iso_seconds(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
