"""The `stockwright` command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stockwright import __version__
from stockwright.cli import cloud, dead_letters, exporting, importing, keys, shop, table, users
from stockwright.cli.run import load_settings, load_shop, out, plain, print_json

app = typer.Typer(
    name="stockwright",
    help="Inventory and orders that never oversell, and can prove it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(importing.app, name="import")
app.add_typer(cloud.app, name="cloud")
app.add_typer(exporting.app, name="export")
app.add_typer(table.app, name="table")

Json = Annotated[bool, typer.Option("--json", help="Write JSON for machines.")]


def _version(asked: bool) -> None:
    if asked:
        out.print(f"stockwright {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Inventory and orders that never oversell, and can prove it."""


@app.command()
def serve(
    with_demo: Annotated[
        bool,
        typer.Option("--demo", help="Fill an empty data folder with the demo shop, unless STOCKWRIGHT_DEMO is off."),
    ] = False,
) -> None:
    """Start everything in one process, and print where it is."""
    from stockwright.cli.serve import serve as start

    settings = load_settings()
    start(replace(settings, demo=with_demo) if settings.demo is None else settings)


@app.command()
def config(as_json: Json = False) -> None:
    """List every setting with its value and meaning; secrets only tell whether they are set."""
    rows = load_settings().listed()
    if as_json:
        print_json([{"name": name, "value": value, "meaning": meaning} for name, value, meaning in rows])
        return
    table = Table("Setting", "Value", "Meaning")
    for name, value, meaning in rows:
        table.add_row(name, plain(value) or "[dim]-[/]", plain(meaning))
    out.print(table)


@app.command()
def demo() -> None:
    """Load the demo shop into an empty data folder."""
    shop.demo(load_settings())


@app.command()
def audit(
    as_json: Json = False,
    with_repair: Annotated[
        bool, typer.Option("--repair", help="Book a correction, with its reason, for each level that does not add up.")
    ] = False,
) -> None:
    """Prove that every number adds up, on a running shop too; status 1 and a report where one does not."""
    shop.audit_shop(load_shop(), as_json=as_json, with_repair=with_repair)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The new file; it must not be there yet.")]) -> None:
    """Copy the whole shop, as of one moment, into a new file; a running shop goes on."""
    shop.backup(load_shop(), file)


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `backup` made.")]) -> None:
    """Put a backup into an empty data folder."""
    shop.restore(load_settings(), file)


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Upgrade the data of a former release to this one's format, after a backup; a table while it is used.

    An upgrade that was cut off goes on where it was when it is run again.
    """
    from stockwright.cli.migrating import migrate as upgrade

    upgrade(load_shop(), dry_run=dry_run, as_json=as_json)


@app.command(name="copy")
def copy_shop(
    source: Annotated[str, typer.Option("--from", help="The engine to copy from: sqlite or dynamodb.")],
    target: Annotated[str, typer.Option("--to", help="The engine to copy to; it must hold no shop yet.")],
    as_json: Json = False,
) -> None:
    """Copy the whole shop to the other engine, and prove that both are alike. Stop the shop first.

    A copy that was cut off goes on where it was when it is run again.
    """
    from stockwright.cli.copying import copy_shop as copy_all

    copy_all(source, target, as_json=as_json)


@app.command()
def bench(
    email: Annotated[str, typer.Option(prompt=True, help="An admin of that shop.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Its password.")],
    url: Annotated[str, typer.Option(help="Where the shop is served.")] = "http://127.0.0.1:8000",
    seconds: Annotated[float, typer.Option(help="How long each load goes on.")] = 5,
    connections: Annotated[int, typer.Option(help="How many ask at once.")] = 64,
    as_json: Json = False,
) -> None:
    """Measure a running shop from this machine. It writes orders and holds: use a shop that is for trials."""
    from stockwright.cli.bench import bench as run_bench

    run_bench(url, email, password, seconds=seconds, connections=connections, as_json=as_json)


if __name__ == "__main__":
    app()
