"""What every command shares: settings, the App for as long as the command runs, errors as one line."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from stockwright.adapters.folder_lock import HOLDER
from stockwright.app import DATABASE, build, close
from stockwright.base.errors import Misconfigured, StockwrightError
from stockwright.config import Settings
from stockwright.context import App
from stockwright.store.faults import Unreadable

Result = TypeVar("Result")

NICE = 10
"""How far below others a long command is that only reads: like a backup that the server starts."""
PIPED_WIDTH = 240
"""Wide enough that nothing is cut where no person watches, and lines can be searched."""

out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True, soft_wrap=True)

_STEERING = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "\N{REPLACEMENT CHARACTER}")


def load_settings() -> Settings:
    """Read the settings, or end with one clear line."""
    try:
        return Settings.load()
    except StockwrightError as wrong:
        fail(wrong)


def load_shop() -> Settings:
    """Read the settings of a shop that is there; a look into a wrong folder must not find an empty, clean shop."""
    settings = load_settings()
    if settings.store == "sqlite" and not (settings.data_dir / DATABASE).is_file():
        fail(
            Misconfigured(f"there is no shop in {settings.data_dir}; set STOCKWRIGHT_DATA_DIR to the folder of a shop")
        )
    return settings


def run(work: Callable[[App], Awaitable[Result]], settings: Settings | None = None, *, reading: bool = False) -> Result:
    """Open the shop, do the work, close it; errors that users can correct are one line each.

    Work that is only `reading` also takes a folder that cannot be written.
    """
    chosen = settings or load_settings()

    async def within() -> Result:
        app = await build(chosen, reading=reading)
        try:
            return await work(app)
        finally:
            await close(app)

    try:
        return asyncio.run(within())
    except Unreadable as fault:
        fail(
            Misconfigured(
                f"cannot read the shop in {chosen.data_dir}: {fault.why}; "
                "restore a backup into another folder if that does not pass"
            )
        )
    except StockwrightError as wrong:
        fail(wrong)
    except OSError as fault:
        fail(cannot_use(fault))


def give_precedence(settings: Settings) -> None:
    """Let a server of this folder have the processor first, where there is one: for a long command that only reads."""
    if (settings.data_dir / HOLDER).exists() and hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))


def cannot_use(fault: OSError) -> StockwrightError:
    """Say which file or connection failed, and why, in one line."""
    name = f"{fault.filename}: " if fault.filename else ""
    return Misconfigured(f"{name}{fault.strerror or fault}")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far a long piece of work is, where a person watches; call it with (done, of how many)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        bar = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def fail(wrong: StockwrightError) -> NoReturn:
    """Print what is wrong, then each field with a message of its own, and end with status 1."""
    err.print(f"[bold red]Error:[/] {plain(wrong.message)}", highlight=False)
    if isinstance(wrong.details, list):
        for entry in wrong.details:
            if entry["message"] != wrong.message:
                err.print(f"  {plain(entry['field'])}: {plain(entry['message'])}", highlight=False)
    sys.exit(1)


def plain(value: object) -> str:
    """Write what somebody else chose as it is: no brackets of it are markup, and nothing in it steers the terminal."""
    return escape(str(value).translate(_STEERING))


def add(table: Table, *cells: object) -> None:
    """Add a row of what somebody else chose."""
    table.add_row(*map(plain, cells))


def print_json(data: Any) -> None:
    """Write what a machine may read: one JSON document on standard output."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")
