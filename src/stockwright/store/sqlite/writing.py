"""One transaction for many callers: each is checked against what those before it leave, and each item is written once.

A refused caller changes nothing. The writes reach the file together, at the end (`write_out`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from stockwright.store.apply_add import added, filled
from stockwright.store.port import ABSENT, Add, Append, Delete, Item, Put
from stockwright.store.sqlite.cache import GONE, Row
from stockwright.store.sqlite.codec import columns, encode, event_body
from stockwright.store.sqlite.schema import UPSERT

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from stockwright.base.event import Event
    from stockwright.store.port import Decision, Key, Write


class Decided(NamedTuple):
    """A caller whose writes are decided in the batch, by an item as the callers before have left it."""

    key: Key
    decision: Decision


class Trim(NamedTuple):
    """A caller who has at most `limit` of the oldest events removed, up to a position; `removed` gets how many."""

    through: int
    limit: int
    removed: list[int]


class Rewrite(NamedTuple):
    """A caller who has events of the log stored again at their positions."""

    events: Sequence[Event]


Asking = Sequence["Write"] | Decided | Trim | Rewrite


class Transaction:
    """The writes of one batch; `load` returns an item as it was before the batch."""

    def __init__(self, load: Callable[[Key], Row]) -> None:
        self.touched: dict[Key, Row] = {}
        self.events: list[Event] = []
        self.event_sizes: list[int] = []
        """Of the events as encoded, once they were written."""
        self.trims: list[Trim] = []
        self.rewritten: list[Event] = []
        self._load = load

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.touched or self.events or self.trims or self.rewritten)

    def take(self, asked: Asking) -> list[int] | Exception:
        """Take one caller into the batch; returns the positions refused, or what its decision raised."""
        if isinstance(asked, Trim):
            self.trims.append(asked)
            return []
        if isinstance(asked, Rewrite):
            self.rewritten += asked.events
            return []
        if not isinstance(asked, Decided):
            return self._apply(asked)
        row = self.touched.get(asked.key) or self._load(asked.key)
        try:
            writes = asked.decision(None if row.version == ABSENT else row.item)
            refuse_twice(writes)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is its caller's, and not that of the batch
            return fault
        return self._apply(writes)

    def _apply(self, writes: Sequence[Write]) -> list[int]:
        """Check every expectation, then take every write into the batch; returns the positions refused."""
        failed: list[int] = []
        after: list[tuple[Key, Row]] = []
        touched, load, fills = self.touched, self._load, False
        for position, write in enumerate(writes):
            if isinstance(write, Append):
                continue
            key = write.key
            row = touched.get(key) or load(key)
            if isinstance(write, Add):
                moved = _moved(row, write)
                if moved is None:
                    failed.append(position)
                else:
                    after.append((key, moved))
            elif row.item.version != write.expect:
                failed.append(position)
            elif isinstance(write, Put):
                after.append((key, Row(Item(key, write.expect + 1, write.body), put=write)))
                fills = fills or bool(write.fills)
            elif isinstance(write, Delete):
                after.append((key, GONE))
        if not failed:
            if fills:
                complete_puts(after)
            touched.update(after)
            self.events.extend([write.event for write in writes if isinstance(write, Append)])
        return failed

    def write_out(self, connection: apsw.Connection) -> None:
        """Write every touched item once, and the events, which have their positions from then on."""
        whole: list[tuple[Any, ...]] = []
        bodies: list[tuple[Any, ...]] = []
        gone: list[Key] = []
        for key, row in self.touched.items():
            if row is GONE:
                gone.append(key)
                continue
            body = encode(row.item.content)
            row.bytes = len(body)
            if row.put is None:
                bodies.append((row.item.version, body, *key))
            else:
                whole.append((*key, row.item.version, body, *columns(row.put)))
        execute_many = connection.executemany
        if whole:
            execute_many(UPSERT, whole)
        if bodies:
            execute_many("UPDATE item SET version=?, body=? WHERE pk=? AND sk=?", bodies)
        if gone:
            execute_many("DELETE FROM item WHERE pk=? AND sk=?", gone)
        if self.events:
            self._write_events(connection)
        if self.rewritten:
            bodies_of = [(event_body(event), int(event.position)) for event in self.rewritten]
            execute_many("UPDATE event SET body=? WHERE position=?", bodies_of)
        for trim in self.trims:
            oldest = "SELECT position FROM event WHERE position<=? ORDER BY position LIMIT ?"
            connection.execute(f"DELETE FROM event WHERE position IN ({oldest})", trim[:2])  # noqa: S608
            trim.removed.append(connection.changes())

    def _write_events(self, connection: apsw.Connection) -> None:
        encoded = [(event_body(event),) for event in self.events]
        connection.executemany("INSERT INTO event (body) VALUES (?)", encoded)
        first = connection.last_insert_rowid() - len(encoded) + 1
        self.events = [replace(event, position=str(position)) for position, event in enumerate(self.events, first)]
        self.event_sizes = [len(body) for (body,) in encoded]


def refuse_twice(writes: Sequence[Write]) -> None:
    """Refuse two writes to one item in one commit (ValueError)."""
    keys = [write.key for write in writes if not isinstance(write, Append)]
    if len(set(keys)) != len(keys):
        raise ValueError("two writes to one item in one commit")


def _moved(row: Row, write: Add) -> Row | None:
    """Return the row with its numbers moved, or None where a floor, a path or the version is wrong."""
    version = row.item.version
    if version == ABSENT or (write.expect is not None and version != write.expect):
        return None
    body = added(row.item.body, write)
    return None if body is None else Row(Item(write.key, version + 1, body), put=row.put)


def complete_puts(after: list[tuple[Key, Row]]) -> None:
    """Complete the puts of one caller from what its commit makes of its other items."""
    items = {key: row.item for key, row in after}
    for key, row in after:
        if row.put is not None and row.put.fills:
            row.item = Item(key, row.item.version, filled(row.put, items))
