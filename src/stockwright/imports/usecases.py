"""Imports: start one, cancel it, and undo it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, PayloadTooLarge
from stockwright.base.long_work import give_way
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import ImportRequested
from stockwright.imports import records
from stockwright.imports.guessing import Shape, shape_key, shape_of
from stockwright.imports.mapping import check_mapping
from stockwright.imports.model import (
    LEASE_MS,
    Import,
    ImportKind,
    Mode,
    OnError,
    RowError,
    check_may_be_undone,
    kept_days,
)
from stockwright.imports.profiles import ProfileWanted
from stockwright.imports.reader import BYTES_MAX, Table
from stockwright.imports.reading import ReadFile, read_any, read_file
from stockwright.imports.report import ImportReport
from stockwright.imports.running import begin_again, look_at_undoing, work_on
from stockwright.imports.showing import SHOWN_MAX, Found, Shown, kept_rows, must_reach, report_of, show_import
from stockwright.store.batch import Batch, Stale, retried
from stockwright.uploads.model import LASTS_MS, UnusedFiles
from stockwright.uploads.records import delete_unused, put_unused
from stockwright.uploads.usecases import get_upload, read_whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from stockwright.context import App
    from stockwright.request import Request

ANSWERED_SECONDS: Final = 10.0
"""A request waits so long for its import; then it answers how far that is."""
PART_BYTES: Final = 256 * 1024


class StartImport(Struct, frozen=True, kw_only=True):
    """What is to be imported, and how; the file is `content`, or that of an upload."""

    kind: ImportKind
    content: bytes = b""
    upload_id: str | None = None
    file_name: str = ""
    mode: Mode = "add"
    on_error: OnError = "stop"
    dry_run: bool = False
    again: bool = False
    profile: ProfileWanted = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Heading → field; it goes before any profile."""


class Started(Struct, frozen=True):
    """An import that this process holds, with its file as read."""

    importing: Import
    read: ReadFile


class Undoing(Struct, frozen=True):
    """What undoing took back, or would take back, and what it refused."""

    importing: Import
    undone: int
    refused: list[RowError]
    count_refused: int


async def start_import(app: App, request: Request, command: StartImport) -> Started:
    """Store a file and the import of it; raises Invalid or PayloadTooLarge for a file that cannot be read."""
    if command.mapping:
        check_mapping(command.kind, command.mapping)
    content = await _content(app, command)
    import_id, now = app.ids.new("imp"), app.clock.now()
    importing = Import(
        id=import_id,
        kind=command.kind,
        created_at=now,
        created_by=request.actor.id,
        file=f"imports/{import_id}",
        file_name=command.file_name,
        size=len(content),
        mode=command.mode,
        on_error=command.on_error,
        dry_run=command.dry_run,
        again=command.again,
        wanted_profile=command.profile,
        mapping=command.mapping,
        worker=app.ids.new("wrk"),
        due_at=now + LEASE_MS,
    )
    try:
        read = await read_file(content, importing)
    except Invalid as wrong:
        # The field is what a form calls the file.
        raise Invalid(wrong.message, wrong.details or [{"field": "file", "message": wrong.message}]) from None
    if command.mapping and not command.dry_run:
        await _remember(app, command, read.table)
    unused = await _store_file(app, importing, content)
    batch = Batch()
    kept = kept_days(importing) * 86_400_000
    # The sweeper removes the file then.
    put_unused(batch, replace(unused, at=now + kept - LASTS_MS))
    if command.upload_id is not None:
        upload = await get_upload(app, command.upload_id)
        delete_unused(batch, upload)
    records.put_import(batch, importing)
    batch.append(new_event(app, request, ImportRequested(what="start"), import_id))
    started = Started(replace(importing, version=1), read)
    await commit(app, request, batch, Shown(started.importing, Found()), final=False)
    return started


async def look_at_columns(app: App, command: StartImport) -> Shape:
    """Say what a file is and what its columns seem to be; nothing is stored. Raises Invalid or PayloadTooLarge."""
    content = await _content(app, command)
    try:
        table, profile = await read_any(content, command.kind, command.mode)
    except Invalid as wrong:
        raise Invalid(wrong.message, wrong.details or [{"field": "file", "message": wrong.message}]) from None
    known = None if profile is not None else await records.find_shape(app.store, shape_key(command.kind, table))
    return shape_of(command.kind, table, profile, None if known is None else known.mapping)


async def _remember(app: App, command: StartImport, table: Table) -> None:
    """Remember what somebody said that the columns of such files are; two at once: either is."""
    shape, batch = shape_key(command.kind, table), Batch()
    before = await records.find_shape(app.store, shape)
    if before is None or before.mapping != command.mapping:
        records.put_shape(batch, shape, command.mapping, before)
        with suppress(Stale):
            await batch.commit(app.store)


async def _content(app: App, command: StartImport) -> bytes:
    if command.upload_id is None:
        return command.content
    if command.content:
        raise Invalid.field("uploadId", "must not be sent beside a file")
    upload = await get_upload(app, command.upload_id)
    if upload.size > BYTES_MAX:
        raise PayloadTooLarge(f"The file is larger than {BYTES_MAX // 1024 // 1024} MiB; split it")
    return await read_whole(app, upload.names[0])


async def _store_file(app: App, importing: Import, content: bytes) -> UnusedFiles:
    """Write down that the file is unused, then store it."""
    unused = UnusedFiles(id=importing.id, names=(importing.file,), at=importing.created_at)
    batch = Batch()
    put_unused(batch, unused)
    await batch.commit(app.store)

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(content), PART_BYTES):
            yield content[start : start + PART_BYTES]
            await give_way()

    await app.files.put(importing.file, parts())
    return replace(unused, version=1)


async def run_import(app: App, request: Request, command: StartImport) -> Shown:
    """Import a file, and return what was done; after ANSWERED_SECONDS how far it is, and it goes on by itself."""
    started = await start_import(app, request, command)
    await _run(app, started.importing, started.read)
    return await show_import(app, started.importing.id)


async def _run(app: App, importing: Import, read: ReadFile | None = None) -> None:
    """Work on an import for as long as a request waits; a server goes on behind it, a function's sweeper later."""
    if app.settings.in_lambda:
        await work_on(app, importing, read=read, until=asyncio.get_running_loop().time() + ANSWERED_SECONDS)
        return
    task = asyncio.create_task(work_on(app, importing, read=read))

    def stop() -> None:
        task.cancel()

    # What stops the server does not wait for it: the next one goes on.
    app.on_stop.append(stop)
    task.add_done_callback(lambda _: app.on_stop.remove(stop))
    done, _ = await asyncio.wait({task}, timeout=ANSWERED_SECONDS)
    if done:
        task.result()
    else:
        task.add_done_callback(lambda ended: _log_failure(app, importing.id, ended))


def _log_failure(app: App, import_id: str, ended: asyncio.Task[Import]) -> None:
    """Log why an import stopped behind its request; the sweeper goes on with it."""
    if not ended.cancelled() and (fault := ended.exception()) is not None:
        app.log.error("import failed", import_id=import_id, error=repr(fault))


async def cancel_import(app: App, request: Request, import_id: str) -> Import:
    """Have an import end: nothing stays booked with `stop`, what is booked so far stays with `skip`."""

    async def attempt() -> Import:
        importing = await records.get_import(app.store, import_id)
        must_reach(request, importing)
        if importing.status not in {"CHECKING", "BOOKING", "FETCHING"}:
            raise Conflict(f"The import has ended, or is being undone ({importing.status})")
        after = replace(importing, cancelled=True)
        batch = Batch()
        records.put_import(batch, after)
        batch.append(new_event(app, request, ImportRequested(what="cancel"), import_id))
        after = replace(after, version=after.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def undo_import(app: App, request: Request, import_id: str, *, dry_run: bool = False) -> Undoing:
    """Take back what an import has booked, row by row; what has changed since stays. A dry run only looks."""
    importing = await records.get_import(app.store, import_id)
    must_reach(request, importing)
    check_may_be_undone(importing, app.clock.now())
    if dry_run:
        undone, report = await look_at_undoing(app, importing)
        return Undoing(importing, undone, report.errors[:SHOWN_MAX], report.failed)
    begun = await begin_undoing(app, request, import_id)
    await _run(app, begun)
    after = await records.get_import(app.store, import_id)
    return await undoing_of(app, after)


async def undoing_of(app: App, importing: Import) -> Undoing:
    """Return what the last undoing of an import did so far."""
    return Undoing(importing, importing.undone, await kept_rows(app, importing, SHOWN_MAX), importing.kept)


async def begin_undoing(app: App, request: Request, import_id: str) -> Import:
    """Have an import undone by this process."""

    async def attempt() -> Import:
        importing = await records.get_import(app.store, import_id)
        now = app.clock.now()
        check_may_be_undone(importing, now)
        begun = replace(begin_again(importing), worker=app.ids.new("wrk"), due_at=now + LEASE_MS)
        batch = Batch()
        records.put_import(batch, begun)
        batch.append(new_event(app, request, ImportRequested(what="undo"), import_id))
        begun = replace(begun, version=begun.version + 1)
        await commit(app, request, batch, Undoing(begun, 0, [], 0), final=False)
        return begun

    return await retried(attempt)


async def import_here(
    app: App, request: Request, command: StartImport, progress: Callable[[int, int], None] = lambda *_: None
) -> tuple[Import, ImportReport, Table]:
    """Import a file to its end in this process; returns the import, all that was found, and the file as read."""
    started = await start_import(app, request, command)
    done = await work_on(app, started.importing, progress, read=started.read)
    return done, await report_of(app, done), started.read.table


async def undo_here(
    app: App, request: Request, import_id: str, progress: Callable[[int, int], None] = lambda *_: None
) -> Undoing:
    """Undo an import to the end in this process."""
    begun = await begin_undoing(app, request, import_id)
    return await undoing_of(app, await work_on(app, begun, progress))
