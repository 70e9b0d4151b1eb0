"""The server's clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BACK_MS_MAX: Final = 24 * 3_600_000
"""A step back by more than a day means that the machine's clock was wrong before; it is followed at once."""


class SystemClock:
    """The time now, as milliseconds since 1970 UTC; it never goes back.

    Where the machine's clock is set back (by hand, by a time server, by a virtual machine that was resumed),
    this clock goes on at half the speed until the machine's has caught up. So what is made later has the later
    time and the later id, and holds still expire.
    """

    def __init__(
        self, machine: Callable[[], int] = time.time_ns, steady: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._machine, self._steady = machine, steady
        self._last = 0
        self._slow_from: tuple[int, int] | None = None
        """While it is slow: its time (ms), and the steady clock's (ns), when that began."""

    def now(self) -> int:
        """Return the time now (ms)."""
        machine = self._machine() // 1_000_000
        if machine >= self._last or self._last - machine > BACK_MS_MAX:
            self._slow_from, self._last = None, machine
            return machine
        if self._slow_from is None:
            self._slow_from = self._last, self._steady()
        began_at, began = self._slow_from
        self._last = max(self._last, began_at + (self._steady() - began) // 2_000_000)
        return self._last

    def start_from(self, at: int) -> None:
        """Go on from a time that the shop has seen before (ms): the machine's clock may be back since then."""
        self._last = max(self._last, at)
