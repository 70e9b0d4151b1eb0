"""Records of retention: whether it was accepted, where the event log begins, and how far archive files are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from stockwright.base.record import Record
from stockwright.store.find import find
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


PARTITION: Final = "RETENTION"
Aging = Literal["events", "holds", "notifications"]
"""The kinds of records that are removed by age."""
AGING: Final[tuple[Aging, ...]] = get_args(Aging)


class Accepted(Record, frozen=True):
    """That an admin, or the first start of a new shop, agreed that old records are removed; `at` in ms."""

    KIND = "ACCEPTED"
    PARTITION = PARTITION
    SORTS = ("accepted",)
    at: int
    by: str


class LogStart(Record, frozen=True):
    """Where the event log begins: events up to and with the position `through` may be gone.

    `at` (ms) is the latest time of an event among them.
    """

    KIND = "LOG"
    PARTITION = PARTITION
    SORTS = ("log",)
    through: str = ""
    at: int = 0


class ArchiveEnd(Record, frozen=True):
    """How far one kind's newest archive file is written; what it holds after `bytes` was never committed."""

    KIND = "ARCHIVE"
    PARTITION = PARTITION
    SORTS = AGING
    file: str = ""
    bytes: int = 0


LOG_START: Final[Key] = (PARTITION, "log")


def _key(name: str) -> Key:
    return (PARTITION, name)


async def find_accepted(store: Store) -> Accepted | None:
    """Find whether records are removed by age; None: no one has agreed to it yet."""
    return await find(store, _key("accepted"), Accepted)


def put_accepted(batch: Batch, accepted: Accepted) -> None:
    """Agree that old records are removed; Stale where somebody has agreed before."""
    batch.put(_key("accepted"), accepted, ABSENT)


async def load_log_start(store: Store) -> LogStart:
    """Load where the event log begins."""
    return await find(store, LOG_START, LogStart) or LogStart()


def put_log_start(batch: Batch, start: LogStart) -> None:
    """Write where the event log begins, expecting the version that was loaded."""
    batch.put(LOG_START, start, start.version)


async def load_archive_end(store: Store, kind: Aging) -> ArchiveEnd:
    """Load how far a kind's archive is written."""
    return await find(store, _key(kind), ArchiveEnd) or ArchiveEnd()


def put_archive_end(batch: Batch, kind: Aging, end: ArchiveEnd) -> None:
    """Write how far a kind's archive is written, expecting the version that was loaded."""
    batch.put(_key(kind), end, end.version)
