"""Records of retention: whether it was accepted, where the event log begins, and how far archive files are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from msgspec import Struct

from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


PARTITION: Final = "RETENTION"
Aging = Literal["events", "holds", "notifications"]
"""The kinds of records that are removed by age."""
AGING: Final[tuple[Aging, ...]] = get_args(Aging)


class Accepted(Struct, frozen=True):
    """That an admin, or the first start of a new shop, agreed that old records are removed; `at` in ms."""

    at: int
    by: str


class LogStart(Struct, frozen=True):
    """Where the event log begins: events up to and with the position `through` may be gone.

    `at` (ms) is the latest time of an event among them.
    """

    through: str = ""
    at: int = 0
    version: int = ABSENT


class ArchiveEnd(Struct, frozen=True):
    """How far one kind's newest archive file is written; what stands behind `bytes` was never committed."""

    file: str = ""
    bytes: int = 0
    version: int = ABSENT


LOG_START: Final[Key] = (PARTITION, "log")


def _key(name: str) -> Key:
    return (PARTITION, name)


async def find_accepted(store: Store) -> Accepted | None:
    """Find whether records are removed by age; None: nobody has agreed to it yet."""
    item = (await store.get([_key("accepted")])).get(_key("accepted"))
    return None if item is None else Accepted(item.body["at"], item.body["by"])


def put_accepted(batch: Batch, accepted: Accepted) -> None:
    """Agree that old records are removed; Stale where somebody has agreed before."""
    batch.put(_key("accepted"), {"at": accepted.at, "by": accepted.by}, ABSENT)


async def load_log_start(store: Store) -> LogStart:
    """Load where the event log begins."""
    item = (await store.get([LOG_START])).get(LOG_START)
    return LogStart() if item is None else LogStart(item.body["through"], item.body["at"], item.version)


def put_log_start(batch: Batch, start: LogStart) -> None:
    """Write where the event log begins, expecting the version that was loaded."""
    batch.put(LOG_START, {"through": start.through, "at": start.at}, start.version)


async def load_archive_end(store: Store, kind: Aging) -> ArchiveEnd:
    """Load how far a kind's archive is written."""
    item = (await store.get([_key(kind)])).get(_key(kind))
    return ArchiveEnd() if item is None else ArchiveEnd(item.body["file"], item.body["bytes"], item.version)


def put_archive_end(batch: Batch, kind: Aging, end: ArchiveEnd) -> None:
    """Write how far a kind's archive is written, expecting the version that was loaded."""
    batch.put(_key(kind), {"file": end.file, "bytes": end.bytes}, end.version)
