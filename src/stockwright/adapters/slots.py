"""A bounded number of calls at once to one service; waiting for a slot of ours is no fault of theirs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import TryLater

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WAIT_SECONDS: Final = 5.0
"""Less than a handler's own time, so that a call begins with most of it left."""
RETRY_SECONDS: Final = 5.0


class Slots:
    """Slots for one service: `wait_seconds` is how long a call waits for one before it is put off."""

    def __init__(self, count: int, service: str, wait_seconds: float = WAIT_SECONDS) -> None:
        self._free = asyncio.Semaphore(count)
        self._service = service
        self._wait_seconds = wait_seconds

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a slot; raises TryLater, before anything was sent, where none gets free in time."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            message = f"all our connections to {self._service} are in use"
            raise TryLater(message, after_seconds=RETRY_SECONDS) from None
        try:
            yield
        finally:
            self._free.release()
