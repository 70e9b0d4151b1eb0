"""`stockwright keys`: machines that may do a few named things."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from stockwright.accounts.api_key import ApiKey
from stockwright.accounts.api_keys import create_api_key, list_api_keys, revoke_api_key
from stockwright.base.actor import SCOPES
from stockwright.base.instant import iso
from stockwright.cli.run import add as add_row
from stockwright.cli.run import err, out, plain, print_json, run
from stockwright.context import App
from stockwright.request import BY_SYSTEM
from stockwright.store.paging import every

app = typer.Typer(help="API keys: access for programs, limited to named scopes.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List every key, newest first; a key itself cannot be seen again."""

    async def work(shop: App) -> list[ApiKey]:
        return [each async for each in every(partial(list_api_keys, shop, 100))]

    keys = run(work, reading=True)
    if as_json:
        print_json([_as_dict(key) for key in keys])
        return
    table = Table("Name", "Scopes", "Ends in", "Last used", "Id")
    for key in keys:
        used = "never" if key.last_used_at is None else iso(key.last_used_at)
        add_row(table, key.name, ", ".join(key.scopes), key.hint, used, key.id)
    out.print(table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="A name for the program that uses the key.")],
    scopes: Annotated[
        list[str], typer.Option("--scope", help=f"What the key allows; can be repeated: {', '.join(SCOPES)}.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Make a key and write it to standard output, this once."""
    made = run(lambda shop: create_api_key(shop, BY_SYSTEM, name, scopes))
    if as_json:
        print_json({**_as_dict(made.key), "key": made.shown})
        return
    err.print(f"{plain(made.key.name)} ({made.key.id}) may: {', '.join(made.key.scopes)}", highlight=False)
    err.print("Store the key now: it cannot be shown again.", highlight=False)
    sys.stdout.write(f"{made.shown}\n")


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `list` shows it.")]) -> None:
    """Make a key worthless, at once and for good."""
    run(lambda shop: revoke_api_key(shop, BY_SYSTEM, key_id))
    err.print(f"{plain(key_id)} is revoked.", highlight=False)


def _as_dict(key: ApiKey) -> dict[str, object]:
    from stockwright.accounts.wire import api_key_view

    fields: dict[str, object] = msgspec.to_builtins(api_key_view(key))
    return fields
