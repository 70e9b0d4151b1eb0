"""`stockwright table`: the DynamoDB table of a shop, made and checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

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


@app.command()
def shards(
    count: Annotated[int, typer.Argument(help="Over how many partitions they are spread; more than now.", min=2)],
) -> None:
    """Spread the lists that every order writes over more partitions, while the shop runs."""

    def work(client: Any, name: str) -> list[str]:
        from stockwright.store.dynamodb.codec import now_ms
        from stockwright.store.dynamodb.table import raise_shards

        before = raise_shards(client, name, count, now_ms())
        out.print(
            f"{plain(name)} uses {count} shards in 90 seconds, until then {before}. No function has to be restarted.",
            highlight=False,
        )
        return []

    try:
        _table(work)
    except StockwrightError as wrong:
        fail(wrong)


def _table(work: Callable[[Any, str], list[str]]) -> tuple[str, list[str]]:
    """Do some work at the table that the settings name; returns its name and what was found."""
    name = load_settings().table_name
    if not name:
        raise Misconfigured("STOCKWRIGHT_TABLE_NAME must name the DynamoDB table")
    check_packages("table")
    return name, _called(work, name)


def _report(work: Callable[[Any, str], list[str]]) -> None:
    try:
        name, problems = _table(work)
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
