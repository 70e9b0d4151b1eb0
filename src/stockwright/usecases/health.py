"""Whether the service can do its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockwright.domain.errors import Busy
from stockwright.store.port import ABSENT, Check

if TYPE_CHECKING:
    from stockwright.usecases.context import App


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the store takes writes, and how many events wait for their slowest handler."""

    writable: bool
    outbox_lag: int


async def check_readiness(app: App) -> Readiness:
    """Ask the store for a commit that changes nothing, and the event handlers for their lag."""
    try:
        await app.store.commit([Check(("HEALTH", "HEALTH"), ABSENT)])
    except Busy:
        return Readiness(writable=False, outbox_lag=await app.lag())
    return Readiness(writable=True, outbox_lag=await app.lag())
