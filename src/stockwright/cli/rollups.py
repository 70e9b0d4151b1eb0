"""`stockwright rollups`: the sums that reports read, counted again."""

from __future__ import annotations

import typer

from stockwright.audit.counts import recount_stock
from stockwright.audit.rollups import rebuild as rebuild_rollups
from stockwright.cli.run import load_shop, out, run
from stockwright.context import App

app = typer.Typer(help="Rollups: the sums that the reports read.", no_args_is_help=True)


@app.command()
def rebuild() -> None:
    """Count all orders, sales, dead letters and stock again, also while the server runs.

    The reports use the present sums until the new ones are complete. If it was interrupted, run it again: it
    continues where it stopped.
    """

    async def work(shop: App) -> None:
        await rebuild_rollups(shop)
        await recount_stock(shop)

    run(work, load_shop())
    out.print("[bold green]Rebuilt.[/] The reports use the new sums.", highlight=False)
