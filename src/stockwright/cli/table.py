"""`stockwright table`: the DynamoDB table of a shop, made and checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from stockwright.adapters import aws
from stockwright.app import check_packages
from stockwright.base.errors import Misconfigured, StockwrightError
from stockwright.cli.run import err, fail, load_settings, out, plain

app = typer.Typer(help="Create or check the DynamoDB table named in STOCKWRIGHT_TABLE_NAME.", no_args_is_help=True)


@app.command()
def create() -> None:
    """Create the table with its indexes, stream and time to live; an existing table is only checked."""

    def work(client: Any, name: str) -> list[str]:
        from stockwright.store.dynamodb.table import create_table, table_problems

        try:
            create_table(client, name)
        except client.exceptions.ResourceInUseException:
            err.print(f"The table {plain(name)} already exists.", highlight=False)
        else:
            err.print(f"[bold green]Created[/] the table {plain(name)}.", highlight=False)
        return table_problems(client, name)

    _report(work)


@app.command()
def check() -> None:
    """Check the table's keys, indexes, stream and time to live; exit status 1 if one is wrong."""

    def work(client: Any, name: str) -> list[str]:
        from stockwright.store.dynamodb.table import table_problems

        return table_problems(client, name)

    _report(work)


def _report(work: Callable[[Any, str], list[str]]) -> None:
    settings = load_settings()
    name = settings.table_name
    if not name:
        fail(Misconfigured("STOCKWRIGHT_TABLE_NAME must name the DynamoDB table"))
    try:
        check_packages("table")
        problems = _called(work, name)
    except StockwrightError as wrong:
        fail(wrong)
    if not problems:
        out.print(
            f"[bold green]Good.[/] {plain(name)} has its keys, indexes, stream and time to live.", highlight=False
        )
        return
    out.print(f"[bold red]The table {plain(name)} does not have the required form:[/]", highlight=False)
    for problem in problems:
        out.print(f"  {plain(problem)}", highlight=False)
    raise SystemExit(1)


def _called(work: Callable[[Any, str], list[str]], name: str) -> list[str]:
    """Do the work; whatever AWS says to it is one line."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = aws.client("dynamodb")
    try:
        return work(client, name)
    except client.exceptions.ResourceNotFoundException:
        raise Misconfigured(
            f"there is no DynamoDB table {name} in {client.meta.region_name}: create it with stockwright table create"
        ) from None
    except (BotoCoreError, ClientError) as refused:
        raise Misconfigured(f"DynamoDB refuses: {refused}") from refused
