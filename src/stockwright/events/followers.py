"""How far a handler is in the log: one position for each shard, since shards move between processes.

The log is split by the subject of its events (`base/shards.py`). A handler reads the log once for all shards that
this process has; each of them is a lane with its own position, from which another process can go on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from stockwright.base.shards import shard_of
from stockwright.store.port import log_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.base.event import Event
    from stockwright.events.registry import Reaction


IN_FLIGHT_MAX: Final = 64
AHEAD_MAX: Final = 10_000
"""How many events a handler may be ahead of its slowest one."""


class Lane(Struct):
    """One shard of one handler: every event of it up to `read` was begun, up to `handled` each was handled.

    `handled` counts only while something is under way.
    """

    read: str
    handled: str = ""
    written: str = ""
    """What the stored cursor says."""
    leaves: bool = False
    """Whether nothing more is begun, since the shard is to be given back."""
    ahead: deque[str] = field(default_factory=deque)
    done: set[str] = field(default_factory=set)

    def begin(self, position: str, before: str) -> None:
        """Begin an event, in the order of the log; everything up to `before` was looked at."""
        if not self.ahead:
            self.handled = before
        self.ahead.append(position)
        self.read = position

    def end(self, position: str) -> int:
        """Have handled an event, in whatever order; returns how many fewer this is ahead by."""
        ahead = self.ahead
        if ahead[0] == position:
            self.handled = ahead.popleft()
            ended = 1
        else:
            self.done.add(position)
            return 0
        while ahead and ahead[0] in self.done:
            self.handled = ahead.popleft()
            self.done.remove(self.handled)
            ended += 1
        return ended


class Follower(Struct):
    """One handler on its way along the log: it has looked at everything up to `read`."""

    reaction: Reaction
    read: str = ""
    lanes: dict[int, Lane] = field(default_factory=dict)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT_MAX))
    room: asyncio.Event = field(default_factory=asyncio.Event)
    retrying: dict[str, int] = field(default_factory=dict)
    """The events that are being tried again, and their shards."""
    ahead: int = 0
    """How many events its lanes are ahead of their slowest ones."""

    def __post_init__(self) -> None:
        self.room.set()

    def join(self, shard: int, position: str) -> None:
        """Take over a shard from where its cursor is."""
        for lane in self.lanes.values():
            if not lane.leaves:
                lane.read = later(lane.read, self.read)
        self.read = position if not self.lanes else min(self.read, position, key=log_order)
        self.lanes[shard] = Lane(position, position, position)

    def leave(self, shard: int) -> None:
        """Begin nothing more of a shard."""
        lane = self.lanes[shard]
        lane.read, lane.leaves = later(lane.read, self.read), True

    def is_quiet(self, shard: int) -> bool:
        """Return whether nothing of a shard is under way."""
        return not self.lanes[shard].ahead and shard not in self.retrying.values()

    def wanted(self, events: Iterable[Event]) -> list[Event]:
        """Return the events that are to be handled here: those that it is for, of the shards that it has."""
        names = self.reaction.events
        return [event for event in events if event.name in names and self._is_new(event)]

    def has(self, shard: int) -> bool:
        """Return whether events of a shard are begun here."""
        lane = self.lanes.get(shard)
        return lane is not None and not lane.leaves

    def _is_new(self, event: Event) -> bool:
        lane = self.lanes.get(shard_of(event))
        return lane is not None and not lane.leaves and log_order(event.position) > log_order(lane.read)

    def begin(self, event: Event) -> None:
        """Begin an event, in the order of the log."""
        lane = self.lanes[shard_of(event)]
        lane.begin(event.position, later(lane.read, self.read))
        self._count(1)

    def end(self, event: Event) -> None:
        """Have handled an event, in whatever order."""
        self._count(-self.lanes[shard_of(event)].end(event.position))

    def _count(self, more: int) -> None:
        self.ahead += more
        if self.ahead < AHEAD_MAX:
            self.room.set()
        else:
            self.room.clear()

    def position_of(self, lane: Lane) -> str:
        """Return the position up to which every event of a lane is handled."""
        if lane.ahead:
            return lane.handled
        return lane.read if lane.leaves else later(lane.read, self.read)

    @property
    def position(self) -> str:
        """The position up to which every event is handled that is this process's."""
        return min(map(self.position_of, self.lanes.values()), key=log_order, default=self.read)


def later(one: str, other: str) -> str:
    """Return the later of two positions in the log."""
    return one if log_order(one) > log_order(other) else other
