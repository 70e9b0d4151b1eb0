"""The data folder of a command that must be alone on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stockwright.adapters.folder_lock import FolderLock
from stockwright.config import Settings


@contextmanager
def lock_folder(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Lock the data folder of an embedded store: two dispatchers on one event log would send every mail twice.

    Yields what writes down the address, for a process that finds the folder locked. A table on DynamoDB has no folder.
    """
    if settings.store != "sqlite":
        yield lambda _: None
        return
    lock = FolderLock(settings.data_dir)
    lock.acquire()
    try:
        yield lock.describe
    finally:
        lock.release()
