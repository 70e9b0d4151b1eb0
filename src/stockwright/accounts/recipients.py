"""Who is notified when the shop needs attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.accounts.first_admin import admin_emails
from stockwright.settings.usecases import get_settings

if TYPE_CHECKING:
    from stockwright.context import App


async def alert_emails(app: App) -> list[str]:
    """Return the recipients of alerts that the settings name, else the admins who can sign in."""
    return list((await get_settings(app)).settings.alert_emails) or await admin_emails(app)
