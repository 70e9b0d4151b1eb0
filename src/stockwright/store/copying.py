"""A whole shop from one engine to another: every item with its version, every event in its order.

What is copied is written as it was, so that writing it again changes nothing. A mark in the target
says how far the copy is, and an interrupted copy continues from there. Positions in the log are the
target's own, so the handlers' cursors are translated; an event that every handler has had is marked
as such, and the table's stream does not deliver it a second time.
"""

from __future__ import annotations

import random
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

import apsw
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from stockwright.base.errors import Busy, Misconfigured
from stockwright.base.shards import SHARDS, shard_of
from stockwright.store import migrations
from stockwright.store.dynamodb import codec as dynamodb_codec
from stockwright.store.dynamodb import engine as dynamodb
from stockwright.store.dynamodb.calls import read_layout
from stockwright.store.dynamodb.entries import image_with_entries
from stockwright.store.dynamodb.layout import LAYOUT, Layout, body_of_layout, home
from stockwright.store.port import ABSENT, Put, body_of, log_order
from stockwright.store.retention import LOG_START
from stockwright.store.sqlite import codec as sqlite_codec
from stockwright.store.sqlite import engine as sqlite
from stockwright.store.sqlite import schema as sqlite_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stockwright.base.event import Event
    from stockwright.store.port import Key, Store

PAGE: Final = 500
MARK: Final[Key] = ("COPY", "COPY")
CURSORS: Final = "CURSORS"
ERASURES: Final = "ERASURES"
COPIED: Final = "copied"
"""Marks a cursor in the cloud that a copy wrote: a process that follows the log moves it, the functions never do."""
OF_NEW_SHOP: Final = frozenset({"LOCATIONS", "CATEGORIES", "BACKFILL", "RETENTION", "ROLLUPS"})
BATCH_ITEMS: Final = 25
ATTEMPTS_MAX: Final = 10

Position = list[str]
"""A key, as a position in the order in which an engine reads its items."""


class Mark(Struct):
    """How far a copy is: items up to `after`, then events up to `position` of the source."""

    items: int = 0
    after: Position | None = None
    items_done: bool = False
    events: int = 0
    position: str = ""
    last: str = ""
    """The position of the last event in the target."""
    ms: int = 0
    cursors: dict[str, str] = field(default_factory=dict)
    """Positions of handlers in the source, and the position in the target of the last event up to each of them."""

    def translated(self, position: str) -> str:
        """Return where a handler is in the target."""
        if log_order(position) >= log_order(self.position):
            return self.last
        known = [each for each in self.cursors if log_order(each) <= log_order(position)]
        return self.cursors[max(known, key=log_order)] if known else ""


class Positioned(Struct, frozen=True):
    """An event and its position in the target: an instant (ms) that never falls, and its number from 1."""

    event: Event
    ms: int
    number: int
    handled: bool


class Copied(Struct, frozen=True):
    """What a copy wrote, and how many items the target holds."""

    items: int
    events: int
    found: int


class Side(Protocol):
    """One engine, as a copy needs it. A row is a Put that expects the version before its own."""

    store: Store
    has_stream: bool
    """Whether handlers without a cursor here have handled every event all the same."""

    def count(self) -> int:
        """Count the items; the log and a copy's mark are none."""
        ...

    def rows(self, after: Position | None) -> tuple[list[Put], Position | None]:
        """Read a page of all items, and where to go on (None: there are no more)."""
        ...

    def write(self, rows: Sequence[Put], mark: Mark | None) -> None:
        """Write items as they are, and then how far the copy is (None: it is whole)."""
        ...

    def remove(self, keys: Sequence[Key]) -> None:
        """Remove items."""
        ...

    def begin(self) -> None:
        """Mark an empty target as one of this release's format."""
        ...

    def write_events(self, positioned: Sequence[Positioned], mark: Mark) -> None:
        """Write events at their positions, and then how far the copy is."""
        ...

    def position(self, positioned: Positioned) -> str:
        """Return the position of an event here."""
        ...


async def copy(
    source: Side, target: Side, handlers: Sequence[str], progress: Callable[[int, int], None] = lambda *_: None
) -> Copied:
    """Copy everything, or what a former copy left to do; refuses a target that holds another shop."""
    mark = await _find_mark(target)
    total = source.count()
    while not mark.items_done:
        rows, mark.after = source.rows(mark.after)
        mark.items_done = mark.after is None
        rows = [_in_target(row) for row in rows if row.key[0] != CURSORS and row.key != MARK]
        mark.items += len(rows)
        target.write(rows, mark)
        progress(mark.items, total)
    cursors = await _find_cursors(source)
    while events := await source.store.tail(mark.position, PAGE):
        all_handled = not cursors and not source.has_stream
        target.write_events(
            [_positioned(target, event, mark, cursors, all_handled=all_handled) for event in events], mark
        )
        progress(total, total)
    if cursors:
        positions = {name: [mark.translated(each) for each in cursor] for name, cursor in cursors.items()}
    else:
        positions = dict.fromkeys(handlers, [mark.last] * SHARDS) if source.has_stream else {}
    mine = {COPIED: True} if target.has_stream else {}
    target.write([Put((CURSORS, name), {"positions": each} | mine, 0) for name, each in positions.items()], None)
    return Copied(mark.items + len(positions), mark.events, target.count())


async def _find_mark(target: Side) -> Mark:
    found = (await target.store.get([MARK])).get(MARK)
    if found is not None:
        return Mark(**found.body)
    rows, more = target.rows(None)
    if more or not all(map(_is_of_new_shop, rows)) or await target.store.tail(limit=1, reverse=True):
        raise Misconfigured("the target already contains a shop; copy into an empty one")
    target.remove([row.key for row in rows])
    target.begin()
    target.write([], Mark())
    return Mark()


def _is_of_new_shop(row: Put) -> bool:
    """Return whether an item may be what every process gives an empty store (`ensure_shop`), never changed since."""
    return row.key[0] in OF_NEW_SHOP and row.expect == ABSENT


def _in_target(row: Put) -> Put:
    """Return an item as the target has it: its log begins with the first event that is copied.

    An erasure that is not done begins again, since its positions are the source's.
    """
    if row.key[0] == ERASURES:
        begun = {"stage": "account", "after": None, "found": False, "position": ""}
        return replace(row, body={**body_of(row.body), **begun})
    return replace(row, body={**body_of(row.body), "through": ""}) if row.key == LOG_START else row


async def _find_cursors(source: Side) -> dict[str, list[str]]:
    """Find how far each handler is in each shard.

    Cursors that were not moved since the shop came here say nothing about a stream.
    """
    items = (await source.store.query(CURSORS, limit=1000)).items
    if source.has_stream and all(COPIED in item.body for item in items):
        return {}
    return {item.key[1]: item.body["positions"] for item in items}


def _positioned(
    target: Side, event: Event, mark: Mark, cursors: Mapping[str, list[str]], *, all_handled: bool
) -> Positioned:
    """Give an event its position after the last one, and take along the cursors that have passed it."""
    mark.ms, mark.events, mark.position = max(mark.ms, event.at), mark.events + 1, event.position
    shard, order = shard_of(event), log_order(event.position)
    is_handled = all(log_order(cursor[shard]) >= order for cursor in cursors.values())
    positioned = Positioned(event, mark.ms, mark.events, is_handled and not all_handled)
    mark.last = target.position(positioned)
    for position in {each for cursor in cursors.values() for each in cursor}:
        if log_order(position) >= order:
            mark.cursors[position] = mark.last
    return positioned


class SqliteSide:
    """The embedded store's file. As a source it does not change: concurrent writers get Busy."""

    has_stream = False

    def __init__(self, path: Path, *, hold: bool) -> None:
        self.store: Store = sqlite.SqliteStore(path)
        self._file = apsw.Connection(str(path))
        self._file.set_busy_timeout(5000)
        if hold:
            self._file.execute("BEGIN IMMEDIATE")

    def count(self) -> int:
        """Count the rows."""
        counted: list[Any] = self._file.execute("SELECT count(*) FROM item WHERE pk<>?", MARK[:1]).fetchall()
        return int(counted[0][0])

    def rows(self, after: Position | None) -> tuple[list[Put], Position | None]:
        """Read on in the order of the keys."""
        found = self._file.execute(sqlite_schema.ROWS, (*(after or ["", ""]), PAGE)).fetchall()
        rows = [sqlite_codec.row_of(each) for each in found]
        return rows, list(rows[-1].key) if len(rows) == PAGE else None

    def write(self, rows: Sequence[Put], mark: Mark | None) -> None:
        """Write items and mark in one transaction."""
        with self._file:
            for row in rows:
                self._upsert(row)
            self._mark(mark)

    def begin(self) -> None:
        """Leave it: the file was made in this release's format."""

    def remove(self, keys: Sequence[Key]) -> None:
        """Remove items in one transaction."""
        with self._file:
            self._file.executemany("DELETE FROM item WHERE pk=? AND sk=?", keys)

    def write_events(self, positioned: Sequence[Positioned], mark: Mark) -> None:
        """Write events under their numbers, and the mark, in one transaction."""
        with self._file:
            for each in positioned:
                body = sqlite_codec.event_body(each.event)
                self._file.execute("INSERT OR REPLACE INTO event (position, body) VALUES (?,?)", (each.number, body))
            self._mark(mark)

    def position(self, positioned: Positioned) -> str:
        """Return its number."""
        return str(positioned.number)

    def _mark(self, mark: Mark | None) -> None:
        if mark is None:
            self._file.execute("DELETE FROM item WHERE pk=? AND sk=?", MARK)
        else:
            self._upsert(Put(MARK, asdict(mark), 0))

    def _upsert(self, row: Put) -> None:
        body = sqlite_codec.encode(row.body)
        self._file.execute(sqlite_schema.UPSERT, (*row.key, row.expect + 1, body, *sqlite_codec.columns(row)))

    async def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        await self.store.close()


class DynamoDbSide:
    """The cloud's table. Nothing holds it still: stop what writes to it before it is the source."""

    has_stream = True

    def __init__(self, store: dynamodb.DynamoDbStore) -> None:
        self.store: Store = store
        self._client, self._table = store.client, store.table
        self._splits = store.splits
        self._days: set[str] = set()

    @cached_property
    def layout(self) -> Layout:
        """How the table is laid out; read once."""
        return read_layout(self._client, self._table)

    def count(self) -> int:
        """Count by reading every key, since DynamoDB's own count is hours old."""
        after: Position | None = None
        count = 0
        while True:
            rows, after = self.rows(after)
            count += sum(row.key != MARK for row in rows)
            if after is None:
                return count

    def rows(self, after: Position | None) -> tuple[list[Put], Position | None]:
        """Read on in the order of the table, which means nothing but is always the same."""
        start = {"ExclusiveStartKey": dynamodb_codec.key_image((after[0], after[1]))} if after else {}
        answer = self._client.scan(TableName=self._table, ConsistentRead=True, Limit=PAGE, **start)
        images = [image for image in answer["Items"] if dynamodb_codec.is_of_shop(image)]
        rows = list(map(dynamodb_codec.put_of_image, self._splits.whole(images)))
        last = answer.get("LastEvaluatedKey")
        return rows, [last["pk"]["S"], last["sk"]["S"]] if last else None

    def write(self, rows: Sequence[Put], mark: Mark | None) -> None:
        """Write items, then the mark: what was written twice is as it was."""
        layout, images, entries = self.layout, list[dict[str, Any]](), list[dict[str, Any]]()
        for row in rows:
            image, own = image_with_entries(row, layout, "copy")
            images.append(image)
            entries += own
        self._write(images)
        self._write(entries)
        self._mark(mark)

    def begin(self) -> None:
        """Write the mark of this release's format; everything that is copied has its entries."""
        layout = body_of_layout(self.layout.read, self.layout.read, 0, entries=True)
        marks = [Put(migrations.MARK, {"format": migrations.FORMAT}, ABSENT), Put(LAYOUT, layout, ABSENT)]
        self._write([dynamodb_codec.image_of_put(each) for each in marks])

    def remove(self, keys: Sequence[Key]) -> None:
        """Remove items."""
        self._send([{"DeleteRequest": {"Key": dynamodb_codec.key_image(home(key))}} for key in keys])

    def write_events(self, positioned: Sequence[Positioned], mark: Mark) -> None:
        """Write events into their days, then the mark."""
        shards = self.layout.written
        images = [dynamodb_codec.event_image(each.event, each.ms, self.position(each), shards) for each in positioned]
        for image, each in zip(images, positioned, strict=True):
            if each.handled:
                image[dynamodb_codec.HANDLED_BEFORE] = {"BOOL": True}
        days = {dynamodb_codec.day_of(each.ms) for each in positioned} - self._days
        self._write([*map(dynamodb_codec.day_image, days), *images])
        self._days |= days
        self._mark(mark)

    def position(self, positioned: Positioned) -> str:
        """Return its instant and number."""
        return f"{positioned.ms:013d}-{positioned.number:012d}"

    def _mark(self, mark: Mark | None) -> None:
        if mark is None:
            self._client.delete_item(TableName=self._table, Key=dynamodb_codec.key_image(MARK))
        else:
            self._write([dynamodb_codec.image_of_put(Put(MARK, asdict(mark), 0))])

    def _write(self, images: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(images), BATCH_ITEMS):
            part = images[start : start + BATCH_ITEMS]
            try:
                self._send([{"PutRequest": {"Item": image}} for image in part])
            except self._client.exceptions.ClientError:
                for image in part:
                    self._write_one(image)

    def _write_one(self, image: dict[str, Any]) -> None:
        """Write an item of a batch that was refused: one of them is the reason."""
        try:
            self._client.put_item(TableName=self._table, Item=image)
        except self._client.exceptions.ClientError as fault:
            key, message = f"{image['pk']['S']} {image['sk']['S']}", fault.response["Error"].get("Message", "")
            raise Misconfigured(
                f"DynamoDB does not take {key}: {message}; correct it and run the copy again"
            ) from fault

    def _send(self, requests: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(requests), BATCH_ITEMS):
            left = {self._table: requests[start : start + BATCH_ITEMS]}
            for attempt in range(ATTEMPTS_MAX):
                left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems") or {}
                if not left:
                    break
                time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
            else:
                raise Busy("DynamoDB accepts no more writes now; run the copy again, it continues where it stopped")

    async def close(self) -> None:
        """Let go of the connections."""
        await self.store.close()
