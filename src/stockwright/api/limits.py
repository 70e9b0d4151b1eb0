"""Rate limits: per asker or address, and tighter ones where passwords and codes are guessed."""

from __future__ import annotations

import time
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from stockwright.domain.errors import RateLimited

POLICIES: Final[dict[str, RateLimitItem]] = {
    "general": RateLimitItemPerMinute(3000),
    "sign-in": RateLimitItemPerMinute(60),
    "sign-in-account": RateLimitItemPerMinute(20),
}
"""The names that routes use, and how many requests a minute each allows."""


class OverLimit(RateLimited):
    """Too many requests; `headers` tell the policy that was broken."""

    def __init__(self, headers: dict[str, str], *, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.headers = headers


class Limits:
    """Counts requests in this process; the cloud form's gateway counts before us."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, policy: str, who: str) -> dict[str, str]:
        """Count one request; returns the RateLimit headers, or raises OverLimit with them."""
        if not self.on:
            return {}
        item = POLICIES[policy]
        allowed = self._limiter.hit(item, who)
        window = self._limiter.get_window_stats(item, who)
        reset = max(1, round(window.reset_time - time.time()))  # noqa: TID251 - the library counts by the same clock
        headers = {
            "ratelimit-policy": f'"{policy}";q={item.amount};w=60',
            "ratelimit": f'"{policy}";r={max(0, window.remaining) if allowed else 0};t={reset}',
        }
        if not allowed:
            raise OverLimit(headers, retry_after_seconds=reset)
        return headers
