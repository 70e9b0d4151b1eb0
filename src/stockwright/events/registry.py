"""What a handler of events is, and how it is registered for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from msgspec import Struct

from stockwright.base.event import Event, EventData
from stockwright.context import App

Data = TypeVar("Data", bound=EventData)


class Reaction(Struct, frozen=True):
    """A registered handler: its name (durable: its cursor bears it), the names of its events, its function.

    `setting` is the one without which it has nothing to do, and is not run at all.
    """

    name: str
    events: frozenset[str]
    run: Callable[[App, Event], Awaitable[None]]
    run_many: Callable[[App, Sequence[Event]], Awaitable[Sequence[Event] | None]] | None = None
    """The same for several events at once, where that is less work; what it returns is run one by one.

    Where it fails, all of them are.
    """
    setting: str | None = None
    every_seconds: float = 0
    """Between two batches of `run_many` where many events come: they gather meanwhile, so that each costs less."""


class Handler(Struct, Generic[Data], frozen=True):
    """A handler's function. The type of its third parameter says of which classes the events may be."""

    name: str
    run: Callable[[App, Event, Data], Awaitable[None]]
    run_many: Callable[[App, Sequence[tuple[Event, Data]]], Awaitable[Sequence[Event] | None]] | None = None
    setting: str | None = None
    every_seconds: float = 0

    def on(self, *classes: type[Data]) -> Reaction:
        """Register it for the events of these classes: it is given each with its data, read as its class."""
        run, run_many = self.run, self.run_many
        by_name = {each.event_name: each for each in classes}

        def read(event: Event) -> Data:
            return event.read(by_name[event.name])

        return Reaction(
            self.name,
            frozenset(by_name),
            lambda app, event: run(app, event, read(event)),
            None if run_many is None else lambda app, events: run_many(app, [(each, read(each)) for each in events]),
            self.setting,
            self.every_seconds,
        )


OPERATIONS_ALERT: Final = "operations-alert"
"""It sends no alert of its own failures: an alert of a failed alert would fail as well."""
