"""Who is notified when the shop needs attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.accounts.first_admin import admin_emails

if TYPE_CHECKING:
    from stockwright.context import App


async def alert_emails(app: App) -> list[str]:
    """Return the configured recipients of alerts, else the admins who can sign in."""
    return list(app.settings.alert_emails) or await admin_emails(app)
