"""Rate limits: per caller or address, and tighter ones where passwords and codes are guessed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import RateLimited

if TYPE_CHECKING:
    from pathlib import Path

    from limits import RateLimitItem
    from limits.strategies import SlidingWindowCounterRateLimiter


LIMITS: Final = "limits"
"""The file in which several workers count together."""
POLICIES: Final = {"general": 3000, "sign-in": 60, "sign-in-account": 20}
"""The names that routes use, and how many requests a minute each allows."""
MAILING: Final = "mailing"
HOURLY: Final = {MAILING: 30}
"""Of what mails somebody who may not have asked for it, an address has so many requests an hour."""
SECONDS: Final = dict.fromkeys(HOURLY, 3600)
"""The windows that are no minute."""


class OverLimit(RateLimited):
    """Too many requests; `headers` name the policy that was exceeded."""

    def __init__(self, headers: dict[str, str], *, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.headers = headers


class Limits:
    """Counts requests, together with the other workers of the `shared` folder.

    Of the cloud form, WAF and the gateway count all requests, and the store those to guarded routes
    (`stored_limits.py`).
    """

    def __init__(self, *, on: bool, shared: Path | None = None) -> None:
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        self._policies: dict[str, RateLimitItem] = {}
        if on:
            # Imported where it is used: the cloud form starts the faster for it.
            from limits import RateLimitItemPerHour, RateLimitItemPerMinute
            from limits.storage import MemoryStorage
            from limits.strategies import SlidingWindowCounterRateLimiter

            if shared is None:
                self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
            else:
                from stockwright.http.shared_windows import SharedWindows

                self._limiter = SlidingWindowCounterRateLimiter(SharedWindows(shared / LIMITS))
            self._policies = {name: RateLimitItemPerMinute(most) for name, most in POLICIES.items()}
            self._policies |= {name: RateLimitItemPerHour(most) for name, most in HOURLY.items()}

    def count(self, policy: str, who: str) -> dict[str, str]:
        """Count one request; returns the RateLimit headers, or raises OverLimit with them."""
        if self._limiter is None:
            return {}
        item = self._policies[policy]
        allowed = self._limiter.hit(item, who)
        window = self._limiter.get_window_stats(item, who)
        reset = max(1, round(window.reset_time - time.time()))  # noqa: TID251 - the library counts by the same clock
        headers = {
            "ratelimit-policy": f'"{policy}";q={item.amount};w={item.get_expiry()}',
            "ratelimit": f'"{policy}";r={max(0, window.remaining) if allowed else 0};t={reset}',
        }
        if not allowed:
            raise OverLimit(headers, retry_after_seconds=reset)
        return headers


def amount_of(policy: str) -> int:
    """Return how many requests a policy allows in its window."""
    return HOURLY[policy] if policy in HOURLY else POLICIES[policy]
