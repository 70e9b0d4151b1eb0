"""What a use case is given: the App with its ports.

A use case is `f(app, request, command) -> result`: load, decide, commit. It learns of the outside
world only through the protocols here; `stockwright.app` chooses what implements them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.ports import Clock, Files, Ids, Mailer, Outbound, Pictures
from stockwright.probe import WriteProbe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stockwright.config import Settings
    from stockwright.store.port import Store


class App(Struct):
    """The running product: the store and the ports that use cases and reactions work with."""

    settings: Settings
    store: Store
    clock: Clock
    ids: Ids
    mail: Mailer
    sms: Mailer
    topics: Mailer
    outbound: Outbound
    files: Files
    pictures: Pictures
    identity: object
    """Who knows passwords and tokens; accounts ask it as their `Identity` (`identity_of`)."""
    log: Any
    signing_key: bytes = b""
    """Seals the positions in lists; the same in every process of a shop."""
    lag: Callable[[], Awaitable[int]] = field(default_factory=lambda: _no_lag)
    """How many events wait for their slowest handler; set by who runs the handlers."""
    handlers: frozenset[str] = frozenset()
    """The handlers that this process runs, whose cursors say what they have handled."""
    shared: Path | None = None
    """The folder of what several workers of the shop share; None where one process serves it."""
    probe: WriteProbe = field(default_factory=WriteProbe)
    """This process's durable writes, which say whether it is ready."""
    on_stop: list[Callable[[], None]] = field(default_factory=list)
    """Called when this process is to stop, before it waits for what is under way: what has no end by itself, ends."""

    def reading(self, store: Store) -> App:
        """Return the same shop, read through this store."""
        return replace(self, store=store)

    def at(self, clock: Clock) -> App:
        """Return the same shop with another clock."""
        return replace(self, clock=clock, ids=self.ids.on(clock))


async def _no_lag() -> int:
    return 0


class Repeating:
    """Does a duty in this process every few seconds; one that fails is logged as `failure`, and has its next turn.

    Where `may_run` returns False, the turn is another process's.
    """

    def __init__(
        self,
        app: App,
        duty: Callable[[App], Awaitable[object]],
        every_seconds: float,
        failure: str,
        may_run: Callable[[], bool] | None = None,
    ) -> None:
        self._app = app
        self._duty = duty
        self._every_seconds = every_seconds
        self._failure = failure
        self._may_run = may_run
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; a duty that is cut off is done by the next process."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                if self._may_run is None or self._may_run():
                    await self._duty(self._app)
            except Exception:
                self._app.log.exception(self._failure)
            await asyncio.sleep(self._every_seconds)
