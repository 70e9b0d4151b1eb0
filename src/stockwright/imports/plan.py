"""The plan of an import: what is to be booked, and what was found, stored piece by piece while the file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from stockwright.imports import records
from stockwright.imports.model import PIECE_BYTES, PIECE_ROWS, ImportFindings, ProductRow
from stockwright.store.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.imports.model import Row
    from stockwright.imports.report import ImportReport
    from stockwright.imports.work import Job

PIECES_AT_ONCE = 4


class Plan:
    """Stores the rows of an import, and what its report holds, as soon as they fill a piece.

    A check that was cut off and begins again writes the same pieces again.
    """

    def __init__(self, job: Job, report: ImportReport) -> None:
        self._job, self._report = job, report
        self._pieces: list[list[Row]] = []
        self._size = 0
        self._stored = self._findings = self._booked_before = self._pictures = 0

    async def add(self, rows: Sequence[Row]) -> None:
        """Add rows that are to be booked, and store what is full."""
        for row in rows:
            more = len(msgspec.json.encode(row))
            if not self._pieces or len(self._pieces[-1]) == PIECE_ROWS or self._size + more > PIECE_BYTES:
                if len(self._pieces) == PIECES_AT_ONCE:
                    await self._store_pieces()
                self._pieces.append([])
                self._size = 0
            self._pieces[-1].append(row)
            self._size += more
            self._pictures += len(row.pictures) if isinstance(row, ProductRow) else 0
        if max(len(self._report.errors), len(self._report.booked_before)) >= PIECE_ROWS:
            await self._store_findings()

    async def end(self) -> None:
        """Store what is left, and let the import go on to what comes next."""
        if self._pieces:
            await self._store_pieces()
        await self._store_findings()
        report = self._report
        await self._job.advance(
            rows=report.rows,
            failed=report.failed,
            unchanged=report.unchanged,
            booked_before=self._booked_before,
            notes=tuple(report.notes),
            pieces=self._stored,
            pictures=self._pictures,
            findings=self._findings,
            new_categories=tuple(report.new_categories),
            **self._next(),
        )

    def _next(self) -> dict[str, Any]:
        if self._job.importing.dry_run:
            return {"status": "CHECKED", "created": self._report.created, "updated": self._report.updated}
        if self._job.stops and self._report.failed:
            return {"status": "REFUSED"}
        return {"status": "BOOKING" if self._stored else "DONE"}

    async def _store_pieces(self) -> None:
        importing, store = self._job.importing, self._job.app.store
        numbers = range(self._stored, self._stored + len(self._pieces))
        versions = await records.versions_of(store, [records.rows_key(importing.id, number) for number in numbers])
        batch = Batch()
        for number, piece, expect in zip(numbers, self._pieces, versions.values(), strict=True):
            records.put_rows(batch, importing, number, piece, expect)
        await self._job.store(batch)
        self._stored += len(self._pieces)
        self._pieces = []

    async def _store_findings(self) -> None:
        importing, store = self._job.importing, self._job.app.store
        self._booked_before += len(self._report.booked_before)
        for piece in _findings_of(self._report.finish()):
            key = records.findings_key(importing.id, self._findings)
            versions = await records.versions_of(store, [key])
            batch = Batch()
            records.put_findings(batch, importing, self._findings, piece, versions[key])
            await self._job.store(batch)
            self._findings += 1
        self._report.forget()


def _findings_of(report: ImportReport) -> list[ImportFindings]:
    """Put what was found into pieces of bounded size."""
    longest = max(len(report.errors), len(report.booked_before), len(report.new_changes))
    return [
        ImportFindings(
            errors=tuple(report.errors[start : start + PIECE_ROWS]),
            booked_before=tuple(report.booked_before[start : start + PIECE_ROWS]),
            changes=tuple(report.new_changes[start : start + PIECE_ROWS]),
        )
        for start in range(0, longest, PIECE_ROWS)
    ]
