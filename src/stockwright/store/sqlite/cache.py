"""What the embedded engine has decoded in memory: hot items, small partitions, the newest events.

All of it is as of one moment: what another process has changed since is forgotten (`others.py`). Nothing cached
is changed in place.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from stockwright.store.port import ABSENT, Item
from stockwright.store.sqlite.codec import encode
from stockwright.store.sqlite.watches import Name, Watches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockwright.base.event import Event
    from stockwright.store.port import Key, Page, Put


BYTES_MAX: Final = 48 * 1024 * 1024
"""Of memory that rows take, estimated by their encoded size."""
ROW_BYTES: Final = 800
"""What a row takes beside its body: its key, its records' view of it, its entry in the table."""
DECODED: Final = 5
"""So many times the encoded body is what the decoded one takes."""
WRITTEN_MAX: Final = 4000
"""Rows that were written and not read since, in each of two halves: most of them nobody reads soon."""
WRITTEN_BYTES_MAX: Final = 2 * 1024 * 1024
"""Of their encoded bodies, in each half."""
BODY_BYTES_MAX: Final = 16_384
EVENTS_MAX: Final = 4096
EVENT_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of encoded events."""
PARTITIONS_MAX: Final = 100
PARTITION_BYTES_MAX: Final = 64 * 1024
"""Of one partition's encoded items."""


class Row(Struct, gc=False):
    """An item with what its writer must know; never changed in place while readers may hold its item."""

    item: Item
    bytes: int = 0
    put: Put | None = None
    """The last whole write in this batch, whose indexes must be written too."""

    @property
    def cost(self) -> int:
        """The memory that it takes, roughly."""
        return ROW_BYTES + DECODED * self.bytes

    @property
    def version(self) -> int:
        """The item's version."""
        return self.item.version


GONE: Final = Row(Item(("", ""), ABSENT, {}))
"""An item that is known not to be there."""


class Cache(Struct):
    """Bounded by the bytes of the bodies; what was not used for longest goes first.

    What is written and was never read waits aside, in `written`, for its first reader; from time to time the older
    half of it goes, all at once.
    """

    rows: OrderedDict[Key, Row] = field(default_factory=OrderedDict)
    """In the order of their use; a plain dict finds its first entry by walking over all that were taken away."""
    written: dict[Key, Row] = field(default_factory=dict)
    former: dict[Key, Row] = field(default_factory=dict)
    """The older half of what was written."""
    written_bytes: int = 0
    partitions: dict[str, Page] = field(default_factory=dict)
    events: deque[Event] = field(default_factory=deque)
    bytes: int = 0
    event_sizes: deque[int] = field(default_factory=deque)
    event_bytes: int = 0
    watches: Watches = field(default_factory=Watches)

    def find(self, key: Key) -> Row | None:
        """Find a row, and count it as used."""
        row = self.rows.get(key)
        if row is not None:
            self.rows.move_to_end(key)
            return row
        row = self.written.get(key) or self.former.get(key)
        if row is not None:
            self.put(key, row)
        return row

    def find_all(self, keys: Sequence[Key]) -> tuple[dict[Key, Item], list[Key]]:
        """Find items, and count them as used; returns them, and the keys of which nothing is cached."""
        rows = self.rows
        found: dict[Key, Item] = {}
        missing: list[Key] = []
        for key in keys:
            row = rows.get(key)
            if row is not None:
                rows.move_to_end(key)
            elif (row := self.find(key)) is None:
                missing.append(key)
                continue
            if row is not GONE:
                found[key] = row.item
        return found, missing

    def look_up(self, key: Key) -> Row | None:
        """Find a row, without counting it as used."""
        return self.rows.get(key) or self.written.get(key) or self.former.get(key)

    def put(self, key: Key, row: Row) -> None:
        """Cache a row as it now is, unless it is large; one that is cached keeps its place among those used."""
        if row.bytes > BODY_BYTES_MAX:
            self._forget(key)
            return
        former = self.rows.get(key)
        if former is None:
            self._forget(key)
            self.bytes += row.cost
        else:
            self.bytes += row.cost - former.cost
        self.rows[key] = row
        while self.bytes > BYTES_MAX:
            self.bytes -= self.rows.popitem(last=False)[1].cost

    def put_written(self, key: Key, row: Row) -> None:
        """Cache a row that is being written; among those that are read if it was there."""
        if key in self.rows or row.bytes > BODY_BYTES_MAX:
            self.put(key, row)
            return
        if len(self.written) >= WRITTEN_MAX or self.written_bytes >= WRITTEN_BYTES_MAX:
            self.former, self.written, self.written_bytes = self.written, {}, 0
        self.former.pop(key, None)
        self.written[key] = row
        self.written_bytes += row.bytes

    def _forget(self, key: Key) -> None:
        row = self.rows.pop(key, None)
        if row is not None:
            self.bytes -= row.cost
        elif self.written.pop(key, None) is None:
            self.former.pop(key, None)

    def put_partition(self, partition: str, page: Page) -> None:
        """Cache a partition that was read whole, unless it is large."""
        if sum(len(encode(item.content)) for item in page.items) > PARTITION_BYTES_MAX:
            return
        if len(self.partitions) >= PARTITIONS_MAX:
            self.partitions.clear()
        self.partitions[partition] = page

    def changed(self, touched: Mapping[Key, Row], lists: Iterable[Name]) -> None:
        """Take over what a batch has written; its items now stand in these lists."""
        put = self.put_written
        partitions = {partition for partition, _ in touched}
        self.watches.changed(partitions.union(touched, lists))
        for partition in self.partitions.keys() & partitions:
            del self.partitions[partition]
        for key, row in touched.items():
            row.put = None
            put(key, row)

    def add_events(self, events: Iterable[Event], sizes: Iterable[int]) -> None:
        """Cache the newest events, of which these are the encoded sizes; a gap before them means that others wrote."""
        for event, size in zip(events, sizes, strict=True):
            if self.events and int(event.position) != int(self.events[-1].position) + 1:
                self.forget_events()
            self.events.append(event)
            self.event_sizes.append(size)
            self.event_bytes += size
            while len(self.events) > EVENTS_MAX or self.event_bytes > EVENT_BYTES_MAX:
                self.events.popleft()
                self.event_bytes -= self.event_sizes.popleft()

    def forget(self, keys: Iterable[Key], lists: Iterable[Name] = ()) -> None:
        """Forget what others have changed: these items, which now stand in these lists."""
        changed: set[Name] = set(lists)
        for key in keys:
            changed.update((key, key[0]))
            self._forget(key)
            self.partitions.pop(key[0], None)
        self.watches.changed(changed)

    @property
    def last_position(self) -> int | None:
        """The position in the log of the newest event that is cached."""
        return int(self.events[-1].position) if self.events else None

    def forget_events(self) -> None:
        """Forget the events."""
        self.events.clear()
        self.event_sizes.clear()
        self.event_bytes = 0

    def forget_events_through(self, through: int) -> None:
        """Forget the events up to and with a position: they were removed."""
        while self.events and int(self.events[0].position) <= through:
            self.events.popleft()
            self.event_bytes -= self.event_sizes.popleft()

    def events_after(self, position: int, limit: int) -> list[Event] | None:
        """Return the events behind a position, or None where they are not all cached."""
        if not self.events or position < (first := int(self.events[0].position)) - 1:
            return None
        start = position - first + 1
        return list(islice(self.events, start, start + limit))

    def clear(self) -> None:
        """Forget everything: it may not be so any more."""
        for each in (self.rows, self.written, self.former, self.partitions):
            each.clear()
        self.forget_events()
        self.bytes = 0
        self.watches.end_all()
