"""Operations: admins hear of what was given up (S2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.reactions.alerts import OPERATIONS, addresses_of_alerts, alert
from stockwright.store.records.digests import Entry

if TYPE_CHECKING:
    from stockwright.domain.events import Event
    from stockwright.usecases.context import App

HANDLER: Final = "operations-alert"
"""Its own failures make no further dead letter: an alert of a failed alert would fail as well."""


async def alert_admins(app: App, event: Event) -> None:
    """Mail the admins that an event handler gave up."""
    data = event.data
    subject = f"ALERT: {data['handler']} failed for {data['event']}"
    text = (
        f"{subject}\n\nAbout:     {data['about']}\nAttempts:  {data['attempts']}\nError:     {data['error']}\n"
        f"Kept as:   {event.subject}\n\n"
        f"Look at it and send it on its way again:\n"
        f"stockwright dead-letters redrive {event.subject}\n"
    )
    addresses = await addresses_of_alerts(app, app.settings.operations_topic)
    await alert(app, event, OPERATIONS, Entry(subject, text, event.subject), addresses)
