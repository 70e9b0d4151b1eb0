"""Routes of the imports."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from stockwright.base.actor import Scope
from stockwright.http.forms import FORM, read_form
from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, PlainCall, route
from stockwright.http.wire import ListQuery, ListView
from stockwright.imports import showing
from stockwright.imports import usecases as imports
from stockwright.imports.guessing import Shape
from stockwright.imports.mapping import mapping_of
from stockwright.imports.model import Import, ImportKind
from stockwright.imports.reader import BYTES_MAX
from stockwright.imports.showing import Shown
from stockwright.imports.usecases import StartImport, Undoing
from stockwright.imports.wire import (
    ColumnsQuery,
    ColumnsView,
    FormWithFile,
    ImportQuery,
    ImportSummary,
    ImportView,
    StockImportQuery,
    UndoneView,
    UndoQuery,
    columns_view,
    import_summary,
    import_view,
    started_view,
    undone_view,
)

TAG = "Imports"
BODY_BYTES_MAX: Final = BYTES_MAX + 64 * 1024
"""A file, and what a form has around it."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CONTENT_TYPE: Final = "text/csv; charset=utf-8"


async def _stock(call: Call[None, StockImportQuery]) -> Shown:
    command = await _command("stock", call)
    command = replace(command, mode=call.query.mode, again=call.query.again)
    return await imports.run_import(call.app, call.request, command)


async def _products(call: Call[None, ImportQuery]) -> Shown:
    return await imports.run_import(call.app, call.request, await _command("products", call))


async def _file_of(call: AnyCall) -> bytes:
    """Return the file that a request has: its body, or the one of a form."""
    content_type = call.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == FORM:
        return (await read_form(content_type, call.raw)).file
    return call.raw


async def _command(kind: ImportKind, call: Call[None, StockImportQuery] | Call[None, ImportQuery]) -> StartImport:
    """Read what is to be imported: the body is the file, or a form with it."""
    query = call.query
    content = await _file_of(call)
    return StartImport(
        kind=kind,
        content=content,
        upload_id=query.upload_id,
        file_name=query.file_name,
        on_error=query.on_error,
        dry_run=query.dry_run,
        profile=query.profile,
        mapping=mapping_of(query.mapping),
    )


def _show(_: AnyCall, shown: Shown) -> Answer:
    return Answer(import_view(shown), status=202 if shown.importing.row.is_active else 200)


async def _columns(call: Call[None, ColumnsQuery]) -> Shape:
    command = StartImport(
        kind=call.query.kind, content=await _file_of(call), upload_id=call.query.upload_id, mode=call.query.mode
    )
    return await imports.look_at_columns(call.app, command)


def _show_columns(call: AnyCall, shape: Shape) -> ColumnsView:
    return columns_view(call.query.kind, shape)


async def _list(call: Call[None, ListQuery]) -> tuple[list[Import], str | None]:
    return await showing.list_imports(call.app, call.request, limit=call.query.limit, after=call.position())


def _show_list(call: AnyCall, found: tuple[list[Import], str | None]) -> ListView[ImportSummary]:
    return show_list(call, found, import_summary)


async def _get(call: PlainCall) -> Shown:
    return await showing.get_import(call.app, call.request, call.path["id"])


def _show_one(_: AnyCall, shown: Shown) -> ImportView:
    return import_view(shown)


async def _errors(call: PlainCall) -> Answer:
    import_id = call.path["id"]
    return Answer(
        stream=await showing.failed_rows_of(call.app, call.request, import_id),
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


READERS: Final[frozenset[Scope]] = frozenset({"inventory", "products:write"})
ROUTES = (
    route(
        "POST",
        "/products/import",
        _products,
        "Import products from a CSV file, by SKU",
        TAG,
        _show,
        scopes=frozenset({"products:write"}),
        query=ImportQuery,
        answer=ImportView,
        raw="whole",
        media_types=("text/csv", XLSX),
        also={FORM: FormWithFile},
        body_bytes_max=BODY_BYTES_MAX,
        errors=(409, 413),
        description=(
            "The body is the file, or a form with it, with the columns of `GET /products/export`. A SKU that is not "
            "there makes a product, another changes the fields that differ. 200 where it is done within 10 seconds, "
            "else 202: `GET /imports/{id}` shows how far it is. Every row is checked before the first is booked."
        ),
    ),
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
        media_types=("text/csv", XLSX),
        also={FORM: FormWithFile},
        body_bytes_max=BODY_BYTES_MAX,
        errors=(409, 413),
        description=(
            "The body is the file, or a form with it. It has the columns `sku`, `quantity` and perhaps `location` and "
            "`reason`, or is that of `GET /inventory/export`. 200 where it is done within 10 seconds, else 202: "
            "`GET /imports/{id}` shows how far it is. Every row is checked before the first is booked."
        ),
    ),
    route(
        "POST",
        "/imports/columns",
        _columns,
        "Look at the columns of a file before it is imported",
        TAG,
        _show_columns,
        scopes=READERS,
        query=ColumnsQuery,
        answer=ColumnsView,
        raw="whole",
        media_types=("text/csv", XLSX),
        also={FORM: FormWithFile},
        body_bytes_max=BODY_BYTES_MAX,
        errors=(413,),
        description=(
            "Says which profile reads the file. Where none does, it says what each column was said to be when such a "
            "file was imported last, or seems to be: to be corrected, and sent as `mapping`. Stores nothing."
        ),
    ),
    route(
        "GET",
        "/imports",
        _list,
        "List imports, newest first",
        TAG,
        _show_list,
        scopes=READERS,
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
        scopes=READERS,
        answer=ImportView,
    ),
    route(
        "GET",
        "/imports/{id}/errors.csv",
        _errors,
        "Get the refused rows of an import as CSV, with the reason in the last column",
        TAG,
        scopes=READERS,
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
        scopes=READERS,
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
        scopes=READERS,
        query=UndoQuery,
        answer=UndoneView,
        errors=(409,),
        description=(
            "By opposite movements. A row stays where its units are gone, or were counted or adjusted since. "
            "200 where it is done within 10 seconds, else 202."
        ),
    ),
)
