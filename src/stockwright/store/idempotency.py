"""Records of Idempotency-Keys: each makes its effect happen once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import StockwrightError
from stockwright.base.record import Record
from stockwright.store.batch import Batch, Stale
from stockwright.store.find import find
from stockwright.store.port import ABSENT, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.port import Key


IDEMPOTENCY_SECONDS = 48 * 3600
"""How long a record is stored where nobody set another time."""
FIRST_VERSION = ABSENT + 1


Reference = tuple[str | int, ...]
"""Names a result as it was: what is stored of it does not change any more."""


class Recall(Struct, frozen=True):
    """How a result is found again as it was, so that its answer need not be stored with the key."""

    refer: Callable[[Any], Reference | None]
    """Return a reference to a result; None where it could not be found again by one."""
    find: Callable[[Store, Reference], Awaitable[Any]]
    """Return the result of a reference; None where it is gone."""


class UsedKey(Record, frozen=True, omit_defaults=True):
    """What was asked for with a key (as a hash), and the answer, or a reference from which that can be made again.

    Without both of them its effect is there, and its answer was lost.
    """

    KIND = "IDEMPOTENCY"
    PARTITION = "IDEMPOTENCY#"
    hash: str
    answer: Mapping[str, Any] | None = None
    reference: Reference | None = None


class AlreadyDone(StockwrightError):
    """This Idempotency-Key has had its effect; the edge replays its answer."""

    code = "ALREADY_DONE"


def idempotency_key(key: str) -> Key:
    """The record of one Idempotency-Key of one caller."""
    return (f"{UsedKey.PARTITION}{key}", "-")


def put_idempotency(
    batch: Batch,
    key: str,
    request_hash: str,
    answer: Mapping[str, Any] | None,
    until: int | None,
    reference: Reference | None = None,
) -> int:
    """Add the record of an Idempotency-Key, stored until then (epoch seconds; None: for ever); returns its position."""
    batch.put(idempotency_key(key), UsedKey(request_hash, answer, reference), ABSENT, ttl=until)
    return len(batch.writes) - 1


async def find_idempotency(store: Store, key: str) -> UsedKey | None:
    """Find the record of an Idempotency-Key."""
    return await find(store, idempotency_key(key), UsedKey)


async def find_idempotencies(store: Store, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the stored answer of every key that has been used ({} where it was lost)."""
    found = await store.get([idempotency_key(key) for key in keys])
    items = {key: found.get(idempotency_key(key)) for key in keys}
    return {key: item.read(UsedKey).answer or {} for key, item in items.items() if item is not None}


def drop_idempotency(batch: Batch, key: str) -> None:
    """Let a key be used again, because its effect is taken back in the same commit; Stale where it was not used."""
    batch.delete(idempotency_key(key), FIRST_VERSION)


async def complete_idempotency(store: Store, key: str, answer: Mapping[str, Any], until: int | None) -> None:
    """Store an answer that was only known after its commit; `until` as in `put_idempotency`."""
    used = await find_idempotency(store, key)
    if used is None or used.version != FIRST_VERSION:
        return
    batch = Batch()
    batch.put(idempotency_key(key), replace(used, answer=answer, reference=None), used.version, ttl=until)
    try:
        await batch.commit(store)
    except Stale:
        return
