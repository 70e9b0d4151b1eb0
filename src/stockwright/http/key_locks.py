"""Locks of the kernel on single bytes of an empty file: a lock for each of any number of names, among processes.

The kernel frees the locks of a process that dies. Two names with one hash exclude each other, which is as likely as
two equal random numbers of 62 bits.
"""

from __future__ import annotations

import os
import sys
from hashlib import blake2b
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class KeyLocks:
    """This process's locks in one file. Within the process, nothing is excluded."""

    def __init__(self, path: Path) -> None:
        # Opened once: closing any descriptor of the file would free all locks of the process.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, name: str) -> bool:
        """Take the lock of a name; returns False where another process has it."""
        if sys.platform != "win32":
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _byte_of(name))
            except (BlockingIOError, PermissionError):
                return False
        return True

    def give_back(self, name: str) -> None:
        """Free the lock of a name."""
        if sys.platform != "win32":
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _byte_of(name))


def _byte_of(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") >> 2
