"""Access patterns of backups: the failure since the last good one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store

KEY: Final[Key] = ("BACKUPS", "FAILURE")


class Alerted(Struct, frozen=True):
    """Why the last backup failed ("": it did not), when it was tried, and when admins were alerted last (ms)."""

    reason: str = ""
    tried_at: int = 0
    alerted_at: int = 0
    version: int = ABSENT


async def load_alerted(store: Store) -> Alerted:
    """Load the failure of the last backup."""
    item = (await store.get([KEY])).get(KEY)
    return Alerted() if item is None else Alerted(**item.body, version=item.version)


def put_alerted(batch: Batch, alerted: Alerted) -> None:
    """Write a failure, expecting the version that was loaded."""
    body = {"reason": alerted.reason, "tried_at": alerted.tried_at, "alerted_at": alerted.alerted_at}
    batch.put(KEY, body, alerted.version)


def delete_alerted(batch: Batch, alerted: Alerted) -> None:
    """Forget a failure: there is a good backup since."""
    batch.delete(KEY, alerted.version)
