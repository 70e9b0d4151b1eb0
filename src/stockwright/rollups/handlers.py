"""The handler that keeps the rollups: it counts what events are about, as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.rollups.usecases import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.rollups.records import SubjectKind


async def count_event(app: App, event: Event) -> None:
    """Count what an event is about."""
    await count_events(app, [event])


async def count_events(app: App, events: Sequence[Event]) -> None:
    """Count what events are about, many in one commit."""
    ids: dict[SubjectKind, list[str]] = {}
    for event in events:
        ids.setdefault(_kind_of(event), []).append(event.subject)
    for kind, of_kind in ids.items():
        await count(app, kind, of_kind)


def _kind_of(event: Event) -> SubjectKind:
    if event.is_of_order:
        return "ORDER"
    return "SALE" if event.name == "sale.recorded" else "DEADLETTER"
