"""The registered handlers, for tests that run one: it reads an event's data as the event's class, and handles it."""

from __future__ import annotations

from collections.abc import Sequence

from stockwright.base.event import Event
from stockwright.context import App
from stockwright.events.registry import Reaction
from stockwright.handlers import REACTIONS


def registered(name: str) -> Reaction:
    """Find a handler."""
    return next(each for each in REACTIONS if each.name == name)


async def run_many(name: str, app: App, events: Sequence[Event]) -> None:
    """Run a handler that takes several events at once on those that it is registered for."""
    reaction = registered(name)
    assert reaction.run_many is not None
    await reaction.run_many(app, [event for event in events if event.name in reaction.events])
