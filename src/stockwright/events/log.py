"""Reading the event log: lists for people, and positions for streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.long_work import STEP_ROWS, give_way

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App


SCANS_MAX = 8
FOLLOWED = 100


async def list_events(
    app: App, limit: int, after: str | None = None, name: str | None = None, subject: str | None = None
) -> tuple[list[Event], str | None]:
    """List events, newest first; a name that ends in a dot means all that begin so.

    With a filter at most SCANS_MAX * STEP_ROWS events are looked at: a page may be short though more follow.
    """
    if name is None and subject is None:
        page = await app.store.tail(after or "", limit + 1, reverse=True)
        return page[:limit], page[limit - 1].position if len(page) > limit else None
    found: list[Event] = []
    position = after or ""
    for _ in range(SCANS_MAX):
        page = await app.store.tail(position, STEP_ROWS, reverse=True)
        for event in page:
            if _passes(event, name, subject):
                if len(found) == limit:
                    return found, found[-1].position
                found.append(event)
        if len(page) < STEP_ROWS:
            return found, None
        position = page[-1].position
        await give_way()
    return found, position


def _passes(event: Event, name: str | None, subject: str | None) -> bool:
    named = name is None or event.name == name or (name.endswith(".") and event.name.startswith(name))
    return named and subject in (None, event.subject)


async def newest_position(app: App) -> str:
    """Return the position of the newest event in the log ("" where there is none)."""
    last = await app.store.tail(limit=1, reverse=True)
    return last[0].position if last else ""


async def stable_position(app: App) -> str:
    """Return the position of the newest event that nothing can come before any more: where a reader may begin."""
    position = ""
    while recent := await app.store.tail(position, FOLLOWED, reverse=True):
        position = recent[-1].position
        if events := await app.store.tail(position, FOLLOWED):
            return events[-1].position
    return position


async def next_events(app: App, after: str) -> list[Event]:
    """Return the events behind a position that are there."""
    return await app.store.tail(after, FOLLOWED)
