"""Prometheus metrics of the edge."""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left
from collections import Counter as Counts
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prometheus_client.core import Metric


BACKUP_AGE = "Age of the newest backup that was written by itself; NaN without one"
WAIT_SECONDS: Final = 0.1
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)


class Metrics:
    """Requests by route and status, how long they took, and how far the event handlers lag.

    Of several workers each counts in files of the `shared` folder, and the one that is asked adds them up.
    """

    def __init__(self, shared: Path | None = None) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry = CollectorRegistry()
        self._shared = shared
        self._requests = Counter(
            "stockwright_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "stockwright_request_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self._waiting: dict[tuple[str, str, int], list[float]] = {}
        """The seconds of requests that are not added up yet: a tenth of a second's."""

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request, soon."""
        waiting = self._waiting.get((route, method, status))
        if waiting is None:
            if not self._waiting:
                asyncio.get_running_loop().call_later(WAIT_SECONDS, self._add_up)
            waiting = self._waiting[(route, method, status)] = []
        waiting.append(seconds)

    def _add_up(self) -> None:
        """Count what waits at once: each sum is behind a lock, and of several workers in a file."""
        waiting, self._waiting = self._waiting, {}
        for (route, method, status), seconds in waiting.items():
            self._requests.labels(route, method, str(status)).inc(len(seconds))
            times: Any = self._seconds.labels(route)
            # The library adds one observation at a time; these are the sums that it keeps.
            times._sum.inc(sum(seconds))  # noqa: SLF001
            for bucket, count in Counts([bisect_left(BUCKETS, each) for each in seconds]).items():
                times._buckets[bucket].inc(count)  # noqa: SLF001

    def text(self, lag: int, dead_letters: int, backup_seconds: float | None = None) -> bytes:
        """Write everything in Prometheus's text format; `backup_seconds` is the newest backup's age (None: none)."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.core import GaugeMetricFamily
        from prometheus_client.multiprocess import MultiProcessCollector

        self._add_up()
        counted = self.registry
        if self._shared is not None:
            counted = CollectorRegistry()
            MultiProcessCollector(counted, str(self._shared))  # type: ignore[no-untyped-call]
        age = math.nan if backup_seconds is None else backup_seconds
        gauges: list[Metric] = [
            GaugeMetricFamily("stockwright_backup_age_seconds", BACKUP_AGE, age),
            GaugeMetricFamily("stockwright_outbox_lag_events", "Events that wait for their handlers", lag),
            GaugeMetricFamily("stockwright_dead_letters", "Dead letters kept (counted up to 100)", dead_letters),
        ]
        return generate_latest(counted) + generate_latest(_Measured(gauges))


class _Measured:
    """Values of this moment, as a registry."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Return them."""
        return iter(self._metrics)


class Uncounted:
    """A function's: CloudWatch counts, for all of its containers at once."""

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count nothing."""

    def text(self, lag: int, dead_letters: int, backup_seconds: float | None = None) -> bytes:  # noqa: ARG002 - as the other's
        """Say where the counts are."""
        return b"# CloudWatch counts what the functions do.\n"
