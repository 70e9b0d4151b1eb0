"""Operations: admins hear of what was given up (S2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.reactions.sending import alert_messages, send_to_all

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
    messages = await alert_messages(app, app.settings.operations_topic, subject, text)
    await send_to_all(app, event, HANDLER, messages)
