"""Whether the service can do its work (GET /health/ready)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.errors import StockwrightError
from stockwright.operations.backups import BackupState, backup_state

if TYPE_CHECKING:
    from stockwright.context import App


class Readiness(Struct, frozen=True):
    """Whether the store can be read and written, and how many events wait for the slowest handler."""

    writable: bool
    outbox_lag: int
    reason: str = ""
    """Why it is not ready; says nothing internal."""
    backup: BackupState = "off"
    """Says how backups are; a late one does not make the service unready."""


async def check_readiness(app: App) -> Readiness:
    """Look at the last durable write, and ask the event handlers for their lag."""
    reason = await app.probe.verdict(app)
    try:
        lag, backup = await app.lag(), await backup_state(app)
    except StockwrightError:
        return Readiness(writable=False, outbox_lag=0, reason=reason or "the store cannot be read")
    return Readiness(writable=not reason, outbox_lag=lag, reason=reason, backup=backup)
