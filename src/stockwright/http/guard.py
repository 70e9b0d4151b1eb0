"""How many connections a server has, what each may take, and which of them makes room for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from stockwright.http.connections import BoundedProtocol
    from stockwright.http.streaming import Scope

CONNECTIONS_MAX: Final = 10_000
CONNECTIONS_MIN: Final = 16
FILES_KEPT: Final = 64
"""Descriptors that connections leave to the store, the log, partners and mail."""


class ConnectionLimits(Struct, frozen=True, kw_only=True):
    """SPEC section 2; tests give shorter ones."""

    head_bytes: int = 64 * 1024
    head_seconds: float = 10
    """For a first byte and the whole head: a silent connection is closed then."""
    idle_seconds: float = 65
    """Between an answer and the next request."""
    progress_seconds: float = 30
    """A body that brings nothing, and an answer of which nothing is taken, end after this."""
    body_seconds: float = 30 * 60
    linger_seconds: float = 1
    """So long a refused client may go on sending: closed at once, it would not get to read why."""
    connections: int = 1000


def connections_for(files: int) -> int:
    """Return how many connections fit beside everything else into so many file descriptors."""
    return max(CONNECTIONS_MIN, min(CONNECTIONS_MAX, files * 3 // 4 - FILES_KEPT))


class Guard(Struct, eq=False):
    """All connections of a server, those that have waited longest first."""

    limits: ConnectionLimits
    ready: Callable[[Scope], bytes | None] = lambda _: None
    """Returns the whole answer to a request without a body where it is at hand."""
    waiting: dict[BoundedProtocol, None] = field(default_factory=dict)
    busy: set[BoundedProtocol] = field(default_factory=set)

    def admit(self, connection: BoundedProtocol) -> bool:
        """Take a connection in; where there is no room, one that only waits makes room. False: all are at work."""
        if len(self.waiting) + len(self.busy) >= self.limits.connections:
            if not self.waiting:
                return False
            longest = next(iter(self.waiting))
            self.forget(longest)
            longest.transport.abort()
        self.waiting[connection] = None
        return True

    def note(self, connection: BoundedProtocol, *, waits: bool) -> None:
        """Note whether a connection waits for its client, or has a request at work."""
        if connection not in self.waiting and connection not in self.busy:
            return
        if waits:
            self.busy.discard(connection)
            self.waiting[connection] = None
        elif connection in self.waiting:
            del self.waiting[connection]
            self.busy.add(connection)

    def forget(self, connection: BoundedProtocol) -> None:
        """Give its slot to another."""
        self.waiting.pop(connection, None)
        self.busy.discard(connection)
