"""Prometheus metrics of the edge."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)


class Metrics:
    """Requests by route and status, how long they took, and how far the event handlers lag."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "stockwright_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "stockwright_request_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self.lag = Gauge("stockwright_outbox_lag_events", "Events that wait for their handlers", registry=self.registry)
        self.dead_letters = Gauge(
            "stockwright_dead_letters", "Dead letters kept (counted up to 100)", registry=self.registry
        )

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Write everything in Prometheus's text format."""
        return generate_latest(self.registry)
