"""An import at work: under a lease, in steps that are each safe to be done again.

Who works on an import holds it until `due_at`, and says so again with each piece. Where that ends (the process was
killed, the function's time is over) anybody goes on from the last piece: its rows are booked once, however often they
are tried.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from stockwright.base.actor import SYSTEM
from stockwright.base.errors import StockwrightError
from stockwright.commit import new_event
from stockwright.events.catalogue import ImportEnded
from stockwright.imports import records
from stockwright.imports.model import LEASE_MS, Import, ImportFindings
from stockwright.request import Request
from stockwright.store.batch import ATTEMPTS_MAX, Batch, Stale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockwright.context import App
    from stockwright.imports.model import RowError
    from stockwright.imports.taking_back import Since


class Superseded(StockwrightError):
    """Another process goes on with the import; this one has nothing more to do. Never leaves the room."""


class CancelledImport(StockwrightError):
    """Somebody wants the import to end while its rows are being checked. Never leaves the room."""


class Job:
    """An import that this process works on."""

    def __init__(self, app: App, importing: Import, progress: Callable[[int, int], None] = lambda *_: None) -> None:
        self.app, self.importing, self.progress = app, importing, progress
        self.since: dict[str, Since] = {}
        """Product id → what others moved since it was booked, as far as it was read."""

    @property
    def request(self) -> Request:
        """What is done in the name of who began it; the ledger and the events name the import."""
        return Request(replace(SYSTEM, id=self.importing.created_by), self.importing.id)

    @property
    def stops(self) -> bool:
        """Whether one refused row stops everything."""
        return self.importing.on_error == "stop"

    def must_hold(self) -> None:
        """Raise Superseded where the lease is over: another process may be at work."""
        if self.app.clock.now() >= self.importing.due_at:
            raise Superseded

    async def renew(self) -> None:
        """Hold the lease on while much is read; raises CancelledImport where somebody wants it to end."""
        if self.app.clock.now() >= self.importing.due_at - LEASE_MS // 2:
            await self.advance()
            if self.importing.cancelled:
                raise CancelledImport

    async def advance(self, batch: Batch | None = None, **changes: Any) -> None:
        """Commit how far it is, with what belongs to it; raises Superseded where another process has taken it over."""
        for _ in range(ATTEMPTS_MAX):
            now = self.app.clock.now()
            after = replace(self.importing, due_at=now + LEASE_MS, **changes)
            whole = Batch()
            whole.writes += batch.writes if batch is not None else []
            if not after.row.is_active:
                after = replace(after, ended_at=now)
                data = ImportEnded(
                    status=after.status,
                    created=after.created,
                    updated=after.updated,
                    failed=after.failed,
                    undone=after.undone,
                )
                whole.append(new_event(self.app, self.request, data, after.id))
            records.put_import(whole, after)
            try:
                await whole.commit(self.app.store)
            except Stale:
                found = await records.find_import(self.app.store, after.id)
                if found is None or found.worker != self.importing.worker or not found.row.is_active:
                    raise Superseded from None
                self.importing = replace(self.importing, cancelled=found.cancelled, version=found.version)
            else:
                self.importing = replace(after, version=after.version + 1)
                return
        raise Superseded

    async def hand_back(self) -> None:
        """Let anybody go on at once."""
        batch = Batch()
        records.put_import(batch, replace(self.importing, due_at=self.app.clock.now(), worker=""))
        await batch.commit_once(self.app.store)

    async def store(self, batch: Batch) -> None:
        """Commit pieces under the lease: nobody else has taken over meanwhile."""
        await self.renew()
        records.check_import(batch, self.importing)
        try:
            await batch.commit(self.app.store)
        except Stale:
            await self.advance()
            batch.writes.pop()
            records.check_import(batch, self.importing)
            try:
                await batch.commit(self.app.store)
            except Stale:
                raise Superseded from None


def put_more(
    batch: Batch,
    importing: Import,
    errors: Sequence[RowError] = (),
    kept: Sequence[RowError] = (),
    pictures: Sequence[RowError] = (),
) -> int:
    """Add a piece of findings, where there is one; returns how many pieces there are then."""
    if not errors and not kept and not pictures:
        return importing.findings
    findings = ImportFindings(errors=tuple(errors), kept=tuple(kept), pictures=tuple(pictures))
    records.put_findings(batch, importing, importing.findings, findings)
    return importing.findings + 1


async def at_most(count: int, tasks: Sequence[Any], step: Callable[[], Any]) -> None:
    """Await so many at once, and call `step` behind each such group."""
    for start in range(0, len(tasks), count):
        await asyncio.gather(*[each() for each in tasks[start : start + count]])
        await step()
