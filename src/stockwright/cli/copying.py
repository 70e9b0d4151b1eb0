"""Moving a shop: from the embedded store to DynamoDB, and back."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from msgspec import to_builtins

from stockwright.app import DATABASE, check_packages, files_of
from stockwright.audit.usecases import audit
from stockwright.base.errors import Misconfigured, StockwrightError
from stockwright.base.ports import Files
from stockwright.cli.folder import lock_folder
from stockwright.cli.run import fail, load_settings, out, print_json, progress_bar, run
from stockwright.config import Settings
from stockwright.handlers import REACTIONS
from stockwright.store.copying import Copied, DynamoDbSide, Side, SqliteSide, copy

ENGINES = ("sqlite", "dynamodb")


def copy_shop(source: str, target: str, *, as_json: bool) -> None:
    """Copy, then count and audit both sides; status 1 where anything differs."""
    if {source, target} != set(ENGINES):
        fail(Misconfigured("use --from sqlite --to dynamodb, or --from dynamodb --to sqlite"))
    settings = load_settings()
    if "dynamodb" in (source, target) and not settings.table_name:
        fail(Misconfigured("STOCKWRIGHT_TABLE_NAME must name the DynamoDB table"))
    if source == "sqlite" and not (settings.data_dir / DATABASE).is_file():
        fail(
            Misconfigured(f"there is no shop in {settings.data_dir}; set STOCKWRIGHT_DATA_DIR to the folder of a shop")
        )
    try:
        check_packages("copy")
        with lock_folder(settings.changed(store="sqlite")):
            # Files first: an item never names a file that is not there, and what is refused is refused at once.
            files = asyncio.run(_copy_files(settings, source, target))
            copied = asyncio.run(_copy(settings, source, target))
    except StockwrightError as wrong:
        fail(wrong)
    reports = {name: run(audit, settings.changed(store=name)) for name in (source, target)}
    alike = (
        copied.items == copied.found
        and all(report.is_clean for report in reports.values())
        and reports[source] == reports[target]
    )
    if as_json:
        shown = {name: to_builtins(report) for name, report in reports.items()}
        print_json({**to_builtins(copied), "files": files, "alike": alike, **shown})
    else:
        amount = f"{copied.items:,} items, {copied.events:,} events and {files:,} files from {source} to {target}"
        out.print(
            f"[bold green]Copied[/] {amount}." if alike else f"[bold red]The copies differ[/]: {amount}.",
            highlight=False,
        )
        for name, report in reports.items():
            counts = f"{report.products:,} products, {report.movements:,} movements, {report.holds:,} holds"
            drifts = f"{len(report.drifts)} numbers that do not add up"
            out.print(f"  {name}: {counts}, {drifts}", highlight=False)
    if not alike:
        raise SystemExit(1)


async def _copy(settings: Settings, source: str, target: str) -> Copied:
    async with AsyncExitStack() as opened:
        sides: list[Side] = []
        for name in (source, target):
            side = _open(settings, name, is_source=name == source)
            opened.push_async_callback(side.close)
            sides.append(side)
        with progress_bar("Items copied") as progress:
            return await copy(sides[0], sides[1], [reaction.name for reaction in REACTIONS], progress)


async def _copy_files(settings: Settings, source: str, target: str) -> int:
    """Copy the files of one engine's file store to the other's; returns how many there are."""
    of_source, of_target = (_files_of(settings, engine) for engine in (source, target))
    count = 0
    async for name in of_source.names():
        if await of_target.size(name) != await of_source.size(name):
            await of_target.put(name, of_source.read(name))
        count += 1
    return count


def _files_of(settings: Settings, engine: str) -> Files:
    """Return the file store that belongs to an engine: the folder to a file, the bucket to a table."""
    bucket = settings.files_bucket if engine == "dynamodb" else None
    return files_of(settings.changed(store=engine, files_bucket=bucket))


def _open(settings: Settings, engine: str, *, is_source: bool) -> SqliteSide | DynamoDbSide:
    if engine == "sqlite":
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SqliteSide(settings.data_dir / DATABASE, hold=is_source)
    from stockwright.store.dynamodb.connecting import connect

    return DynamoDbSide(connect(settings.table_name or "", tail_delay_seconds=0))
