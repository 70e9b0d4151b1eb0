"""Access patterns of backups: the failure since the last good one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.record import Record
from stockwright.store.find import find

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store

KEY: Final[Key] = ("BACKUPS", "FAILURE")


class BackupFailure(Record, frozen=True):
    """Why the last backup failed ("": it did not), when it was tried, and when admins were alerted last (ms)."""

    KIND = "BACKUP"
    PARTITION = KEY[0]
    reason: str = ""
    tried_at: int = 0
    alerted_at: int = 0


async def load_failure(store: Store) -> BackupFailure:
    """Load the failure of the last backup."""
    return await find(store, KEY, BackupFailure) or BackupFailure()


def put_failure(batch: Batch, failure: BackupFailure) -> None:
    """Write a failure, expecting the version that was loaded."""
    batch.put(KEY, failure, failure.version)


def delete_failure(batch: Batch, failure: BackupFailure) -> None:
    """Forget a failure: there is a good backup since."""
    batch.delete(KEY, failure.version)
