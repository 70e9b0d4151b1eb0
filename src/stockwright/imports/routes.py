"""Routes of the imports."""

from __future__ import annotations

from typing import Final

from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, PlainCall, route
from stockwright.http.wire import ListQuery, ListView
from stockwright.imports import usecases as imports
from stockwright.imports.model import Import
from stockwright.imports.reader import BYTES_MAX
from stockwright.imports.usecases import Shown, StartImport, Undoing
from stockwright.imports.wire import (
    ImportSummary,
    ImportView,
    StockImportQuery,
    UndoneView,
    UndoQuery,
    import_summary,
    import_view,
    started_view,
    undone_view,
)

TAG = "Imports"
CONTENT_TYPE: Final = "text/csv; charset=utf-8"


async def _stock(call: Call[None, StockImportQuery]) -> Shown:
    query = call.query
    command = StartImport(
        kind="stock",
        content=call.raw,
        upload_id=query.upload_id,
        file_name=query.file_name,
        mode=query.mode,
        on_error=query.on_error,
        dry_run=query.dry_run,
        again=query.again,
    )
    return await imports.run_import(call.app, call.request, command)


def _show(_: AnyCall, shown: Shown) -> Answer:
    return Answer(import_view(shown), status=202 if shown.importing.row.is_active else 200)


async def _list(call: Call[None, ListQuery]) -> tuple[list[Import], str | None]:
    return await imports.list_imports(call.app, limit=call.query.limit, after=call.position())


def _show_list(call: AnyCall, found: tuple[list[Import], str | None]) -> ListView[ImportSummary]:
    return show_list(call, found, import_summary)


async def _get(call: PlainCall) -> Shown:
    return await imports.show_import(call.app, call.path["id"])


def _show_one(_: AnyCall, shown: Shown) -> ImportView:
    return import_view(shown)


async def _errors(call: PlainCall) -> Answer:
    import_id = call.path["id"]
    return Answer(
        stream=await imports.failed_rows_of(call.app, import_id),
        content_type=CONTENT_TYPE,
        headers={"content-disposition": f'attachment; filename="{import_id}-failed.csv"'},
    )


async def _cancel(call: PlainCall) -> Import:
    return await imports.cancel_import(call.app, call.request, call.path["id"])


def _show_cancelled(_: AnyCall, importing: Import) -> ImportView:
    return started_view(importing)


async def _undo(call: Call[None, UndoQuery]) -> Undoing:
    return await imports.undo_import(call.app, call.request, call.path["id"], dry_run=call.query.dry_run)


def _show_undoing(call: AnyCall, undoing: Undoing) -> Answer:
    status = 202 if undoing.importing.status == "UNDOING" else 200
    return Answer(undone_view(undoing, dry_run=call.query.dry_run), status=status)


ROUTES = (
    route(
        "POST",
        "/inventory/import",
        _stock,
        "Import stock from a CSV file, by SKU",
        TAG,
        _show,
        scopes=frozenset({"inventory"}),
        query=StockImportQuery,
        answer=ImportView,
        raw="whole",
        media_types=("text/csv",),
        body_bytes_max=BYTES_MAX,
        errors=(409, 413),
        description=(
            "The body is the file, with the columns `sku`, `quantity` and perhaps `location` and `reason`, or the file "
            "of `GET /inventory/export`. 200 where it is done within 10 seconds, else 202: `GET /imports/{id}` shows "
            "how far it is. Every row is checked before the first is booked."
        ),
    ),
    route(
        "GET",
        "/imports",
        _list,
        "List imports, newest first",
        TAG,
        _show_list,
        scopes=frozenset({"inventory"}),
        query=ListQuery,
        answer=ListView[ImportSummary],
    ),
    route(
        "GET",
        "/imports/{id}",
        _get,
        "Get an import: how far it is, and what it found",
        TAG,
        _show_one,
        scopes=frozenset({"inventory"}),
        answer=ImportView,
    ),
    route(
        "GET",
        "/imports/{id}/errors.csv",
        _errors,
        "Get the refused rows of an import as CSV, with the reason in the last column",
        TAG,
        scopes=frozenset({"inventory"}),
        content_type="text/csv",
        reads_much="export",
        errors=(409,),
        description="The file of an import is kept for 90 days, that of a dry run for one; then the answer is 409.",
    ),
    route(
        "POST",
        "/imports/{id}/cancel",
        _cancel,
        "Cancel an import that is at work",
        TAG,
        _show_cancelled,
        scopes=frozenset({"inventory"}),
        answer=ImportView,
        errors=(409,),
        description="With `onError=stop` what is booked is undone; with `skip` it stays, and can be undone.",
    ),
    route(
        "POST",
        "/imports/{id}/undo",
        _undo,
        "Undo an import, row by row",
        TAG,
        _show_undoing,
        scopes=frozenset({"inventory"}),
        query=UndoQuery,
        answer=UndoneView,
        errors=(409,),
        description=(
            "By opposite movements. A row stays where its units are gone, or were counted or adjusted since. "
            "200 where it is done within 10 seconds, else 202."
        ),
    ),
)
