"""SQLite's write lock, taken in turn by the processes that write one file.

SQLite lets who asks at the right instant have the lock, and a busy process could go on taking it from all others.
So who wants it first takes its turn at the head of a queue, a lock of the kernel on a file beside the store, and
gives that up when it has the write lock. The kernel ends the turn of a process that dies.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final

import apsw

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from threading import Event


POLL_SECONDS: Final = 0.0005
POLL_SECONDS_MAX: Final = 0.005


class WriterQueue:
    """This process's turn in the queue of a store's writers."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-queue")
        self._file: int | None = None
        """Opened by the first write: who only reads may be unable to make it."""

    def begin_at_once(self, writer: apsw.Connection) -> bool:
        """Begin a transaction that may write; returns False where another process writes, or waits to."""
        if not self._take():
            return False
        try:
            writer.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            return False
        finally:
            self._give_up()
        return True

    def begin(self, writer: apsw.Connection, timeout_seconds: float, cancelled: Event) -> None:
        """Wait for the turn of this process and begin; raises BusyError where that takes too long. Blocks."""
        deadline = time.monotonic() + timeout_seconds
        self._wait(self._take, deadline, cancelled)
        try:
            self._wait(lambda: _has_begun(writer), deadline, cancelled)
        finally:
            self._give_up()

    def _wait(self, attempt: Callable[[], bool], deadline: float, cancelled: Event) -> None:
        pause = POLL_SECONDS
        while not attempt():
            if cancelled.wait(pause) or time.monotonic() > deadline:
                raise apsw.BusyError("another process holds the file")
            pause = min(2 * pause, POLL_SECONDS_MAX)

    def _take(self) -> bool:
        if sys.platform == "win32":
            # SQLite's own lock alone must do.
            return True
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give_up(self) -> None:
        if sys.platform != "win32" and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)


def _has_begun(writer: apsw.Connection) -> bool:
    try:
        writer.execute("BEGIN IMMEDIATE")
    except apsw.BusyError:
        return False
    return True
