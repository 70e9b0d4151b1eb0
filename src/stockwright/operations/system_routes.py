"""The system itself: health, documentation, metrics."""

from __future__ import annotations

from typing import Any

import stockwright
from stockwright.base.errors import Busy
from stockwright.base.instant import iso
from stockwright.events.records import count_dead_letters
from stockwright.http.metrics import Metrics, Uncounted
from stockwright.http.route import Answer, Call, Route
from stockwright.http.rules import Wire
from stockwright.operations.health import Readiness, check_readiness

TAG = "System"
SERVICE = "stockwright"
LETTERS_COUNTED_MAX = 1000


class HealthView(Wire):
    """S2's health; S4's fields stand at the top level of the answer too."""

    status: str
    service: str
    version: str
    timestamp: str


class LiveView(Wire):
    """The process answers."""

    status: str


class ReadyView(Wire):
    """Whether the store takes writes, and how many events wait for their slowest handler."""

    status: str
    store: str
    outbox_lag: int


async def _health(call: Call) -> HealthView:
    return HealthView(
        status="healthy", service=SERVICE, version=stockwright.__version__, timestamp=iso(call.app.clock.now())
    )


async def _live(_: Call) -> LiveView:
    return LiveView(status="live")


async def _ready(call: Call) -> Readiness:
    return await check_readiness(call.app)


def _show_ready(_: Call, found: Readiness) -> ReadyView:
    if not found.writable:
        details = {"store": "not writable", "reason": found.reason, "outboxLag": found.outbox_lag}
        raise Busy(f"Not ready: {found.reason}", details)
    return ReadyView(status="ready", store="writable", outbox_lag=found.outbox_lag)


async def _metrics(call: Call) -> Answer:
    metrics: Metrics | Uncounted = call.scope["stockwright.metrics"]
    letters = await count_dead_letters(call.app.store, LETTERS_COUNTED_MAX)
    text = metrics.text(await call.app.lag(), letters)
    return Answer(raw=text, content_type="text/plain; version=0.0.4; charset=utf-8")


async def _spec(call: Call) -> Answer:
    return Answer(raw=call.scope["stockwright.openapi"](), headers={"cache-control": "public, max-age=60"})


_OPEN: dict[str, Any] = {"who": "public", "tag": TAG}
_HEALTH: dict[str, Any] = {**_OPEN, "any_query": True}
ROUTES = (
    Route(
        "GET",
        "/health",
        _health,
        "Whether the service is healthy",
        answer=HealthView,
        also_at="/health",
        at_top=("status", "service", "timestamp"),
        **_HEALTH,
    ),
    Route("GET", "/health/live", _live, "Whether the process answers", answer=LiveView, **_HEALTH),
    Route("GET", "/docs/spec", _spec, "This API as OpenAPI 3.1", **_OPEN),
    Route(
        "GET",
        "/metrics",
        _metrics,
        "Metrics in Prometheus's text format; anybody on this machine may ask",
        TAG,
        scopes=frozenset({"metrics"}),
        content_type="text/plain",
        loopback_too=True,
    ),
    Route("GET", "/health/ready", _ready, "Whether it can do its work", show=_show_ready, answer=ReadyView, **_HEALTH),
)
