"""Access patterns of event handling: how far each handler is, what waits for a retry, dead letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockwright.base.errors import NotFound
from stockwright.base.event import Event
from stockwright.store.parsing import reads
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Body, Item, Key, Store


CURSORS = "CURSORS"


@dataclass(frozen=True, slots=True)
class Retry:
    """An event that waits for a handler's next try, due at `due_at` (ms). `attempts` were made."""

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
    version: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a handler gave up: the error and the whole event, until somebody decides."""

    id: str
    handler: str
    event: Event
    error: str
    attempts: int
    first_at: int
    created_at: int
    original_error: str = ""
    """What was wrong before it was sent on its way again for the first time."""
    version: int = 0


async def load_cursors(store: Store) -> dict[str, tuple[str, int]]:
    """Load how far every handler is: handler → (position, version)."""
    page = await store.query(CURSORS, limit=1000)
    return {item.key[1]: (item.body["position"], item.version) for item in page.items}


def put_cursor(batch: Batch, handler: str, position: str, version: int) -> None:
    """Write how far a handler is."""
    batch.put((CURSORS, handler), {"position": position}, version)


def _retry_key(handler: str, event_id: str) -> Key:
    return (f"RETRY#{handler}#{event_id}", "RETRY")


async def find_retry(store: Store, handler: str, event_id: str) -> Retry | None:
    """Find the wait of an event for a handler."""
    key = _retry_key(handler, event_id)
    item = (await store.get([key])).get(key)
    return retry_of(item) if item else None


async def due_retries(store: Store, handler: str, now: int, limit: int = 100) -> list[Retry]:
    """Read what is due for one handler, the longest due first."""
    page = await store.query(f"RETRY#{handler}", index="due", high=f"{now + 1:013d}", limit=limit)
    return [retry_of(item) for item in page.items]


async def waiting_retries(store: Store, limit: int = 1000) -> int:
    """Count what waits for a retry, up to a limit."""
    return await store.count("RETRY", index="list", limit=limit)


async def count_dead_letters(store: Store, limit: int = 1000) -> int:
    """Count what was given up, up to a limit."""
    return await store.count("DEADLETTER", index="list", limit=limit)


def put_retry(batch: Batch, retry: Retry) -> None:
    """Write a wait, expecting the version that it was loaded with."""
    body: Body = {
        "handler": retry.handler,
        "event": retry.event.as_dict(),
        "attempts": retry.attempts,
        "dueAt": retry.due_at,
        "firstAt": retry.first_at,
        "error": retry.error,
        "waiting": retry.waiting,
        "originalError": retry.original_error,
    }
    batch.put(
        _retry_key(retry.handler, retry.event.id),
        body,
        retry.version,
        {
            "due": (f"RETRY#{retry.handler}", f"{retry.due_at:013d}#{retry.event.id}"),
            "list": ("RETRY", f"{retry.event.id}#{retry.handler}"),
        },
    )


def delete_retry(batch: Batch, retry: Retry) -> None:
    """End a wait."""
    batch.delete(_retry_key(retry.handler, retry.event.id), retry.version)


def dead_letter_key(letter_id: str) -> Key:
    """The dead letter's item."""
    return (f"DEADLETTER#{letter_id}", "DEADLETTER")


async def find_dead_letter(store: Store, letter_id: str) -> DeadLetter | None:
    """Find a dead letter."""
    item = (await store.get([dead_letter_key(letter_id)])).get(dead_letter_key(letter_id))
    return _dead_letter_of(item) if item else None


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
    return [_dead_letter_of(item) for item in page.items], page.next


def put_dead_letter(batch: Batch, letter: DeadLetter) -> None:
    """Write a dead letter; Stale where it is there."""
    body: Body = {
        "id": letter.id,
        "handler": letter.handler,
        "event": letter.event.as_dict(),
        "error": letter.error,
        "attempts": letter.attempts,
        "firstAt": letter.first_at,
        "createdAt": letter.created_at,
        "originalError": letter.original_error,
    }
    batch.put(dead_letter_key(letter.id), body, ABSENT, {"list": ("DEADLETTER", letter.id)})


@reads("RETRY")
def retry_of(item: Item) -> Retry:
    """Read a wait from its item."""
    body = item.body
    return Retry(
        body["handler"],
        Event(**body["event"]),
        body["attempts"],
        body["dueAt"],
        body["firstAt"],
        body["error"],
        body["waiting"],
        body["originalError"],
        item.version,
    )


@reads("DEADLETTER")
def _dead_letter_of(item: Item) -> DeadLetter:
    body = item.body
    return DeadLetter(
        body["id"],
        body["handler"],
        Event(**body["event"]),
        body["error"],
        body["attempts"],
        body["firstAt"],
        body["createdAt"],
        body["originalError"],
        item.version,
    )
