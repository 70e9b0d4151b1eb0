"""The server's clock."""

from __future__ import annotations

import time


class SystemClock:
    """The time now, as milliseconds since 1970 UTC."""

    def now(self) -> int:
        """Return the time now (ms)."""
        return time.time_ns() // 1_000_000
