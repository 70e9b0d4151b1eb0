"""`stockwright import`: products, stock and orders from a file, with a progress bar and every row refused."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer
from msgspec import Struct
from msgspec.structs import replace
from rich.table import Table

from stockwright.base.errors import Misconfigured
from stockwright.cli.output import NewFile, is_standard
from stockwright.cli.run import add, err, fail, load_settings, out, plain, print_json, progress_bar, run
from stockwright.context import App
from stockwright.imports.failed import failed_rows
from stockwright.imports.files import import_orders, import_sold, is_of_sales
from stockwright.imports.mapping import mapping_of
from stockwright.imports.model import ImportKind, Mode, OnError
from stockwright.imports.profiles import ProfileWanted
from stockwright.imports.reader import BYTES_MAX
from stockwright.imports.reader import Table as FileTable
from stockwright.imports.report import ImportReport, reasons
from stockwright.imports.usecases import StartImport, Undoing, import_here, undo_here, undo_import
from stockwright.request import BY_SYSTEM

app = typer.Typer(help="Import products, stock or past orders from CSV files.", no_args_is_help=True)

Done = tuple[ImportReport, FileTable]
Progress = Callable[[int, int], None]
Work = Callable[[App, bytes, Progress], Awaitable[Done]]

FILE_NAME_MAX = 200
SHOWN_MAX = 20
"""Rows that are listed where not every one is asked for."""


def _file(columns: str) -> typer.models.ArgumentInfo:
    text = f"A CSV file with the columns {columns}; - is standard input."
    argument: typer.models.ArgumentInfo = typer.Argument(callback=_check_file, help=text)
    return argument


def _check_file(file: Path | None) -> Path | None:
    """Refuse what is no file; typer's own check takes a file's path `-` for a file of that name."""
    if file is None:
        return None
    if not is_standard(file) and not file.exists():
        raise typer.BadParameter(f"file '{file}' does not exist.")
    if file.is_dir():
        raise typer.BadParameter(f"file '{file}' is a directory.")
    return file


RETAIL = (
    'of "Online Retail": InvoiceNo, StockCode, Description, Quantity, InvoiceDate (2010-12-01 08:26, or '
    "12/1/2010 8:26, month first), UnitPrice, CustomerID"
)


class Options(Struct, frozen=True, kw_only=True):
    """The options of every import."""

    on_error: Annotated[
        OnError,
        typer.Option(
            help="stop: book all rows or none; skip: book the valid rows and write the refused ones into a file, "
            "with the reason in the last column."
        ),
    ] = "stop"
    failed: Annotated[
        Path | None,
        typer.Option(
            help="The file for the refused rows; by default FILE-failed.csv beside the file (of standard input: "
            "standard-input-failed.csv in the current folder)."
        ),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and report errors; book nothing.")] = False
    skipped: Annotated[bool, typer.Option("--skipped", help="List every refused row, not only the first ones.")] = False
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False


def _command(command: Callable[..., None]) -> Callable[..., None]:
    """Add a command of import: its own parameters, then the fields of Options instead of `options`."""
    shared = signature(Options).parameters

    def given(**values: Any) -> None:
        options = Options(**{name: values.pop(name) for name in shared})
        command(**values, options=options)

    hints = get_type_hints(command, include_extras=True) | get_type_hints(Options, include_extras=True)
    parameters = [*signature(command).parameters.values(), *shared.values()]
    # Typer reads a function's signature; the hints describe each parameter.
    given.__signature__ = Signature(  # type: ignore[attr-defined]
        [each.replace(annotation=hints[each.name]) for each in parameters if each.name != "options"]
    )
    given.__annotations__ = {name: hint for name, hint in hints.items() if name != "options"}
    given.__doc__ = command.__doc__
    app.command(command.__name__)(given)
    return command


ProductsProfile = Literal[ProfileWanted, "online-retail"]
Mapping = Annotated[
    str,
    typer.Option(help='What the columns of another file are, as JSON: {"Article": "sku", "Title": "name"}.'),
]
Undo = Annotated[
    str | None, typer.Option(help="Undo the import of this id instead; with --dry-run, show what that would do.")
]


@_command
def products(
    *,
    file: Annotated[
        Path | None, _file(f"sku, name, price, ... as `export products` writes them; or those {RETAIL}")
    ] = None,
    profile: Annotated[
        ProductsProfile, typer.Option(help="The format of the file; auto detects it by the headings.")
    ] = "auto",
    mapping: Mapping = "",
    undo: Undo = None,
    options: Options,
) -> None:
    """Make products, and change those that are there, by SKU.

    From a file of sales: each stock code once, its opening stock what the file sells plus 10.
    """

    async def work(shop: App, content: bytes, progress: Progress) -> Done:
        if profile == "online-retail" or (not mapping and is_of_sales(content, profile)):
            return await import_sold(
                shop, BY_SYSTEM, content, progress, on_error=options.on_error, dry_run=options.dry_run
            )
        command = _started("products", content, file, options)
        command = replace(command, profile=profile, mapping=mapping_of(mapping))
        return await _import_here(shop, command, progress)

    _import_or_undo("products", work, file, undo, options)


@_command
def orders(*, file: Annotated[Path, _file(RETAIL)], options: Options) -> None:
    """Place and ship every invoice as an order, and book credit notes as returns."""

    async def work(shop: App, content: bytes, progress: Progress) -> Done:
        return await import_orders(
            shop, BY_SYSTEM, content, progress, on_error=options.on_error, dry_run=options.dry_run
        )

    _import("orders and returns", work, file, options)


@_command
def stock(
    *,
    file: Annotated[Path | None, _file("sku, quantity[, location, reason]; or a file of `export inventory`")] = None,
    mode: Annotated[
        Mode,
        typer.Option(
            help=(
                "add: book received units (negative: removed ones); count: set the "
                "counted total; set: set the available units."
            )
        ),
    ] = "add",
    profile: Annotated[
        ProfileWanted, typer.Option(help="The format of the file; auto detects it by the headings.")
    ] = "auto",
    mapping: Mapping = "",
    again: Annotated[
        bool, typer.Option("--again", help="Book every row, also those that an earlier import booked.")
    ] = False,
    undo: Undo = None,
    options: Options,
) -> None:
    """Book stock by SKU; a row is booked once, however often its file is imported, but for --again."""

    async def work(shop: App, content: bytes, progress: Progress) -> Done:
        command = replace(_started("stock", content, file, options), mode=mode, again=again)
        command = replace(command, profile=profile, mapping=mapping_of(mapping))
        return await _import_here(shop, command, progress)

    _import_or_undo("rows", work, file, undo, options)


def _started(kind: ImportKind, content: bytes, file: Path | None, options: Options) -> StartImport:
    name = "" if file is None else file.name[:FILE_NAME_MAX]
    return StartImport(kind=kind, content=content, file_name=name, on_error=options.on_error, dry_run=options.dry_run)


async def _import_here(shop: App, command: StartImport, progress: Progress) -> Done:
    _, report, table = await import_here(shop, BY_SYSTEM, command, progress)
    return report, table


def _import_or_undo(what: str, work: Work, file: Path | None, undo: str | None, options: Options) -> None:
    if undo is not None:
        _undo(undo, options)
    elif file is None:
        raise typer.BadParameter("name the file to import, or the import to undo (--undo)")
    else:
        _import(what, work, file, options)


def _import(what: str, work: Work, file: Path, options: Options) -> None:
    content = _content(file)
    _check_free(options.failed)
    with progress_bar(f"Importing {what}") as progress:

        async def imported(shop: App) -> Done:
            return await work(shop, content, progress)

        report, table = run(imported, load_settings())
    written = _write_failed(file, options.failed, report, table)
    if options.as_json:
        print_json({**report.as_wire(), "failedRows": str(written) if written else None})
    else:
        _print(what, report, written, every=options.skipped)
    if report.errors:
        sys.exit(1)


def _undo(import_id: str, options: Options) -> None:
    """Undo an import, or show what that would do."""
    with progress_bar("Undoing the import") as progress:

        async def undone(shop: App) -> Undoing:
            if options.dry_run:
                return await undo_import(shop, BY_SYSTEM, import_id, dry_run=True)
            return await undo_here(shop, BY_SYSTEM, import_id, progress)

        done = run(undone, load_settings())
    if options.as_json:
        refused = [{"row": each.row, "value": each.value, "message": each.message} for each in done.refused]
        print_json({"importId": import_id, "dryRun": options.dry_run, "undone": done.undone, "refused": refused})
    else:
        would = "would be undone" if options.dry_run else "undone"
        out.print(f"[bold green]{done.undone:,}[/] rows {would}, {done.count_refused:,} stay.", highlight=False)
        for each in done.refused:
            out.print(f"  row {each.row}: {plain(each.value)}: {plain(each.message)}", highlight=False)
    if done.count_refused:
        sys.exit(1)


def _content(file: Path) -> bytes:
    try:
        with nullcontext(sys.stdin.buffer) if is_standard(file) else file.open("rb") as source:
            # One more than is allowed, so that the reader can refuse it.
            return source.read(BYTES_MAX + 1)
    except OSError as fault:
        fail(Misconfigured(f"cannot read {file}: {fault.strerror}"))


def _check_free(chosen: Path | None) -> None:
    """Refuse a file for the refused rows that cannot be made, before anything is booked."""
    if chosen is None:
        return
    try:
        chosen.open("xb").close()
        chosen.unlink()
    except OSError as fault:
        fail(Misconfigured(f"cannot write {chosen}: {fault.strerror}"))


def _write_failed(file: Path, chosen: Path | None, report: ImportReport, table: FileTable) -> Path | None:
    """Write the refused rows beside the file where the good ones were booked, or where that is asked for."""
    if not report.errors or (chosen is None and (report.on_error == "stop" or report.dry_run)):
        return None
    target = chosen or _free_name(Path("standard-input") if is_standard(file) else file)
    try:
        with NewFile(target) as out_file:
            out_file.write(failed_rows(table, report))
    except Misconfigured as fault:
        err.print(f"[bold red]Error:[/] {plain(fault.message)}", highlight=False)
        return None
    return target


def _free_name(file: Path) -> Path:
    """Name a file that is not there yet."""
    number = 1
    while True:
        end = "-failed" if number == 1 else f"-failed-{number}"
        target = file.with_name(f"{file.stem}{end}.csv")
        if not target.exists():
            return target
        number += 1


def _print(what: str, report: ImportReport, written: Path | None, *, every: bool) -> None:
    changed = f", {report.updated:,} changed" if report.updated else ""
    imported = "would be imported" if report.dry_run else "imported"
    out.print(
        f"[bold green]{report.created:,}[/] {what} {imported}{changed}, {report.unchanged:,} unchanged, "
        f"{report.failed:,} of {report.rows:,} rows refused.",
        highlight=False,
    )
    for note in report.notes:
        out.print(plain(note), highlight=False)
    _print_booked_before(report, every=every)
    _print_pictures(report, every=every)
    if report.errors:
        _print_errors(report, every=every)
        _print_end(report, written)
    elif report.dry_run:
        out.print("Nothing was booked (--dry-run); every row is valid.")


def _print_booked_before(report: ImportReport, *, every: bool) -> None:
    before = report.booked_before
    if not before:
        return
    out.print(
        f"[bold yellow]{len(before):,} rows were booked by an earlier import[/] and were skipped"
        + (". import stock --again books them once more:" if report.profile == "stockwright" else ":"),
        highlight=False,
    )
    for each in before if every else before[:SHOWN_MAX]:
        out.print(f"  row {each.row}: {plain(each.what)}", highlight=False)
    if len(before) > SHOWN_MAX and not every:
        out.print(f"  and {len(before) - SHOWN_MAX:,} more (--skipped lists all)", highlight=False)


def _print_pictures(report: ImportReport, *, every: bool) -> None:
    if report.fetched:
        out.print(f"{report.fetched:,} pictures were fetched.", highlight=False)
    if not report.pictures:
        return
    out.print(f"[bold yellow]{len(report.pictures):,} pictures could not be fetched[/]; their products are booked:")
    for each in report.pictures if every else report.pictures[:SHOWN_MAX]:
        out.print(f"  row {each.row}: {plain(each.value)} {plain(each.message)}", highlight=False)
    if len(report.pictures) > SHOWN_MAX and not every:
        out.print(f"  and {len(report.pictures) - SHOWN_MAX:,} more (--skipped lists all)", highlight=False)


def _print_errors(report: ImportReport, *, every: bool) -> None:
    if every or len(report.errors) <= SHOWN_MAX:
        table = Table("Row", "Column", "Value", "Reason")
        for error in report.errors:
            add(table, error.row, error.column, error.value, error.message)
    else:
        table = Table("Rows", "Reason", caption="--skipped lists every row", caption_justify="left")
        for reason, count in reasons(report.errors).most_common(SHOWN_MAX):
            add(table, f"{count:,}", reason)
    out.print(table)


def _print_end(report: ImportReport, written: Path | None) -> None:
    if report.undone:
        out.print(f"Rows booked before the refusal and undone: {report.undone:,}.", highlight=False)
    if report.dry_run:
        out.print("Nothing was booked (--dry-run).")
    elif report.on_error == "stop" and not (report.created or report.updated):
        out.print(
            "Nothing was booked. Correct the file and import it again, or book the valid rows with --on-error skip."
        )
    if written:
        out.print(
            f"The refused rows are in {plain(written)}, each with its reason; correct them and import that file.",
            highlight=False,
        )
