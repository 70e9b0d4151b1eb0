"""`stockwright retention`: how long records are kept, and whether older ones are removed."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from stockwright.cli.run import load_shop, out, plain, print_json, run
from stockwright.config import Settings
from stockwright.context import App
from stockwright.request import BY_SYSTEM
from stockwright.retention.usecases import Retention, accept_retention, show_retention
from stockwright.retention.wire import retention_view

app = typer.Typer(help="How long records are kept, and whether older ones are removed.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command()
def show(*, as_json: Json = False) -> None:
    """Show how long records are kept, and whether older ones are removed."""
    settings = load_shop()
    _print(settings, run(show_retention, settings, reading=True), as_json=as_json)


@app.command()
def accept(*, as_json: Json = False) -> None:
    """Accept that records older than the settings say are removed, in a shop of a former release."""

    async def work(shop: App) -> Retention:
        return await accept_retention(shop, BY_SYSTEM)

    settings = load_shop()
    _print(settings, run(work, settings), as_json=as_json)


def _print(settings: Settings, found: Retention, *, as_json: bool) -> None:
    view = retention_view(settings, found)
    if as_json:
        print_json(msgspec.to_builtins(view))
        return
    for what, days in (
        ("Notifications", view.notifications_days),
        ("Events", view.events_days),
        ("Closed reservations", view.holds_days),
    ):
        out.print(f"{what + ':':21}{f'{days} days' if days else 'for ever'}", highlight=False)
    out.print(f"Request records:     {view.requests_hours} hours", highlight=False)
    out.print("Orders, sales and the ledger are always kept.", highlight=False)
    if view.reason:
        out.print(f"[bold]Only request records are removed[/]: {plain(view.reason)}.", highlight=False)
    elif view.archive:
        out.print("Older records are written to archive files, then removed.", highlight=False)
    else:
        out.print("Older records are removed without an archive.", highlight=False)
