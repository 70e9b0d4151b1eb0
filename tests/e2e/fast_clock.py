"""`stockwright`, whose clock runs some times as fast from an instant on: python fast_clock.py TIMES SINCE COMMAND.

Nothing else differs: so holds of a minute expire while a test can wait for them.
"""

from __future__ import annotations

import sys
import time
from functools import partial

from stockwright.app import build
from stockwright.cli import run, serve
from stockwright.cli.main import app


class FastClock:
    """The time now (ms), as the shop sees it."""

    def __init__(self, times: float, since: float) -> None:
        self.times, self.since = times, since

    def now(self) -> int:
        return int(self.at(time.time() * 1000))

    def at(self, real: float) -> float:
        """Return the shop's time at an instant of ours (ms)."""
        return self.since + (real - self.since) * self.times


if __name__ == "__main__":
    clock = FastClock(float(sys.argv[1]), float(sys.argv[2]))
    serve.build = run.build = partial(build, clock=clock)  # type: ignore[attr-defined]
    app(sys.argv[3:])
