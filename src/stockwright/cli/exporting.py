"""`stockwright export`: products, stock, the ledger and orders as CSV."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from stockwright.api.spreadsheet import csv_parts
from stockwright.cli.run import err, fail, load_shop, plain, run
from stockwright.domain.errors import Misconfigured
from stockwright.usecases.context import App
from stockwright.usecases.exports import COLUMNS, Exported, export

app = typer.Typer(help="Write what a shop has as CSV.", no_args_is_help=True)

File = Annotated[Path | None, typer.Argument(help="The new file; without it, standard output.")]


@app.command()
def products(file: File = None) -> None:
    """Every product, with what of it is available."""
    _export("products", file)


@app.command()
def inventory(file: File = None) -> None:
    """Every stock level, a row per location."""
    _export("inventory", file)


@app.command()
def movements(file: File = None) -> None:
    """The whole ledger, oldest first."""
    _export("movements", file)


@app.command()
def orders(file: File = None) -> None:
    """Every order, a row per line."""
    _export("orders", file)


def _export(what: Exported, file: Path | None) -> None:
    settings = load_shop()

    async def write(shop: App) -> int:
        rows = -1
        with _opened(file) as target:
            async for part in csv_parts(COLUMNS[what], export(shop, what)):
                target.write(part)
                rows += part.count(b"\r\n")
        return rows

    rows = run(write, settings, reading=True)
    if file is not None:
        err.print(f"[bold green]{rows:,}[/] lines written to {plain(file)}", highlight=False)


def _opened(file: Path | None) -> nullcontext[BinaryIO] | BinaryIO:
    if file is None:
        return nullcontext(sys.stdout.buffer)
    try:
        return file.open("xb")
    except OSError as fault:
        fail(Misconfigured(f"cannot write {file}: {fault.strerror}"))
