"""Requests that read much: few at once in this shop, one at a time for each caller; others wait a moment.

With several workers each slot, and each caller's turn, is also a lock of the kernel, which frees those of a worker
that dies (`key_locks.py`). A worker looks for a free one every few milliseconds, for at most as long as it would wait
for a slot of its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Busy

if TYPE_CHECKING:
    from pathlib import Path

AT_ONCE_MAX: Final = 2
WAITING_MAX: Final = 32
"""In each worker."""
WAIT_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 0.02
"""Between two looks whether another worker has given back what is waited for."""
FILE: Final = "slots"


class Slots:
    """The slots for requests of one kind, over all workers of the `shared` folder."""

    def __init__(self, kind: str, shared: Path | None = None) -> None:
        self._kind = kind
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)
        self._turns: dict[str, asyncio.Lock] = {}
        self._users = Counter[str]()
        self._others = None if shared is None else _OtherWorkers(kind, shared)

    @asynccontextmanager
    async def take(self, caller: str) -> AsyncIterator[None]:
        """Hold a slot, after waiting for one at most WAIT_SECONDS; refuse with Busy where there is none."""
        if self._users.total() >= AT_ONCE_MAX + WAITING_MAX:
            raise Busy(f"Too many {self._kind}s are running; try again shortly")
        self._users[caller] += 1
        turn = self._turns.setdefault(caller, asyncio.Lock())
        try:
            slot = await self._wait(turn, caller)
            try:
                yield
            finally:
                if self._others is not None:
                    self._others.give_back(slot, caller)
                self._slots.release()
                turn.release()
        finally:
            self._users[caller] -= 1
            if not self._users[caller]:
                del self._users[caller]
                del self._turns[caller]

    async def _wait(self, turn: asyncio.Lock, caller: str) -> int:
        """Wait for the caller's turn and for a slot; returns its number among those of all workers."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn.acquire()
                try:
                    await self._slots.acquire()
                    try:
                        return 0 if self._others is None else await self._others.wait(caller)
                    except BaseException:
                        self._slots.release()
                        raise
                except BaseException:
                    turn.release()
                    raise
        except TimeoutError:
            raise Busy(f"Other {self._kind}s are still running; try again shortly") from None


class _OtherWorkers:
    """The same slots, as locks that only one worker can hold each."""

    def __init__(self, kind: str, shared: Path) -> None:
        # Imported where it is used: a function serves no folder.
        from stockwright.http.key_locks import KeyLocks

        self._kind = kind
        self._locks = KeyLocks(shared / f"{FILE}-{kind}")
        self._held: set[int] = set()
        """The slots that this worker holds: the locks exclude other processes only."""

    async def wait(self, caller: str) -> int:
        """Take the caller's turn and a slot as soon as no other worker holds them; returns its number."""
        while True:
            slot = self._take(caller)
            if slot is not None:
                return slot
            await asyncio.sleep(LOOK_SECONDS)

    def _take(self, caller: str) -> int | None:
        if not self._locks.take(f"caller {caller}"):
            return None
        for slot in range(AT_ONCE_MAX):
            if slot not in self._held and self._locks.take(f"slot {slot}"):
                self._held.add(slot)
                return slot
        self._locks.give_back(f"caller {caller}")
        return None

    def give_back(self, slot: int, caller: str) -> None:
        """Let another request have the slot and the turn."""
        self._held.discard(slot)
        self._locks.give_back(f"slot {slot}")
        self._locks.give_back(f"caller {caller}")
