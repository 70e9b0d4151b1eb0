"""What an import found: shown to who may see it, whole for a report, and its refused rows as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from stockwright.base.errors import Conflict, Forbidden
from stockwright.base.long_work import give_way
from stockwright.imports import records
from stockwright.imports.failed import failed_parts
from stockwright.imports.model import BookedBefore, Change, Import, ImportKind, RowError
from stockwright.imports.reading import read_file
from stockwright.imports.report import ImportReport
from stockwright.uploads.records import find_unused
from stockwright.uploads.usecases import read_whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stockwright.base.actor import Scope
    from stockwright.context import App
    from stockwright.request import Request

SCOPES: Final[Mapping[ImportKind, Scope]] = {"products": "products:write", "stock": "inventory"}
"""What a key needs to import, and to see and undo what was imported."""
SHOWN_MAX: Final = 100
"""Rows of each kind that an answer shows."""


class Found(Struct, frozen=True):
    """The first of what an import found."""

    errors: list[RowError] = field(default_factory=list)
    booked_before: list[BookedBefore] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    kept: list[RowError] = field(default_factory=list)
    pictures: list[RowError] = field(default_factory=list)


class Shown(Struct, frozen=True):
    """An import with the first of what it found."""

    importing: Import
    found: Found


async def show_import(app: App, import_id: str) -> Shown:
    """Get an import with the first of what it found."""
    importing = await records.get_import(app.store, import_id)
    pieces, _ = await records.page_of_findings(app.store, import_id)
    errors = [each for piece in pieces for each in piece.errors]
    kept = await kept_rows(app, importing, SHOWN_MAX)
    return Shown(
        importing,
        Found(
            errors[:SHOWN_MAX],
            [each for piece in pieces for each in piece.booked_before][:SHOWN_MAX],
            [each for piece in pieces for each in piece.changes][:SHOWN_MAX],
            kept,
            await _pictures(app, importing, SHOWN_MAX),
        ),
    )


async def _pictures(app: App, importing: Import, most: int) -> list[RowError]:
    """Load the first pictures that could not be fetched: what was found last, as far as the undoing."""
    if not importing.not_fetched:
        return []
    found: list[RowError] = []
    after: str | None = None
    while len(found) < most:
        pieces, after = await records.page_of_findings(app.store, importing.id, after=after)
        found += [each for piece in pieces for each in piece.pictures]
        if after is None:
            break
    return found[:most]


async def kept_rows(app: App, importing: Import, most: int) -> list[RowError]:
    """Load the first rows that the last undoing could not take back."""
    if not importing.undo:
        return []
    kept: list[RowError] = []
    after = records.findings_key(importing.id, importing.refusals - 1)[1] if importing.refusals else None
    while len(kept) < most:
        pieces, after = await records.page_of_findings(app.store, importing.id, after=after)
        kept += [each for piece in pieces for each in piece.kept]
        if after is None:
            break
    return kept[:most]


async def get_import(app: App, request: Request, import_id: str) -> Shown:
    """Get an import for a caller who may see it."""
    must_reach(request, await records.get_import(app.store, import_id))
    return await show_import(app, import_id)


async def list_imports(app: App, request: Request, *, limit: int, after: str | None) -> tuple[list[Import], str | None]:
    """List the imports, newest first; a key is shown those of its scopes, so its page may be short."""
    found, following = await records.page_of_imports(app.store, after=after, limit=limit)
    return [each for each in found if may_reach(request, each)], following


def may_reach(request: Request, importing: Import) -> bool:
    """Return whether a caller may see and change an import: a key needs the scope of what was imported."""
    return request.actor.kind != "key" or SCOPES[importing.kind] in request.actor.scopes


def must_reach(request: Request, importing: Import) -> None:
    """Refuse a caller who may not see an import (Forbidden)."""
    if not may_reach(request, importing):
        raise Forbidden


async def report_of(app: App, importing: Import) -> ImportReport:
    """Load all that was found: every refused row, and every one that was booked before."""
    report = ImportReport(
        importing.profile,
        rows=importing.rows,
        on_error=importing.on_error,
        dry_run=importing.dry_run,
        created=importing.created,
        updated=importing.updated,
        unchanged=importing.unchanged,
        undone=importing.undone,
        fetched=importing.fetched,
        notes=list(importing.notes),
    )
    after: str | None = None
    while True:
        pieces, after = await records.page_of_findings(app.store, importing.id, after=after)
        for piece in pieces:
            report.errors += [*piece.errors, *piece.kept]
            report.failed_rows |= {each.row for each in report.errors}
            report.booked_before += piece.booked_before
            report.changes += piece.changes
            report.pictures += piece.pictures
        await give_way()
        if after is None:
            return report.finish()


async def failed_rows_of(app: App, request: Request, import_id: str) -> AsyncIterator[bytes]:
    """Write the refused rows of an import as a file of their own; raises Conflict where its file is gone."""
    importing = await records.get_import(app.store, import_id)
    must_reach(request, importing)
    unused = await find_unused(app.store, import_id)
    if unused is None or await app.files.size(importing.file) is None:
        raise Conflict("The file of this import is not kept any more")
    read = await read_file(await read_whole(app, importing.file), importing)
    report = await report_of(app, importing)
    return failed_parts(read.table, report)
