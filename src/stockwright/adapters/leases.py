"""Leases among the processes that serve one folder: each is held by one of them, and freed by the kernel when it dies.

A lease is the operating system's lock on an open file, so handing it over needs no clock. Each process also holds a
lease that says that it is there, from when it can handle something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path


SWEEPER: Final = "sweeper"
"""The lease of who does what one worker does for all."""
FOLDER: Final = "workers"
"""In the data folder: what its workers share."""


class Leases:
    """What one worker of several holds; `number` counts from 0."""

    def __init__(self, folder: Path, number: int, count: int) -> None:
        self.number, self.count = number, count
        self._folder = folder / FOLDER
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._locks: dict[str, FileLock] = {}
        self._held: set[str] = set()

    def announce(self) -> bool:
        """Say that this worker handles events; to be repeated, since who looks for it takes that lease for an instant.

        Not before: while a new worker starts, the others go on with its shards.
        """
        return self.take(_presence(self.number))

    def take(self, name: str) -> bool:
        """Take a lease, or keep it; returns whether this process has it."""
        if name in self._held:
            return True
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = FileLock(self._folder / name, mode=0o600)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        self._held.add(name)
        return True

    def give_back(self, name: str) -> None:
        """Let another process take a lease."""
        if name in self._held:
            self._held.discard(name)
            self._locks[name].release()

    def is_there(self, number: int) -> bool:
        """Return whether another worker handles events."""
        name = _presence(number)
        if number == self.number:
            return True
        if not self.take(name):
            return True
        self.give_back(name)
        return False

    def close(self) -> None:
        """Give everything back."""
        for name in list(self._held):
            self.give_back(name)


def _presence(number: int) -> str:
    return f"worker-{number}"
