"""`stockwright dead-letters`: look at what was given up, and send it on its way again."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from stockwright.base.errors import NotFound
from stockwright.base.instant import iso
from stockwright.cli.run import add, fail, load_shop, out, print_json, run
from stockwright.context import App
from stockwright.events.records import DeadLetter
from stockwright.operations.usecases import list_dead_letters, redrive
from stockwright.request import BY_SYSTEM
from stockwright.store.paging import every

app = typer.Typer(help="Dead letters: events whose handler failed three times.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False) -> None:
    """List dead letters, newest first."""
    letters = run(_all, load_shop(), reading=True)
    if as_json:
        print_json([_as_dict(letter) for letter in letters])
        return
    if not letters:
        out.print("There are no dead letters.", highlight=False)
        return
    table = Table("Id", "Handler", "Event", "About", "Tries", "Given up", "Error")
    for letter in letters:
        fields = _as_dict(letter)
        add(table, *(fields[name] for name in ("id", "handler", "event", "about", "attempts", "createdAt", "error")))
    out.print(table)


@app.command("redrive")
def redrive_(
    ids: Annotated[list[str] | None, typer.Argument(help="The ids of the dead letters.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Redrive all dead letters.")] = False,
    per_minute: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many at most in a minute, so that no partner is flooded.")
    ] = 600,
) -> None:
    """Give dead letters to their handlers again; a running server handles them within a second."""

    async def work(shop: App) -> tuple[int, list[str]]:
        wanted = [letter.id for letter in await _all(shop)] if everything else (ids or [])
        missing = []
        for number, letter_id in enumerate(wanted):
            if number:
                await asyncio.sleep(60 / per_minute)
            if not await _is_redriven(shop, letter_id):
                missing.append(letter_id)
        return len(wanted) - len(missing), missing

    if not ids and not everything:
        raise typer.BadParameter("name one or more ids, or use --all")
    count, missing = run(work, load_shop())
    out.print(f"{count} redriven; a running `stockwright serve` handles them.", highlight=False)
    if missing and not everything:
        fail(NotFound(f"There is no dead letter {', '.join(missing)}"))


async def _is_redriven(shop: App, letter_id: str) -> bool:
    """Send one on its way; False where somebody else has removed it meanwhile."""
    try:
        await redrive(shop, BY_SYSTEM, letter_id)
    except NotFound:
        return False
    return True


def _as_dict(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "handler": letter.handler,
        "event": letter.event.name,
        "about": letter.event.subject,
        "attempts": letter.attempts,
        "createdAt": iso(letter.created_at),
        "error": letter.error,
    }


async def _all(shop: App) -> list[DeadLetter]:
    return [each async for each in every(partial(list_dead_letters, shop, 100))]
