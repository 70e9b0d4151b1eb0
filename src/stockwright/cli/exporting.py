"""`stockwright export`: products, stock, the ledger and orders as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from stockwright.base.errors import StockwrightError
from stockwright.base.movements import MovementType
from stockwright.catalog.inventory_views import ListInventory
from stockwright.catalog.product_list import ListProducts
from stockwright.cli.output import is_standard, open_output
from stockwright.cli.run import err, fail, give_precedence, load_shop, plain, run
from stockwright.context import App
from stockwright.exports.spreadsheet import csv_parts
from stockwright.exports.usecases import Cell, Exported, Range, Rows, Selection, columns_of, export
from stockwright.exports.wire import time_range
from stockwright.orders.status import PlacedStatus
from stockwright.products.model import KeptStatus
from stockwright.request import BY_SYSTEM
from stockwright.stock.model import StockStatus

app = typer.Typer(help="Export products, stock, the ledger or orders as CSV.", no_args_is_help=True)

File = Annotated[Path | None, typer.Argument(help="The new file; without it, or with -, standard output.")]
Bom = Annotated[
    bool, typer.Option("--bom", help="Begin the file with a byte-order mark, so that spreadsheets read it as UTF-8.")
]
Since = Annotated[str | None, typer.Option("--from", help="Only from this day or time on (UTC), such as 2025-01-31.")]
Until = Annotated[str | None, typer.Option("--to", help="Only up to the end of this day, or up to this time (UTC).")]
Search = Annotated[str, typer.Option(help="Only products with these words in name, SKU or brand.")]
Location = Annotated[str | None, typer.Option(help="Only this location.")]


@app.command()
def products(
    file: File = None,
    search: Search = "",
    category: Annotated[str | None, typer.Option()] = None,
    kind: Annotated[str | None, typer.Option("--type")] = None,
    brand: Annotated[str | None, typer.Option()] = None,
    status: Annotated[KeptStatus | None, typer.Option()] = None,
    low_stock: Annotated[
        bool | None, typer.Option(help="Only products below their threshold, or only the others.")
    ] = None,
    since: Since = None,
    until: Until = None,
    bom: Bom = False,
) -> None:
    """Export products with their available stock; `import products` reads this file."""
    wanted = ListProducts(category=category, type=kind, brand=brand, status=status, search=search, low_stock=low_stock)
    _export("products", file, Selection(products=wanted, range=_range(since, until)), bom=bom)


@app.command()
def inventory(
    file: File = None,
    search: Search = "",
    status: Annotated[StockStatus | None, typer.Option()] = None,
    location: Location = None,
    bom: Bom = False,
) -> None:
    """Export stock levels, a row per location; `import stock` with --mode count or set reads this file."""
    _export("inventory", file, Selection(inventory=ListInventory(search, status, location)), bom=bom)


@app.command()
def movements(
    file: File = None,
    kind: Annotated[MovementType | None, typer.Option("--type")] = None,
    location: Location = None,
    since: Since = None,
    until: Until = None,
    bom: Bom = False,
) -> None:
    """Export the ledger of stock movements, oldest first."""
    _export("movements", file, Selection(type=kind, location=location, range=_range(since, until)), bom=bom)


@app.command()
def orders(
    file: File = None,
    status: Annotated[PlacedStatus | None, typer.Option()] = None,
    since: Since = None,
    until: Until = None,
    bom: Bom = False,
) -> None:
    """Export orders, a row per line."""
    _export("orders", file, Selection(status=status, range=_range(since, until)), bom=bom)


def _range(since: str | None, until: str | None) -> Range:
    try:
        return time_range(since, until)
    except StockwrightError as wrong:
        fail(wrong)


def _export(what: Exported, file: Path | None, selection: Selection, *, bom: bool) -> None:
    settings = load_shop()
    give_precedence(settings)

    async def write(shop: App) -> int:
        rows = 0

        async def counted() -> AsyncIterator[Rows]:
            async for page in export(shop, BY_SYSTEM, what, selection):
                yield map(count, page)

        def count(row: list[Cell]) -> list[Cell]:
            nonlocal rows
            rows += 1
            return row

        with open_output(file) as target:
            async for part in csv_parts(columns_of(what, BY_SYSTEM), counted(), bom=bom):
                target.write(part)
        return rows

    rows = run(write, settings, reading=True)
    if not is_standard(file):
        err.print(f"[bold green]{rows:,}[/] lines written to {plain(file)}", highlight=False)
