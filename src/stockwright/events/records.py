"""Access patterns of event handling: how far each handler is, what waits for a retry, dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.errors import NotFound
from stockwright.base.event import Event
from stockwright.base.record import Record
from stockwright.base.shards import SHARDS
from stockwright.store.find import find
from stockwright.store.port import ABSENT, COUNT_MAX, log_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


CURSORS = "CURSORS"


class Retry(Record, frozen=True):
    """An event that waits for a handler's next try, due at `due_at` (ms). `attempts` were made."""

    KIND = "RETRY"
    handler: str
    event: Event
    attempts: int
    due_at: int
    first_at: int
    error: str = ""
    waiting: bool = False
    """Whether it waits for time alone (TryLater): the cloud form's sweep sends it on when that is over."""
    original_error: str = ""
    """Of the dead letter that was sent on its way again."""


class DeadLetter(Record, frozen=True):
    """An event that a handler gave up: the error and the whole event, until somebody decides."""

    KIND = "DEADLETTER"
    id: str
    handler: str
    event: Event
    error: str
    attempts: int
    first_at: int
    created_at: int
    original_error: str = ""
    """What was wrong before it was sent on its way again for the first time."""


class Cursor(Record, frozen=True):
    """How far a handler is: every event up to its shard's position is handled."""

    KIND = "CURSOR"
    PARTITION = CURSORS
    positions: tuple[str, ...] = ("",) * SHARDS

    @property
    def slowest(self) -> str:
        """The position in the log up to which every event is handled."""
        return min(self.positions, key=log_order)


async def load_all_cursors(store: Store) -> dict[str, Cursor]:
    """Load how far every handler is, by its name."""
    page = await store.query(CURSORS, limit=1000)
    return {item.key[1]: item.read(Cursor) for item in page.items}


async def load_cursors(store: Store) -> dict[str, tuple[str, int]]:
    """Load up to where every handler has handled everything: handler → (position, version)."""
    return {name: (cursor.slowest, cursor.version) for name, cursor in (await load_all_cursors(store)).items()}


def put_cursor(batch: Batch, handler: str, position: str, version: int) -> None:
    """Write that a handler is at one position in all shards."""
    batch.put((CURSORS, handler), Cursor((position,) * SHARDS), version)


def move_cursor(batch: Batch, handler: str, cursor: Cursor, positions: Mapping[int, str]) -> None:
    """Write how far a handler is in some shards; it stays where it is in the others."""
    after = tuple(positions.get(shard, position) for shard, position in enumerate(cursor.positions))
    batch.put((CURSORS, handler), Cursor(after), cursor.version)


def _retry_key(handler: str, event_id: str) -> Key:
    return (f"RETRY#{handler}#{event_id}", "RETRY")


async def find_retry(store: Store, handler: str, event_id: str) -> Retry | None:
    """Find the wait of an event for a handler."""
    return await find(store, _retry_key(handler, event_id), Retry)


async def due_retries(store: Store, handler: str, now: int, limit: int = 100) -> list[Retry]:
    """Read what is due for one handler, the longest due first."""
    page = await store.query(f"RETRY#{handler}", index="due", high=f"{now + 1:013d}", limit=limit)
    return [item.read(Retry) for item in page.items]


async def find_waiting(store: Store, waits: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Find which events still wait for a handler, for a retry or as a dead letter: pairs of event id and handler."""
    keys = {wait: (_retry_key(wait[1], wait[0]), dead_letter_key(letter_id(*wait))) for wait in waits}
    found = await store.get([key for pair in keys.values() for key in pair])
    return {wait for wait, pair in keys.items() if any(key in found for key in pair)}


async def oldest_retry(store: Store) -> Retry | None:
    """Find the wait for a retry whose event is the oldest."""
    page = await store.query("RETRY", index="list", limit=1)
    return page.items[0].read(Retry) if page.items else None


async def waiting_retries(store: Store) -> int:
    """Count what waits for a retry."""
    return await store.count("RETRY", index="list", limit=COUNT_MAX)


async def count_dead_letters(store: Store) -> int:
    """Count what was given up, as a recount of its rollup."""
    return await store.count("DEADLETTER", index="list", limit=COUNT_MAX)


def put_retry(batch: Batch, retry: Retry) -> None:
    """Write a wait, expecting the version that it was loaded with."""
    batch.put(
        _retry_key(retry.handler, retry.event.id),
        retry,
        retry.version,
        {
            "due": (f"RETRY#{retry.handler}", f"{retry.due_at:013d}#{retry.event.id}"),
            "list": ("RETRY", f"{retry.event.id}#{retry.handler}"),
        },
    )


def delete_retry(batch: Batch, retry: Retry) -> None:
    """End a wait."""
    batch.delete(_retry_key(retry.handler, retry.event.id), retry.version)


def letter_id(event_id: str, handler: str) -> str:
    """Name a dead letter after what it is about, so that a twin of the failure makes no second one."""
    return f"dlq_{event_id.removeprefix('evt_')}-{handler}"


def dead_letter_key(letter_id: str) -> Key:
    """The dead letter's item."""
    return (f"DEADLETTER#{letter_id}", "DEADLETTER")


async def find_dead_letter(store: Store, letter_id: str) -> DeadLetter | None:
    """Find a dead letter."""
    return await find(store, dead_letter_key(letter_id), DeadLetter)


async def load_dead_letter_versions(store: Store, letter_ids: Iterable[str]) -> dict[str, int]:
    """Load which of these dead letters are there, and their versions, in one call."""
    keys = {dead_letter_key(each): each for each in letter_ids}
    return {keys[key]: item.version for key, item in (await store.get(list(keys))).items()}


async def get_dead_letter(store: Store, letter_id: str) -> DeadLetter:
    """Get a dead letter or refuse."""
    letter = await find_dead_letter(store, letter_id)
    if letter is None:
        raise NotFound("Dead letter not found")
    return letter


async def page_of_dead_letters(
    store: Store, *, after: str | None = None, limit: int = 20
) -> tuple[list[DeadLetter], str | None]:
    """Read dead letters, newest first."""
    page = await store.query("DEADLETTER", index="list", after=after, limit=limit, reverse=True)
    return [item.read(DeadLetter) for item in page.items], page.next


def put_dead_letter(batch: Batch, letter: DeadLetter) -> None:
    """Write a dead letter; Stale where it is there."""
    batch.put(dead_letter_key(letter.id), letter, ABSENT, {"list": ("DEADLETTER", letter.id)})
