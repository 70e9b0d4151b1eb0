"""Prometheus metrics of the edge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram


BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)


class Metrics:
    """Requests by route and status, how long they took, and how far the event handlers lag."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        self._requests = Counter(
            "stockwright_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "stockwright_request_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=self.registry
        )
        # Looked up once: there are as many as routes, methods and statuses.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._lag = Gauge(
            "stockwright_outbox_lag_events", "Events that wait for their handlers", registry=self.registry
        )
        self._backup = Gauge(
            "stockwright_backup_age_seconds",
            "Age of the newest backup that was written by itself; NaN without one",
            registry=self.registry,
        )
        self._dead_letters = Gauge(
            "stockwright_dead_letters", "Dead letters kept (counted up to 100)", registry=self.registry
        )

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        children = self._children.get((route, method, status))
        if children is None:
            children = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
            self._children[(route, method, status)] = children
        requests, times = children
        requests.inc()
        times.observe(seconds)

    def text(self, lag: int, dead_letters: int, backup_seconds: float | None = None) -> bytes:
        """Write everything in Prometheus's text format; `backup_seconds` is the newest backup's age (None: none)."""
        from prometheus_client import generate_latest

        self._backup.set(math.nan if backup_seconds is None else backup_seconds)
        self._lag.set(lag)
        self._dead_letters.set(dead_letters)
        return generate_latest(self.registry)


class Uncounted:
    """A function's: CloudWatch counts, for all of its containers at once."""

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count nothing."""

    def text(self, lag: int, dead_letters: int, backup_seconds: float | None = None) -> bytes:  # noqa: ARG002 - as the other's
        """Say where the counts are."""
        return b"# CloudWatch counts what the functions do.\n"
