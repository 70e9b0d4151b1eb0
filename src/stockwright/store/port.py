"""The store port: a store of items with DynamoDB's rules as the common floor.

An item has a key `(partition, sort)`, a version that every write raises by one, a JSON-shaped
body, and at most one entry in each of the indexes in `INDEXES`. Keys and versions are the only
conditions there are: a write says what it expects and is refused as a whole if that is not so.
Never two writes to one item in one commit (DynamoDB refuses that; so do we).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import force_setattr

from stockwright.base.record import Record, stored_part
from stockwright.store.parsing import AnyRecord, decode_as

if TYPE_CHECKING:
    from stockwright.base.event import Event

Key = tuple[str, str]
Path = tuple[str, ...]
Body = dict[str, Any]
Content = Body | Record | bytes
"""A body as it comes: JSON-shaped, as a record, or as JSON."""
IndexName = Literal["owner", "list", "due"]

INDEXES: Final[tuple[IndexName, ...]] = ("owner", "list", "due")
EXAMINED_MAX: Final = 1000
"""The most items that one call of `query` looks at where it filters."""
COUNT_MAX: Final = 1_000_000_000
"""More than any partition holds: a count up to here is of everything."""
ABSENT: Final = 0
"""The version of an item that is not there: `expect=ABSENT` writes only what is new."""


class Item(Struct, frozen=True, eq=False, gc=False):
    """An item as stored. Its content is shared, never changed in place.

    `damaged` makes the error for a body that cannot be read, where the engine counts such faults.
    """

    key: Key
    version: int
    content: Content
    parsed: Any = None
    """What was read from it, once."""
    damaged: Callable[[Exception], Exception] | None = None

    @property
    def body(self) -> Body:
        """Its body as JSON-shaped data."""
        content = self.content
        if isinstance(content, dict):
            return content
        try:
            body: Body = body_of(content)
        except msgspec.MsgspecError as fault:
            raise self._error(fault) from fault
        force_setattr(self, "content", body)
        return body

    def read(self, model: type[AnyRecord]) -> AnyRecord:
        """Read it as a record with its version; raises WrongItemError where it is of another kind."""
        found = self.parsed
        if type(found) is model:
            return found
        content = self.content
        record: AnyRecord
        if type(content) is model:
            record = msgspec.structs.replace(content, version=self.version)
        else:
            try:
                record = decode_as(model, self.key, body_of(content) if isinstance(content, Record) else content)
            except msgspec.MsgspecError as fault:
                raise self._error(fault) from fault
            force_setattr(record, "version", self.version)
        force_setattr(self, "parsed", record)
        return record

    def _error(self, fault: Exception) -> Exception:
        return fault if self.damaged is None else self.damaged(fault)


def body_of(content: Content) -> Body:
    """Return a body as JSON-shaped data; raises msgspec's DecodeError where it is none."""
    if isinstance(content, dict):
        return content
    body: Body = (
        msgspec.json.decode(content) if isinstance(content, bytes) else msgspec.to_builtins(stored_part(content))
    )
    return body


class Put(Struct, frozen=True, gc=False):
    """Write the whole item where its version is `expect` (ABSENT: where there is none).

    `indexes` names the entries it has: index → (partition, sort); sorts are unique within a
    partition. `text` is what a query's `contains` looks into, letter by letter. `ttl` is when the
    item expires (epoch seconds): it may be removed any time after it.
    """

    key: Key
    body: Body | Record
    expect: int
    indexes: Mapping[IndexName, tuple[str, str]] = field(default_factory=dict)
    text: str = ""
    ttl: int | None = None
    fills: Mapping[str, tuple[Key, Path]] = field(default_factory=dict)
    """Fields that the engine completes in the commit, where it knows what they are to be.

    Field (by its name in the record) → another item of the same commit, and where in its body as it is afterwards
    (no path: its version).
    """


class Add(Struct, frozen=True, gc=False):
    """Add to whole numbers inside an item; no result may fall below its floor.

    The item and every path must exist. Where `expect` is given the version must match too.
    Without deltas only the version is raised. `sets` are top-level fields that get a value beside it.
    """

    key: Key
    deltas: Mapping[Path, int]
    floors: Mapping[Path, int] = field(default_factory=dict)
    expect: int | None = None
    sets: Mapping[str, int] = field(default_factory=dict)


class Check(Struct, frozen=True, gc=False):
    """Write nothing; only hold the commit to the item's version."""

    key: Key
    expect: int


class Delete(Struct, frozen=True, gc=False):
    """Remove the item where its version is `expect`."""

    key: Key
    expect: int


class Append(Struct, frozen=True, gc=False):
    """Append an event to the log."""

    event: Event


Result = TypeVar("Result")
Write = Put | Add | Check | Delete | Append
Decision = Callable[[Item | None], Sequence[Write]]
"""What to write, given an item as it is in the commit."""


class Page(Struct, frozen=True):
    """Some items of a query, and where to go on (None: there are no more).

    `sorts` are the items' sort keys in what was read: each can be the `after` of another call.
    """

    items: tuple[Item, ...]
    next: str | None
    sorts: tuple[str, ...] = ()
    parsed: Any = None
    """What was read from all of its items, once."""

    def read_once(self, read: Callable[[Sequence[Item]], Result]) -> Result:
        """Return what `read` makes of the items; an engine hands out a page again while it has not changed."""
        if self.parsed is None:
            force_setattr(self, "parsed", read(self.items))
        result: Result = self.parsed
        return result


class Query(Struct, frozen=True):
    """What is read of one partition (of an index): the parameters of `Store.query`."""

    partition: str
    index: IndexName | None = None
    begins: str = ""
    low: str = ""
    high: str = ""
    after: str | None = None
    limit: int = 100
    reverse: bool = False
    where: Mapping[str, str | int | bool] | None = None
    contains: Sequence[str] = ()

    @property
    def is_whole(self) -> bool:
        """Whether the partition is read from its beginning, without any condition."""
        return not (
            self.index
            or self.begins
            or self.low
            or self.high
            or self.after
            or self.reverse
            or self.where
            or self.contains
        )


class ConditionFailed(Exception):
    """The commit was refused and nothing was written; `positions` are the writes that failed."""

    def __init__(self, positions: Sequence[int]) -> None:
        self.positions = tuple(positions)
        super().__init__(f"condition failed at {self.positions}")


class Watch(Protocol):
    """What was read through a watched store."""

    @property
    def is_current(self) -> bool:
        """Whether none of it has changed since, as far as this process knows."""
        ...

    def end(self) -> None:
        """Watch no longer."""
        ...


class Store(Protocol):
    """What every engine does. Each method may raise `Busy` (base/errors.py): nothing was written.

    `commit` may also raise `Unknown`, which is a Busy: whether it was written could not be learnt.
    """

    writes_max: int
    """The most writes that one commit takes."""

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed; what is not there is not in the answer."""
        ...

    async def query(
        self,
        partition: str,
        *,
        index: IndexName | None = None,
        begins: str = "",
        low: str = "",
        high: str = "",
        after: str | None = None,
        limit: int = 100,
        reverse: bool = False,
        where: Mapping[str, str | int | bool] | None = None,
        contains: Sequence[str] = (),
    ) -> Page:
        """Read one partition (of an index) in the order of its sorts.

        `begins` is a prefix of the sort; `low` (inclusive) and `high` (exclusive) bound it.
        `after` is a former page's `next`. `where` (top-level body fields, equality) and `contains`
        (each of them in the item's `text`, in any order) filter. Of the items that a filter has to
        look at, one call looks at EXAMINED_MAX: a page may then hold fewer than `limit`, or none,
        though more follow.
        """
        ...

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        """Count the items of one partition (of an index), up to `limit`, without reading them."""
        ...

    async def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing, durably; returns only after the data is safe.

        Raises ConditionFailed with the positions of the writes whose expectation did not hold.
        """
        ...

    async def decide(self, key: Key, decision: Decision) -> None:
        """Commit what `decision` makes of an item as it is in that commit: nobody changes it in between.

        So it succeeds beside any number of others who write to the item. `decision` gets the item (None:
        there is none) and returns the writes, perhaps none; it does not wait, and may be called more than
        once. Where it raises, nothing is written and the same is raised here. Raises ConditionFailed where
        one of its other writes is refused.
        """
        ...

    async def tail(
        self, after: str = "", limit: int = 100, *, reverse: bool = False, wait_seconds: float = 0
    ) -> list[Event]:
        """Read the event log in commit order from behind `after` ("" is the start).

        With `reverse`, backwards from before `after` ("" is the end). With `wait_seconds`, waits
        that long for a first event.
        """
        ...

    def watched(self) -> tuple[Store, Watch] | None:
        """Return this store for reading, with what says whether anything read through it has changed since.

        None where an engine does not hear of changes.
        """
        ...

    def look(self) -> None:
        """Hear of what other processes have changed; `Watch.is_current` is as of the last time."""
        ...

    def marks_of_new_shop(self) -> Sequence[Write]:
        """Return what an engine that keeps its format as an item adds to the commit that makes a new shop."""
        ...

    async def purge(self, now_seconds: int, limit: int = 1000) -> int:
        """Remove items whose `ttl` has passed; return how many."""
        ...

    async def tidy(self) -> None:
        """Do what an engine does from time to time; the sweeper calls it."""
        ...

    async def scan(self, after: Key | None = None, limit: int = 500) -> tuple[list[Put], Key | None]:
        """Read all items in the engine's own order, and where to go on (None: there are no more).

        Each is the Put that made it what it is: it expects the version before the item's.
        """
        ...

    async def rewrite(self, events: Sequence[Event]) -> None:
        """Store events of the log as they are here, each at its position; one that is gone stays gone."""
        ...

    async def trim(self, through: str, limit: int = 1000) -> int:
        """Remove the oldest events of the log, up to and with a position, at most `limit`; return how many."""
        ...

    async def check(self) -> str:
        """Read a bounded part of what is stored, on and on; returns why it cannot be relied on, or ""."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the files or connections."""
        ...


@lru_cache(8192)
def log_order(position: str) -> tuple[int, str]:
    """Compare positions in the log: they are whole numbers, or instants with an id behind."""
    return len(position.partition("-")[0]), position
