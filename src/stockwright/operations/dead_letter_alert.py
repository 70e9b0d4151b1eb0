"""Operations: admins hear of what was given up (S2), and of backups that were not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.accounts.admin_mails import OPERATIONS, addresses_of_alerts, alert
from stockwright.accounts.digests import Entry
from stockwright.events.catalogue import BackupFailed, DeadLetterCreated
from stockwright.events.registry import OPERATIONS_ALERT

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App


async def alert_admins(app: App, event: Event, data: DeadLetterCreated | BackupFailed) -> None:
    """Mail the admins that an event handler gave up, or that a backup failed.

    Not of a failed alert, whose alert would fail as well.
    """
    if isinstance(data, BackupFailed):
        subject = "ALERT: the backup failed"
        newest = data.newest or "there is none"
        text = f"{subject}\n\nError:     {data.reason}\nNewest:    {newest}\n\nIt is tried again within the hour.\n"
        addresses = await addresses_of_alerts(app, app.settings.operations_topic)
        await alert(app, event, OPERATIONS, Entry(subject, text, event.subject), addresses)
        return
    if data.handler == OPERATIONS_ALERT:
        return
    subject = f"ALERT: {data.handler} failed for {data.event}"
    text = (
        f"{subject}\n\nAbout:     {data.about}\nAttempts:  {data.attempts}\nError:     {data.error}\n"
        f"Kept as:   {event.subject}\n\n"
        f"Look at it and send it on its way again:\n"
        f"stockwright dead-letters redrive {event.subject}\n"
    )
    addresses = await addresses_of_alerts(app, app.settings.operations_topic)
    await alert(app, event, OPERATIONS, Entry(subject, text, event.subject), addresses)
