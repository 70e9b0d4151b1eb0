"""Retention on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.instant import iso
from stockwright.http.rules import Wire

if TYPE_CHECKING:
    from stockwright.accounts.model import Account
    from stockwright.config import Settings
    from stockwright.retention.usecases import Retention


class RetentionView(Wire):
    """How long records are kept (0: for ever), and whether older ones are removed; `reason` says why not."""

    requests_hours: int
    notifications_days: int
    events_days: int
    holds_days: int
    archive: bool
    accepted_at: str | None
    accepted_by: str | None
    removes: bool
    reason: str


class ErasedView(Wire):
    """An account whose person is erased; `kept_in` says where name and address stay."""

    id: str
    message: str
    kept_in: list[str]


def erased_view(account: Account) -> ErasedView:
    """Show what was done, and what was not."""
    message = "The account is erased; name and address are being replaced wherever they stand"
    return ErasedView(id=account.id, message=message, kept_in=["issued invoices", "backups"])


def retention_view(settings: Settings, found: Retention) -> RetentionView:
    """Show the settings, and whether they were accepted."""
    accepted = found.accepted
    return RetentionView(
        requests_hours=settings.keep_requests_hours,
        notifications_days=settings.keep_notifications_days,
        events_days=settings.keep_events_days,
        holds_days=settings.keep_holds_days,
        archive=settings.archive,
        accepted_at=iso(accepted.at) if accepted else None,
        accepted_by=accepted.by if accepted else None,
        removes=not found.why_not,
        reason=found.why_not,
    )
