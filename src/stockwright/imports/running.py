"""Imports are worked on: looked at whole, booked piece by piece, undone piece by piece; each step can be done again."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from stockwright.base.errors import Refused
from stockwright.base.long_work import give_way
from stockwright.imports import records
from stockwright.imports.booking import find_booked
from stockwright.imports.fetching import Hosts, fetch_piece
from stockwright.imports.kinds import KINDS
from stockwright.imports.model import LEASE_MS, STATUSES, Import, ProductRow, Row, UndoReason
from stockwright.imports.plan import Plan
from stockwright.imports.products import UNDONE
from stockwright.imports.reading import ReadFile, read_file
from stockwright.imports.report import ImportReport, one_line
from stockwright.imports.work import CancelledImport, Job, Superseded, at_most, put_more
from stockwright.stock.model import Stock
from stockwright.store.batch import Batch, Stale
from stockwright.uploads.usecases import read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockwright.context import App

AT_ONCE: Final = 32
"""Products whose rows are booked beside each other."""
UNDONE_AT_ONCE: Final = 12
"""Products whose rows are undone beside each other: more is read for each."""
SECONDS_MAX: Final = 5.0
"""So long does a sweep work on imports that nobody else works on."""
LAMBDA_SECONDS_MAX: Final = 40.0
"""The same in the sweeper's function, which runs each minute."""


async def work_on(
    app: App,
    importing: Import,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    read: ReadFile | None = None,
    until: float | None = None,
) -> Import:
    """Work on an import that this process holds until it has ended, or it is late (in the loop's time).

    `read` is its file, where it is at hand. Returns how far it is.
    """
    job, hosts = Job(app, importing, progress), Hosts()
    try:
        while job.importing.row.is_active:
            if until is not None and asyncio.get_running_loop().time() >= until:
                await job.hand_back()
                break
            if job.importing.status == "UNDOING":
                await _undo_piece(job)
            elif job.importing.cancelled:
                await _cancel(job)
            elif job.importing.status == "FETCHING":
                await fetch_piece(job, hosts)
            elif job.importing.status == "CHECKING":
                await _check(job, read)
                read = None
            else:
                await _book_piece(job)
            await give_way()
    except Superseded:
        return await records.get_import(app.store, importing.id)
    return job.importing


async def _check(job: Job, read: ReadFile | None) -> None:
    """Look at every row, and store what is to be booked."""
    try:
        await job.renew()
        file = read or await read_file(await read_whole(job.app, job.importing.file), job.importing)
        report = ImportReport(file.profile.name, on_error=job.importing.on_error, dry_run=job.importing.dry_run)
        plan = Plan(job, report)
        async for rows in KINDS[job.importing.kind].check(job, file, report):
            await plan.add(rows)
        job.importing = replace(
            job.importing, profile=report.profile, encoding=file.table.encoding, delimiter=file.table.delimiter
        )
        await plan.end()
    except CancelledImport:
        await job.advance(status="CANCELLED")
    except Refused as refused:
        # Its file cannot be read any more.
        await job.advance(status="REFUSED", notes=(one_line(refused),))


async def _cancel(job: Job) -> None:
    """End an import that is half booked: what is booked is undone, or with `skip` stays.

    Of the next piece a process that was killed may have booked some rows; they count. Where only pictures are left to
    be fetched, it is done without them.
    """
    importing = job.importing
    if importing.status == "FETCHING":
        left = importing.pictures - importing.fetched - importing.not_fetched
        note = f"{left} pictures were not fetched: it was cancelled"
        await job.advance(status="DONE", at=importing.pieces, notes=(*importing.notes, note))
        return
    rows = await records.load_rows(job.app.store, importing, importing.at) if importing.status == "BOOKING" else ()
    booked = await _booked_rows(job.app, importing, rows)
    moved = [row for row in rows if booked.get(row.key, {}).get("movements", row.key in booked)]
    counts: dict[str, Any] = {
        "created": importing.created + sum(not _is_change(row) for row in moved),
        "updated": importing.updated + sum(map(_is_change, moved)),
        "at": importing.at + bool(booked),
    }
    if job.stops and counts["at"]:
        await job.advance(**(counts | _undoing(replace(importing, **counts), "cancelled")))
    else:
        await job.advance(**counts, status="CANCELLED")


async def _book_piece(job: Job) -> None:
    importing, kind = job.importing, KINDS[job.importing.kind]
    if not importing.at:
        await kind.begin(job)
    rows = await records.load_rows(job.app.store, importing, importing.at)
    report = ImportReport(importing.profile, on_error=importing.on_error)

    async def book_product(of_product: Sequence[Row]) -> None:
        # Rows of one product keep their order: a count after a delivery is not a delivery after a count.
        for row in of_product:
            if report.stops:
                return
            job.must_hold()
            await kind.book(job, row, report)

    await at_most(AT_ONCE, [partial(book_product, each) for each in _by_product(rows)], give_way)
    batch, at = Batch(), importing.at + 1
    report.finish()
    findings = put_more(batch, importing, errors=report.errors)
    counts: dict[str, Any] = {
        "created": importing.created + report.created,
        "updated": importing.updated + report.updated,
        "unchanged": importing.unchanged + report.unchanged,
        "failed": importing.failed + report.failed,
        "findings": findings,
        "at": at,
    }
    if report.stops:
        await job.advance(batch, **(counts | _undoing(replace(importing, **counts), "failed")))
    else:
        await job.advance(batch, **(counts | _next(importing, at)))
    job.progress(min(at, importing.pieces), importing.pieces)


def _next(importing: Import, at: int) -> dict[str, Any]:
    """Return what follows a piece that is booked: the next, the pictures, or nothing."""
    if at < importing.pieces:
        return {"status": "BOOKING"}
    return {"status": "FETCHING", "at": 0} if importing.pictures else {"status": "DONE"}


def _by_product(rows: Sequence[Row]) -> list[list[Row]]:
    by_product: dict[str, list[Row]] = {}
    for row in rows:
        by_product.setdefault(row.group, []).append(row)
    return list(by_product.values())


def _undoing(importing: Import, why: UndoReason) -> dict[str, Any]:
    """Return what changes in an import when undoing it begins: what stays booked is counted again."""
    return {
        "status": "UNDOING",
        "undo": why,
        "refusals": importing.findings,
        "undoing": importing.created + importing.updated,
        "created": 0,
        "updated": 0,
        "undone": 0,
        "kept": 0,
    }


def begin_again(importing: Import) -> Import:
    """Return an import that is to be undone from its last piece."""
    return replace(importing, **_undoing(importing, "requested"), at=importing.pieces, ended_at=None)


async def _booked_rows(app: App, importing: Import, rows: Sequence[Row]) -> dict[str, Mapping[str, Any]]:
    """Return what each row has booked that is of this import and was not undone, by its key."""
    keys = [row.key for row in rows]
    found = await find_booked(app, keys)
    undone = await find_booked(app, [f"{row.key}{UNDONE}" for row in rows if isinstance(row, ProductRow)])
    return {
        key: booked
        for key, booked in found.items()
        if booked.get("importId") == importing.id and f"{key}{UNDONE}" not in undone
    }


async def _undo_piece(job: Job) -> None:
    """Take the rows of one piece back, the last of each product first."""
    importing, kind = job.importing, KINDS[job.importing.kind]
    if not importing.at:
        await _end_undoing(job)
        return
    piece = importing.at - 1
    rows = await records.load_rows(job.app.store, importing, piece)
    booked = await _booked_rows(job.app, importing, rows)
    report = ImportReport(importing.profile)

    async def undo_product(of_product: Sequence[Row]) -> None:
        for row in reversed(of_product):
            job.must_hold()
            try:
                await kind.take_back(job, row, booked[row.key])
            except Refused as refused:
                message = f"is booked and could not be undone: {one_line(refused)}"
                report.refuse(row.number, message, "", row.describe(), refused.code)
                report.updated += _is_change(row)
                report.created += not _is_change(row)

    mine = [row for row in rows if row.key in booked]
    await at_most(UNDONE_AT_ONCE, [partial(undo_product, each) for each in _by_product(mine)], give_way)
    report.finish()
    batch = Batch()
    findings = put_more(batch, importing, kept=report.errors)
    await job.advance(
        batch,
        at=piece,
        created=importing.created + report.created,
        updated=importing.updated + report.updated,
        kept=importing.kept + report.failed,
        findings=findings,
    )
    job.progress(importing.pieces - piece, importing.pieces)


def _is_change(row: Row) -> bool:
    return isinstance(row, ProductRow) and row.product_id is not None


async def _end_undoing(job: Job) -> None:
    importing = job.importing
    status = next(name for name, row in STATUSES.items() if row.after_undoing == importing.undo)
    notes = [] if importing.kept else await KINDS[importing.kind].end_undoing(job)
    undone = importing.undoing - importing.created - importing.updated
    await job.advance(status=status, undone=undone, notes=(*importing.notes, *notes))


async def look_at_undoing(app: App, importing: Import) -> tuple[int, ImportReport]:
    """Return how many rows undoing would take back, and those that it would not; changes nothing."""
    job, stocks = Job(app, importing), dict[str, Stock]()
    report, undone, kind = ImportReport(importing.profile), 0, KINDS[importing.kind]
    for piece in reversed(range(importing.pieces)):
        rows = await records.load_rows(app.store, importing, piece)
        booked = await _booked_rows(app, importing, rows)
        for number, row in enumerate(reversed(rows)):
            if row.key not in booked:
                continue
            try:
                await kind.try_taking_back(job, row, booked[row.key], stocks)
            except Refused as refused:
                report.refuse(row.number, one_line(refused), "", row.describe(), refused.code)
            else:
                undone += bool(booked[row.key].get("movements", True))
            if number % UNDONE_AT_ONCE == 0:
                await give_way()
    return undone, report.finish()


async def go_on_importing(app: App) -> int:
    """Go on with the imports that nobody works on any more; returns how many have ended. The sweeper's."""
    seconds = LAMBDA_SECONDS_MAX if app.settings.in_lambda else SECONDS_MAX
    ended, until = 0, asyncio.get_running_loop().time() + seconds
    for importing in await records.due_imports(app.store, app.clock.now()):
        taken = await take_over(app, importing)
        if taken is not None:
            done = await work_on(app, taken, until=until)
            ended += not done.row.is_active
    return ended


async def take_over(app: App, importing: Import) -> Import | None:
    """Hold an import whose lease is over; None where another process was faster."""
    batch, now = Batch(), app.clock.now()
    taken = replace(importing, worker=app.ids.new("wrk"), due_at=now + LEASE_MS)
    records.put_import(batch, taken)
    try:
        await batch.commit(app.store)
    except Stale:
        return None
    return replace(taken, version=taken.version + 1)
