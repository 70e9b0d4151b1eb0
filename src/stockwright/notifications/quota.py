"""The shop's quota of mails that nobody may have asked for: codes, to addresses that anybody can enter.

Over it a mail waits for the next hour. So a flood of sign-ups mails few strangers and keeps the sender's good name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.errors import TryLater
from stockwright.store.quota import Quota, QuotaUsed, use

if TYPE_CHECKING:
    from stockwright.context import App


HOUR: Final = 3600


async def count_unasked_mail(app: App) -> None:
    """Count one mail; raises TryLater where this hour's are sent."""
    most = app.settings.unasked_mails_per_hour
    try:
        await use(app.store, [Quota("unasked-mail", "shop", most, HOUR)], app.clock.now())
    except QuotaUsed as used:
        app.log.warning("unasked mails wait", per_hour=most, seconds=used.seconds_left)
        raise TryLater(
            f"the shop has sent its {most} unasked mails of this hour", after_seconds=float(used.seconds_left)
        ) from used
