"""`stockwright import`: products and orders from a file, with a progress bar and every row left out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stockwright.cli.run import add, load_settings, out, print_json, progress_bar, run
from stockwright.domain.account import SYSTEM, Actor
from stockwright.usecases.context import App
from stockwright.usecases.imports import ImportReport, import_orders, import_products, summary
from stockwright.usecases.stock_import import Mode, import_stock

app = typer.Typer(help="Bring in what a shop had before.", no_args_is_help=True)

File = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        readable=True,
        help="A CSV file with the columns of UCI's Online Retail: InvoiceNo, StockCode, Description, Quantity, "
        "InvoiceDate (2010-12-01 08:26 or 12/1/2010 8:26, month first), UnitPrice, CustomerID.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON for machines.")]
AllSkipped = Annotated[bool, typer.Option("--skipped", help="List every row that was left out, not only the reasons.")]
AGAIN = "What changes nothing, or was booked before from a file of these contents, is left; --again books it anew."
Import = Callable[[App, Actor, Path, Callable[[int, int], None]], Awaitable[ImportReport]]


@app.command()
def products(file: File, skipped: AllSkipped = False, as_json: Json = False) -> None:
    """Build the catalogue: each stock code once, opening stock what the file sells plus 10."""
    _import("products", import_products, file, skipped=skipped, as_json=as_json)


@app.command()
def orders(file: File, skipped: AllSkipped = False, as_json: Json = False) -> None:
    """Place and ship every invoice as an order, and book credit notes as returns."""
    _import("orders and returns", import_orders, file, skipped=skipped, as_json=as_json)


@app.command()
def stock(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="A CSV file with the columns sku, quantity[, location, reason].",
        ),
    ],
    mode: Annotated[
        Mode, typer.Option(help="add: what came in or went out; count: what was counted; set: what is to be available.")
    ] = "add",
    again: Annotated[
        bool, typer.Option("--again", help="Book every row anew, though it was booked from this file before.")
    ] = False,
    skipped: AllSkipped = False,
    as_json: Json = False,
) -> None:
    """Book stock by SKU; a row of a file is booked once, however often the file is imported, but for --again."""

    async def work(shop: App, actor: Actor, rows: Path, progress: Callable[[int, int], None]) -> ImportReport:
        return await import_stock(shop, actor, rows, mode, progress, again=again)

    _import("rows", work, file, skipped=skipped, as_json=as_json, left=AGAIN)


def _import(what: str, work: Import, file: Path, *, skipped: bool, as_json: bool, left: str = "") -> None:
    with progress_bar(f"Importing {what}") as progress:

        async def imported(shop: App) -> ImportReport:
            return await work(shop, SYSTEM, file, progress)

        report = run(imported, load_settings())
    if as_json:
        print_json(asdict(report))
    else:
        _print(what, report, skipped=skipped)
        if left and report.unchanged:
            out.print(left, style="dim")


def _print(what: str, report: ImportReport, *, skipped: bool) -> None:
    out.print(
        f"[bold green]{report.created:,}[/] {what} imported, {report.unchanged:,} were there already, "
        f"{len(report.skipped):,} of {report.rows:,} rows left out.",
        highlight=False,
    )
    if not report.skipped:
        return
    if skipped:
        table = Table("Row", "Invoice", "Code", "Reason")
        for each in report.skipped:
            add(table, each.row, each.invoice, each.code, each.reason)
    else:
        table = Table("Rows", "Left out because", caption="--skipped lists every row", caption_justify="left")
        for reason, count in summary(report.skipped).most_common():
            add(table, f"{count:,}", reason)
    out.print(table)
