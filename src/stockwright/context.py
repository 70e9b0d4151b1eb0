"""What a use case is given: the App with its ports.

A use case is `f(app, request, command) -> result`: load, decide, commit. It learns of the outside
world only through the protocols here; `stockwright.app` chooses who stands behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stockwright.base.ports import Clock, Ids, Mailer, Outbound
from stockwright.probe import WriteProbe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stockwright.accounts.identity import Identity
    from stockwright.config import Settings
    from stockwright.store.port import Store


@dataclass(slots=True)
class App:
    """The running product: the store and the ports that use cases and reactions work with."""

    settings: Settings
    store: Store
    clock: Clock
    ids: Ids
    mail: Mailer
    sms: Mailer
    topics: Mailer
    outbound: Outbound
    identity: Identity
    log: Any
    signing_key: bytes = b""
    """Seals the positions in lists; the same in every process of a shop."""
    lag: Callable[[], Awaitable[int]] = field(default_factory=lambda: _no_lag)
    """How many events wait for their slowest handler; set by who runs the handlers."""
    probe: WriteProbe = field(default_factory=WriteProbe)
    """This process's durable writes, which say whether it is ready."""

    def at(self, clock: Clock) -> App:
        """Return the same shop, told the time by another clock."""
        return replace(self, clock=clock, ids=self.ids.on(clock))


async def _no_lag() -> int:
    return 0
