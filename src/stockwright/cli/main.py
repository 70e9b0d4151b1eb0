"""The `stockwright` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stockwright import __version__
from stockwright.cli import cloud, dead_letters, exporting, importing, keys, retention, rollups, shop, table, users
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
app.add_typer(rollups.app, name="rollups")
app.add_typer(importing.app, name="import")
app.add_typer(cloud.app, name="cloud")
app.add_typer(exporting.app, name="export")
app.add_typer(table.app, name="table")
app.add_typer(retention.app, name="retention")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


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
        typer.Option("--demo", help="Load the demo shop if the data folder is empty, unless STOCKWRIGHT_DEMO is off."),
    ] = False,
) -> None:
    """Start the server: API, web app and event handlers in one process. Prints the addresses."""
    from stockwright.cli.serve import serve as start

    settings = load_settings()
    start(settings.changed(demo=with_demo) if settings.demo is None else settings)


@app.command()
def config(as_json: Json = False) -> None:
    """List every setting with its value and meaning; of a secret, only whether it is set."""
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
        bool,
        typer.Option(
            "--repair", help="Book an adjustment, with its reason, for each stock level that does not add up."
        ),
    ] = False,
) -> None:
    """Recount every number from its records, also while the server runs. Lists each difference, with exit status 1."""
    shop.audit_shop(load_shop(), as_json=as_json, with_repair=with_repair)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")]) -> None:
    """Write a consistent copy of the whole shop into one file, also while the server runs."""
    shop.backup(load_shop(), file)


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `backup` made.")]) -> None:
    """Restore a backup into an empty data folder."""
    shop.restore(load_settings(), file)


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Upgrade the data of an earlier release to this release's format, after a backup.

    If an upgrade was interrupted, run it again: it continues where it stopped. A DynamoDB table can stay in use.
    """
    from stockwright.cli.migrating import migrate as upgrade

    upgrade(load_shop(), dry_run=dry_run, as_json=as_json)


@app.command(name="copy")
def copy_shop(
    source: Annotated[str, typer.Option("--from", help="The engine to copy from: sqlite or dynamodb.")],
    target: Annotated[str, typer.Option("--to", help="The engine to copy to; it must not contain a shop yet.")],
    as_json: Json = False,
) -> None:
    """Copy the whole shop to the other engine, and check that both are equal. Stop the server first.

    If a copy was interrupted, run it again: it continues where it stopped.
    """
    from stockwright.cli.copying import copy_shop as copy_all

    copy_all(source, target, as_json=as_json)


@app.command()
def bench(
    email: Annotated[str, typer.Option(prompt=True, help="The email address of an admin of that shop.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, help="The admin's password.")],
    url: Annotated[str, typer.Option(help="The address of the running server.")] = "http://127.0.0.1:8000",
    seconds: Annotated[float, typer.Option(help="The duration of each measurement.")] = 5,
    connections: Annotated[int, typer.Option(help="The number of concurrent connections.")] = 64,
    as_json: Json = False,
) -> None:
    """Measure a running server from this machine. It writes orders and reservations: use a test shop."""
    from stockwright.cli.bench import bench as run_bench

    run_bench(url, email, password, seconds=seconds, connections=connections, as_json=as_json)


if __name__ == "__main__":
    app()
