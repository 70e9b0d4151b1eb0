"""Imports on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from stockwright.base.instant import iso
from stockwright.http.rules import Check, Wire
from stockwright.imports.fields import FIELDS
from stockwright.imports.guessing import Shape
from stockwright.imports.mapping import MAPPING_CHARS_MAX, mapping_of
from stockwright.imports.model import BookedBefore, Change, Import, ImportKind, ImportStatus, Mode, OnError, RowError
from stockwright.imports.profiles import ProfileWanted
from stockwright.imports.showing import Found, Shown
from stockwright.imports.usecases import Undoing
from stockwright.uploads.wire import UploadId

FileName = Annotated[str, Meta(max_length=200, description="What the file is called, to be found again in the list")]


class ImportQuery(Wire):
    """How a file is imported."""

    dry_run: Annotated[bool, Meta(description="Check every row and show what would change; book nothing")] = False
    on_error: Annotated[OnError, Meta(description="stop: book every row or none; skip: book the good rows")] = "stop"
    profile: Annotated[ProfileWanted, Meta(description="The format of the file; auto finds it out by its headings")] = (
        "auto"
    )
    mapping: Annotated[
        str,
        Meta(
            max_length=MAPPING_CHARS_MAX,
            description='A JSON object, heading → field, such as {"Article": "sku", "Title": "name"}',
        ),
        Check(mapping_of),
    ] = ""
    upload_id: Annotated[UploadId, Meta(description="The upload that holds the file, instead of a body")] | None = None
    file_name: FileName = ""


class FormWithFile(Wire):
    """A form with the file as its one file."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]


class StockImportQuery(ImportQuery):
    """How a file of stock is imported."""

    mode: Annotated[
        Mode,
        Meta(
            description="add: units that came in (negative: went out); count: the counted total; "
            "set: the units to be available"
        ),
    ] = "add"
    again: Annotated[bool, Meta(description="Book every row, also those that an earlier import booked")] = False


class UndoQuery(Wire):
    """Whether an import is undone, or only looked at."""

    dry_run: Annotated[bool, Meta(description="Show what would be taken back; change nothing")] = False


class RowErrorView(Wire):
    """A row that was refused; row 1 has the headings."""

    row: int
    column: str
    value: str
    code: str
    message: str


class BookedBeforeView(Wire):
    """A row that an earlier import booked, and that was left as it is."""

    row: int
    what: str


class ChangeView(Wire):
    """What a row changes."""

    row: int
    sku: str
    field: str
    before: str | int | None
    after: str | int | None
    currency: str | UnsetType = UNSET


class ProgressView(Wire):
    """How far booking or undoing is, in pieces."""

    done: int
    of: int


class PicturesView(Wire):
    """How many pictures the rows name by their address, and what became of those that were tried."""

    named: int
    fetched: int
    failed: int


class ImportSummary(Wire):
    """An import in the list. `created` to `failed` count rows, of a dry run those that would be."""

    import_id: str
    kind: ImportKind
    status: ImportStatus
    dry_run: bool
    on_error: OnError
    mode: str
    profile: str
    file_name: str
    encoding: str
    delimiter: str
    rows: int
    created: int
    updated: int
    unchanged: int
    failed: int
    undone: int
    not_undone: int
    pictures: PicturesView
    progress: ProgressView
    created_at: str
    created_by: str
    ended_at: str | None


class ImportView(ImportSummary):
    """An import with the first 100 of what it found."""

    errors: list[RowErrorView]
    preview: list[ChangeView]
    booked_before: list[BookedBeforeView]
    booked_before_count: int
    refused: list[RowErrorView]
    """Rows that undoing could not take back."""
    picture_errors: list[RowErrorView]
    """Pictures that could not be fetched; `value` is the address."""
    notes: list[str]


class ColumnsQuery(Wire):
    """What a file whose columns are asked for is of."""

    kind: Annotated[ImportKind, Meta(description="What the file has")] = "products"
    mode: Annotated[Mode, Meta(description="How the numbers of a file of stock are booked")] = "count"
    upload_id: Annotated[UploadId, Meta(description="The upload that holds the file, instead of a body")] | None = None


class ColumnView(Wire):
    """A column: its heading, some of what is in it, and the field that it seems to be ("": none)."""

    heading: str
    examples: list[str]
    field: str


class FieldView(Wire):
    """A field that a column can be."""

    name: str
    title: str


class ColumnsView(Wire):
    """A file as it was understood. Without a `profile`, the columns are as somebody said before, or guessed."""

    profile: str
    encoding: str
    delimiter: str
    rows: int
    columns: list[ColumnView]
    remembered: bool
    fields: list[FieldView]


def columns_view(kind: ImportKind, shape: Shape) -> ColumnsView:
    """Show what a file was understood as."""
    return ColumnsView(
        profile=shape.profile,
        encoding=shape.encoding,
        delimiter=shape.delimiter,
        rows=shape.rows,
        columns=[ColumnView(heading=e.heading, examples=e.examples, field=e.field) for e in shape.columns],
        remembered=shape.is_remembered,
        fields=[FieldView(name=name, title=each.title) for name, each in FIELDS[kind].items() if each.is_offered],
    )


class UndoneView(Wire):
    """What undoing took back, or of a dry run would; `refused` has the first 100 rows that it does not take back."""

    import_id: str
    status: ImportStatus
    dry_run: bool
    undone: int
    refused_count: int
    refused: list[RowErrorView]


def import_view(shown: Shown) -> ImportView:
    """Show an import."""
    importing, found = shown.importing, shown.found
    return ImportView(
        **asdict(import_summary(importing)),
        errors=_errors(found.errors),
        preview=[_change(each) for each in found.changes],
        booked_before=[_before(each) for each in found.booked_before],
        booked_before_count=importing.booked_before,
        refused=_errors(found.kept),
        picture_errors=_errors(found.pictures),
        notes=list(importing.notes),
    )


def import_summary(importing: Import) -> ImportSummary:
    """Show an import in the list."""
    done = importing.pieces - importing.at if importing.status == "UNDOING" else importing.at
    return ImportSummary(
        import_id=importing.id,
        kind=importing.kind,
        status=importing.status,
        dry_run=importing.dry_run,
        on_error=importing.on_error,
        mode=importing.mode,
        profile=importing.profile,
        file_name=importing.file_name,
        encoding=importing.encoding,
        delimiter=importing.delimiter,
        rows=importing.rows,
        created=importing.created,
        updated=importing.updated,
        unchanged=importing.unchanged,
        failed=importing.failed,
        undone=importing.undone,
        not_undone=importing.kept,
        pictures=PicturesView(named=importing.pictures, fetched=importing.fetched, failed=importing.not_fetched),
        progress=ProgressView(done=done, of=importing.pieces),
        created_at=iso(importing.created_at),
        created_by=importing.created_by,
        ended_at=None if importing.ended_at is None else iso(importing.ended_at),
    )


def started_view(importing: Import) -> ImportView:
    """Show an import of which nothing was found yet."""
    return import_view(Shown(importing, Found()))


def undone_view(undoing: Undoing, *, dry_run: bool) -> UndoneView:
    """Show what undoing did."""
    return UndoneView(
        import_id=undoing.importing.id,
        status=undoing.importing.status,
        dry_run=dry_run,
        undone=undoing.undone,
        refused_count=undoing.count_refused,
        refused=_errors(undoing.refused),
    )


def _errors(errors: list[RowError]) -> list[RowErrorView]:
    return [RowErrorView(row=e.row, column=e.column, value=e.value, code=e.code, message=e.message) for e in errors]


def _before(each: BookedBefore) -> BookedBeforeView:
    return BookedBeforeView(row=each.row, what=each.what)


def _change(each: Change) -> ChangeView:
    return ChangeView(
        row=each.row, sku=each.sku, field=each.field, before=each.before, after=each.after,
        currency=UNSET if each.currency is None else each.currency,
    )  # fmt: skip
