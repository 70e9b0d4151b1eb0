"""Commands on the shop as a whole: demo, audit, backup, restore."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from msgspec import to_builtins
from msgspec.structs import asdict
from rich.table import Table

from stockwright.adapters.folder_files import FOLDER as FILES
from stockwright.app import DATABASE, build, close
from stockwright.audit.repair import repair
from stockwright.audit.usecases import AuditReport, audit
from stockwright.base.errors import Misconfigured, StockwrightError
from stockwright.cli.archives import DAMAGED, SECRETS, secrets_in, stored_in, unpack, write_archive
from stockwright.cli.run import add, cannot_use, err, fail, give_precedence, out, plain, print_json, progress_bar, run
from stockwright.config import Settings
from stockwright.context import App
from stockwright.request import BY_SYSTEM
from stockwright.stock.model import Movement
from stockwright.store.faults import Unreadable
from stockwright.store.migrations import FORMAT, too_new
from stockwright.store.migrations.sqlite import format_of
from stockwright.store.sqlite.checking import check_file
from stockwright.store.sqlite.engine import SqliteStore


def demo(settings: Settings) -> None:
    """Load the demo shop."""
    from stockwright.demo.load import load_demo_into_empty_shop

    with progress_bar("Five weeks of a shop") as progress:
        notes = run(lambda app: load_demo_into_empty_shop(app, progress), settings)
    if not notes:
        fail(Misconfigured(f"{settings.data_dir} holds another shop; set STOCKWRIGHT_DATA_DIR to an empty folder"))
    for note in notes:
        out.print(note, highlight=False, markup=False)


def audit_shop(settings: Settings, *, as_json: bool, with_repair: bool = False) -> None:
    """Print the report, after the repair if that is asked for; status 1 on drift that is left."""
    booked: list[Movement] = []

    async def work(app: App) -> AuditReport:
        report = await audit(app)
        if with_repair and not report.is_clean:
            booked.extend(await repair(app, BY_SYSTEM, report))
            report = await audit(app)
        return report

    if not with_repair:
        give_precedence(settings)
    report = run(work, settings, reading=not with_repair)
    if as_json:
        print_json({**to_builtins(report), "clean": report.is_clean, "booked": [asdict(each) for each in booked]})
    else:
        for each in booked:
            booking = f"Booked {each.quantity:+} of {each.sku} at {each.location}: {each.reason}"
            out.print(plain(booking), highlight=False)
        _print_report(report)
    if not report.is_clean:
        raise SystemExit(1)


def _print_report(report: AuditReport) -> None:
    counts = (
        f"{report.products:,} products, {report.levels:,} levels, "
        f"{report.movements:,} movements, {report.holds:,} holds"
    )
    if report.is_clean:
        out.print(f"[bold green]Clean.[/] {counts}: every number adds up.", highlight=False)
    else:
        out.print(f"[bold red]{len(report.drifts)} numbers do not add up.[/] Looked at {counts}.", highlight=False)
        table = Table("Product", "SKU", "Location", "Rule", "Stored", "Expected")
        for drift in report.drifts:
            about = drift.product_id or drift.about
            add(table, about, drift.sku, drift.location, drift.rule, drift.stored, drift.expected)
        out.print(table)
    if report.unsettled:
        err.print(
            f"{len(report.unsettled)} products changed during every read, so "
            "they were not checked; run the audit again.",
            highlight=False,
        )


def backup(settings: Settings, file: Path) -> None:
    """Write the database, the keys and the files into one archive that only its owner can read, and read it back."""
    if file.exists():
        fail(Misconfigured(f"{file} already exists; choose another name"))
    give_precedence(settings)
    beside = file.resolve().parent

    async def work(app: App) -> None:
        if not isinstance(app.store, SqliteStore):
            raise Misconfigured("backup is for the embedded store; DynamoDB has point-in-time recovery")
        try:
            with tempfile.TemporaryDirectory(dir=beside) as folder:
                copy = Path(folder) / DATABASE
                await _copy(app.store, copy, file)
                write_archive(file, [copy, *secrets_in(settings.data_dir)], stored_in(settings.data_dir))
        except DAMAGED as fault:
            raise Misconfigured(f"cannot write {file}: {getattr(fault, 'strerror', None) or fault}") from fault

    run(work, settings, reading=True)
    out.print(
        f"[bold green]Backed up[/] into {plain(file)} ({file.stat().st_size:,} "
        "bytes). It contains the shop's keys: keep it safe.",
        highlight=False,
    )


async def _copy(store: SqliteStore, copy: Path, file: Path) -> None:
    """Copy the database into a folder beside the archive; an error names the archive too."""
    try:
        await store.backup(copy)
    except Misconfigured as wrong:
        raise Misconfigured(f"cannot write {file}: {wrong.message}") from wrong


def restore(settings: Settings, file: Path) -> None:
    """Unpack an archive of `backup` into a folder that holds no shop, and look whether it is whole."""
    folder = settings.data_dir
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            fail(Misconfigured(f"{folder} is not empty; set STOCKWRIGHT_DATA_DIR to another folder, or move it away"))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        fail(cannot_use(fault))
    try:
        unpack(file, folder)
        check_file(folder / DATABASE)
        found = format_of(folder / DATABASE)
        report = asyncio.run(_audit_of(settings)) if found == FORMAT else None
    except (*DAMAGED, StockwrightError) as fault:
        _clear(folder)
        why = fault.why if isinstance(fault, Unreadable) else getattr(fault, "strerror", None) or fault
        fail(Misconfigured(f"{file} is not a complete backup of a shop: {why}"))
    if found > FORMAT:
        _clear(folder)
        fail(Misconfigured(too_new(file, found)))
    if report is None:
        out.print(
            f"[bold green]Restored[/] into {plain(folder)}, as it was: data format {found}, and this release uses "
            f"{FORMAT}. stockwright migrate upgrades it, and so does stockwright serve.",
            highlight=False,
        )
        return
    _print_report(report)
    if not report.is_clean:
        raise SystemExit(1)
    out.print(f"[bold green]Restored[/] into {plain(folder)}.", highlight=False)


async def _audit_of(settings: Settings) -> AuditReport:
    app = await build(settings)
    try:
        return await audit(app)
    finally:
        await close(app)


def _clear(folder: Path) -> None:
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", *SECRETS):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / FILES, ignore_errors=True)
