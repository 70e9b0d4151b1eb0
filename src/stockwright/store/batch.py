"""One commit under construction, and the bounded retry that a refused commit gets.

Every use case loads, decides and commits. A commit is refused only because something it was
decided on has changed since, so the answer to a refusal is always the same: load again, decide
again. The second decision sees the new state, and either refuses with a message or succeeds.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any, TypeVar

from stockwright.base.errors import Busy, StockwrightError
from stockwright.store.port import Add, Append, Check, ConditionFailed, Delete, Put

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stockwright.base.event import Event
    from stockwright.base.record import Record
    from stockwright.store.port import IndexName, Key, Store, Write


Result = TypeVar("Result")
ATTEMPTS_MAX = 12


class Stale(StockwrightError):
    """What the decision stood on has changed; nothing was written. Never leaves a use case."""

    code = "STALE"
    transient = True


class Batch:
    """Writes that are committed together or not at all."""

    def __init__(self) -> None:
        self.writes: list[Write] = []

    def put(
        self,
        key: Key,
        body: dict[str, Any] | Record,
        expect: int,
        indexes: Mapping[IndexName, tuple[str, str]] | None = None,
        *,
        text: str = "",
        ttl: int | None = None,
        fills: Mapping[str, tuple[Key, tuple[str, ...]]] | None = None,
    ) -> None:
        """Write an item whole."""
        self.writes.append(Put(key, body, expect, indexes or {}, text, ttl, fills or {}))

    def add(
        self,
        key: Key,
        deltas: Mapping[tuple[str, ...], int],
        floors: Mapping[tuple[str, ...], int],
        expect: int | None = None,
        sets: Mapping[str, int] | None = None,
    ) -> None:
        """Move numbers inside an item."""
        self.writes.append(Add(key, deltas, floors, expect, sets or {}))

    def check(self, key: Key, expect: int) -> None:
        """Hold the commit to an item's version."""
        self.writes.append(Check(key, expect))

    def delete(self, key: Key, expect: int) -> None:
        """Remove an item."""
        self.writes.append(Delete(key, expect))

    def append(self, event: Event) -> None:
        """Append an event."""
        self.writes.append(Append(event))

    async def commit(self, store: Store) -> None:
        """Commit, or raise Stale."""
        try:
            await store.commit(self.writes)
        except ConditionFailed as refused:
            raise Stale(f"changed meanwhile: {refused}") from refused

    async def commit_once(self, store: Store) -> None:
        """Commit, unless another process has done it already."""
        with contextlib.suppress(Stale):
            await self.commit(store)


async def retried(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Run load-decide-commit until it is not Stale: at most ATTEMPTS_MAX times, with full jitter."""
    for tries in range(ATTEMPTS_MAX):
        try:
            return await attempt()
        except Stale:
            # The first retries are at once: on one process the newer state is there already.
            if tries > 2:  # noqa: PLR2004
                await asyncio.sleep(random.uniform(0, min(0.5, 0.005 * 2**tries)))  # noqa: S311
    raise Busy("Too many concurrent changes to the same record; try again shortly")
