"""The handler that keeps the rollups: it counts what events are about, as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.events.catalogue import (
    DeadLetterCreated,
    DeadLetterDeleted,
    DeadLetterRedriven,
    OrderEvent,
    SaleRecorded,
)
from stockwright.rollups.usecases import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.rollups.records import SubjectKind


Counted = OrderEvent | SaleRecorded | DeadLetterCreated | DeadLetterDeleted | DeadLetterRedriven


async def count_event(app: App, event: Event, data: Counted) -> None:
    """Count what an event is about."""
    await count_events(app, [(event, data)])


async def count_events(app: App, events: Sequence[tuple[Event, Counted]]) -> None:
    """Count what events are about, many in one commit."""
    ids: dict[SubjectKind, list[str]] = {}
    for event, data in events:
        ids.setdefault(_kind_of(data), []).append(event.subject)
    fault: Exception | None = None
    for kind, of_kind in ids.items():
        try:
            await count(app, kind, of_kind)
        except Exception as wrong:  # noqa: BLE001 - raised below: what is wrong with one kind concerns no other
            fault = wrong
    if fault is not None:
        raise fault


def _kind_of(data: Counted) -> SubjectKind:
    if isinstance(data, OrderEvent):
        return "ORDER"
    return "SALE" if isinstance(data, SaleRecorded) else "DEADLETTER"
