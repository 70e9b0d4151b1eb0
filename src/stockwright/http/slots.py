"""Requests that read much: few at once in this process, one at a time for each caller; others wait a moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from stockwright.base.errors import Busy

AT_ONCE_MAX: Final = 2
WAITING_MAX: Final = 32
WAIT_SECONDS: Final = 15.0


class Slots:
    """The slots for requests of one kind."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        self._turns: dict[str, asyncio.Lock] = {}
        self._users = Counter[str]()

    @asynccontextmanager
    async def take(self, caller: str) -> AsyncIterator[None]:
        """Hold a slot, after waiting for one at most WAIT_SECONDS; refuse with Busy where there is none."""
        if self._users.total() >= AT_ONCE_MAX + WAITING_MAX:
            raise Busy("Too many reports or exports are running; try again shortly")
        self._users[caller] += 1
        turn = self._turns.setdefault(caller, asyncio.Lock())
        try:
            await self._wait(turn)
            try:
                yield
            finally:
                self._places.release()
                turn.release()
        finally:
            self._users[caller] -= 1
            if not self._users[caller]:
                del self._users[caller]
                del self._turns[caller]

    async def _wait(self, turn: asyncio.Lock) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn.acquire()
                try:
                    await self._places.acquire()
                except BaseException:
                    turn.release()
                    raise
        except TimeoutError:
            raise Busy("Other reports or exports are still running; try again shortly") from None
