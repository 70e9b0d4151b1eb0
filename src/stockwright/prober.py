"""The prober: makes a durable write every few seconds, so that readiness is known before anybody asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stockwright.probe import EVERY_SECONDS

if TYPE_CHECKING:
    from stockwright.context import App


class Prober:
    """Probes for ever in this process."""

    def __init__(self, app: App, every_seconds: float = EVERY_SECONDS) -> None:
        self._app = app
        self._every_seconds = every_seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._app.probe.refresh(self._app)
            await asyncio.sleep(self._every_seconds)
