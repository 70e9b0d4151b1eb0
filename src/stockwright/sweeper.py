"""The sweeper: ends expired holds, finishes what stopped half-way and removes rubbish, every few seconds.

Nothing depends on its being on time: an expired hold is expired at the instant, swept or not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from stockwright.usecases.categories import finish_renames
from stockwright.usecases.reservations import expire_due
from stockwright.usecases.settling import finish_due

if TYPE_CHECKING:
    from stockwright.usecases.context import App

EVERY_SECONDS: Final = 5.0


async def sweep(app: App) -> int:
    """Sweep once; returns how many holds were ended."""
    expired = await expire_due(app)
    await finish_due(app)
    await finish_renames(app)
    await app.store.purge(app.clock.now() // 1000)
    return expired


class Sweeper:
    """Sweeps for ever in this process."""

    def __init__(self, app: App, every_seconds: float = EVERY_SECONDS) -> None:
        self._app = app
        self._every_seconds = every_seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; a sweep that is cut off is done by the next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await sweep(self._app)
            except Exception:
                self._app.log.exception("sweep failed")
            await asyncio.sleep(self._every_seconds)
