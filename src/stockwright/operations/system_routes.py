"""The system itself: health, documentation, metrics."""

from __future__ import annotations

import stockwright
from stockwright.base.errors import Busy
from stockwright.base.instant import iso
from stockwright.http.metrics import Metrics, Uncounted
from stockwright.http.route import Answer, AnyCall, PlainCall, route
from stockwright.http.rules import Wire
from stockwright.operations.backups import BackupState, backup_age
from stockwright.operations.health import Readiness, check_readiness
from stockwright.rollups.usecases import count_dead_letters

TAG = "System"
SERVICE = "stockwright"


class HealthView(Wire):
    """The health of the service; three fields are also at the top level of the answer."""

    status: str
    service: str
    version: str
    timestamp: str


class LiveView(Wire):
    """The process answers."""

    status: str


class ReadyView(Wire):
    """Whether the store can be read and written, how many events wait for the slowest handler, and how backups are."""

    status: str
    store: str
    outbox_lag: int
    backup: BackupState


async def _health(call: PlainCall) -> HealthView:
    return HealthView(
        status="healthy", service=SERVICE, version=stockwright.__version__, timestamp=iso(call.app.clock.now())
    )


async def _live(_: PlainCall) -> LiveView:
    return LiveView(status="live")


async def _ready(call: PlainCall) -> Readiness:
    return await check_readiness(call.app)


def _show_ready(_: AnyCall, found: Readiness) -> ReadyView:
    if not found.writable:
        details = {"store": "not writable", "reason": found.reason, "outboxLag": found.outbox_lag}
        raise Busy(f"Not ready: {found.reason}", details)
    return ReadyView(status="ready", store="writable", outbox_lag=found.outbox_lag, backup=found.backup)


async def _metrics(call: PlainCall) -> Answer:
    metrics: Metrics | Uncounted = call.scope["stockwright.metrics"]
    letters = await count_dead_letters(call.app)
    age = backup_age(call.app) if call.app.settings.backup_every else None
    text = metrics.text(await call.app.lag(), letters, None if age is None else age / 1000)
    return Answer(raw=text, content_type="text/plain; version=0.0.4; charset=utf-8")


async def _spec(call: PlainCall) -> Answer:
    return Answer(raw=call.scope["stockwright.openapi"](), headers={"cache-control": "public, max-age=60"})


ROUTES = (
    route(
        "GET",
        "/health",
        _health,
        "Whether the service is healthy",
        TAG,
        answer=HealthView,
        also_at="/health",
        at_top=("status", "service", "timestamp"),
        who="public",
        any_query=True,
    ),
    route(
        "GET", "/health/live", _live, "Whether the process is alive", TAG, answer=LiveView, who="public", any_query=True
    ),
    route("GET", "/docs/spec", _spec, "The OpenAPI 3.1 document of this API", TAG, who="public"),
    route(
        "GET",
        "/metrics",
        _metrics,
        "Metrics in Prometheus's text format; public on the server's own machine",
        TAG,
        scopes=frozenset({"metrics"}),
        content_type="text/plain",
        loopback_too=True,
    ),
    route(
        "GET",
        "/health/ready",
        _ready,
        "Whether the service is ready: the store can be read and written",
        TAG,
        _show_ready,
        answer=ReadyView,
        who="public",
        any_query=True,
    ),
)
