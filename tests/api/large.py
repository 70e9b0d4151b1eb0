"""A shop of thousands: what the scene made, many times over, on a store that counts what is read of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from stockwright.asgi import build_asgi
from stockwright.base.event import Event
from stockwright.catalog.backfill import backfill
from stockwright.store.port import ABSENT, Append, Page, Put, Write
from tests.api.conftest import asking, dressed
from tests.api.scene import Scene
from tests.conftest import Clock, bare_app

_ID = re.compile(rb"\b(prd|var|ord|sal|res|mov|ntf|dlt|evt|key)_[0-9a-z]{26}\b")


class Metered:
    """The real store, counting calls and rows, and noting what is put."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.calls = self.rows = self.written = 0
        self.puts: list[Put] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def get(self, keys: Any) -> Any:
        found = await self._store.get(keys)
        self.calls, self.rows = self.calls + 1, self.rows + len(found)
        return found

    async def query(self, *given: Any, **named: Any) -> Page:
        page: Page = await self._store.query(*given, **named)
        self.calls, self.rows = self.calls + 1, self.rows + len(page.items)
        return page

    async def tail(self, *given: Any, **named: Any) -> list[Event]:
        events: list[Event] = await self._store.tail(*given, **named)
        self.calls, self.rows = self.calls + 1, self.rows + len(events)
        return events

    async def scan(self, *given: Any) -> Any:
        found = await self._store.scan(*given)
        self.calls, self.rows = self.calls + 1, self.rows + len(found[0])
        return found

    async def purge(self, *given: Any) -> int:
        purged: int = await self._store.purge(*given)
        self.calls, self.written = self.calls + 1, self.written + purged
        return purged

    async def trim(self, *given: Any) -> int:
        trimmed: int = await self._store.trim(*given)
        self.calls, self.written = self.calls + 1, self.written + trimmed
        return trimmed

    async def rewrite(self, events: Any) -> None:
        await self._store.rewrite(events)
        self.written += len(events)

    async def commit(self, writes: Any) -> None:
        self.written += len(writes)
        await self._store.commit(writes)
        self.puts += [write for write in writes if isinstance(write, Put)]


def clone(put: Put, number: int) -> Put | None:
    """Return the same thing under other ids; None where it has none of its own."""
    encoded = msgspec.json.encode([put.key, put.body, put.indexes, put.text])
    if not _ID.search(put.key[0].encode() + b" " + put.key[1].encode()):
        return None
    # Ids of one instant may differ in their last letters alone.
    copied = _ID.sub(lambda found: found[0][:-12] + b"%06d" % number + found[0][-6:], encoded)
    key, body, indexes, text = msgspec.json.decode(copied)
    entries = {name: (partition, sort) for name, (partition, sort) in indexes.items()}
    return Put(tuple(key), body, ABSENT, entries, text)


async def grow(app: Any, puts: list[Put], size: int) -> None:
    """Write each thing many times over, and as many events."""
    newest = {put.key: put for put in puts}
    copies = (copy for n in range(size) for put in newest.values() if (copy := clone(put, n)) is not None)
    now = app.clock.now()
    events = (Append(Event(f"evt_{number}", "thing.done", "thing", now, {})) for number in range(size))
    writes: itertools.chain[Write] = itertools.chain(copies, events)
    at_once = min(1000, app.store.writes_max)
    while part := list(itertools.islice(writes, at_once)):
        await app.store.commit(part)


@asynccontextmanager
async def a_shop(folder: Path, engine: str, size: int) -> AsyncIterator[tuple[Scene, Metered]]:
    folder.mkdir()  # noqa: ASYNC240 - before anything runs beside it
    clock = Clock()
    app = await bare_app(folder, clock, engine)
    metered = Metered(app.store)
    app.store = metered  # type: ignore[assignment]
    with dressed(app, clock):
        async with asking(build_asgi(app)) as http:
            scene = Scene(app, clock, http)
            await scene.begin()
            await grow(app, metered.puts, size)
            while not await backfill(app):
                pass
            yield scene, metered
    await app.store.close()
