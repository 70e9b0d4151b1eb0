"""What a handler of events is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from stockwright.base.event import Event
from stockwright.base.event_names import EventName
from stockwright.context import App


class Reaction(Struct, frozen=True):
    """A handler: its name (durable: its cursor bears it), the events it handles, its function.

    `setting` is the one without which it has nothing to do, and is not run at all.
    """

    name: str
    events: frozenset[EventName]
    run: Callable[[App, Event], Awaitable[None]]
    run_many: Callable[[App, Sequence[Event]], Awaitable[None]] | None = None
    """The same for several events at once, where that is less work; what fails is run one by one."""
    setting: str | None = None
    every_seconds: float = 0
    """The least time between two batches of `run_many`: events gather meanwhile, so that each costs less."""


def on(
    name: str, run: Callable[[App, Event], Awaitable[None]], *events: EventName, setting: str | None = None
) -> Reaction:
    """Make a handler that takes one event at a time."""
    return Reaction(name, frozenset(events), run, setting=setting)


OPERATIONS_ALERT: Final = "operations-alert"
"""It sends no alert of its own failures: an alert of a failed alert would fail as well."""
