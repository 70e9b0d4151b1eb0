"""Commands on the shop as a whole: demo, audit, backup, restore."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zlib
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

from rich.table import Table

from stockwright.app import DATABASE
from stockwright.cli.run import err, fail, out, print_json, progress_bar, run
from stockwright.config import Settings
from stockwright.domain.account import SYSTEM
from stockwright.domain.errors import Misconfigured
from stockwright.domain.stock import Movement
from stockwright.store.sqlite import SqliteStore
from stockwright.usecases.audit import AuditReport, audit
from stockwright.usecases.context import App
from stockwright.usecases.repair import repair

SECRETS = ("token-key.pem", "signing-key")
SECRETS_OF_DEMO = ("demo-passwords",)
"""In the data folder of a demo shop only."""


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
            booked.extend(await repair(app, SYSTEM, report))
            report = await audit(app)
        return report

    report = run(work, settings)
    if as_json:
        print_json({**asdict(report), "clean": report.is_clean, "booked": [asdict(each) for each in booked]})
    else:
        for each in booked:
            out.print(f"Booked {each.quantity:+} of {each.sku} at {each.location}: {each.reason}", highlight=False)
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
            table.add_row(
                drift.product_id or drift.about,
                drift.sku,
                drift.location,
                drift.rule,
                str(drift.stored),
                str(drift.expected),
            )
        out.print(table)
    if report.unsettled:
        err.print(f"{len(report.unsettled)} products changed at every look; run the audit again.", highlight=False)


def backup(settings: Settings, file: Path) -> None:
    """Write the database and the keys into one archive that only its owner can read."""
    if file.exists():
        fail(Misconfigured(f"{file} is there already; choose another name"))
    beside = file.resolve().parent

    async def work(app: App) -> None:
        if not isinstance(app.store, SqliteStore):
            raise Misconfigured("backup is for the embedded store; DynamoDB has point-in-time recovery")
        with tempfile.TemporaryDirectory(dir=beside) as folder:
            copy = Path(folder) / DATABASE
            await app.store.backup(copy)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                with tarfile.open(fileobj=target, mode="w:gz", compresslevel=3) as archive:
                    archive.add(copy, DATABASE)
                    for name in _secrets_in(settings.data_dir):
                        archive.add(settings.data_dir / name, name)
                target.flush()
                os.fsync(target.fileno())

    try:
        run(work, settings)
    except OSError as fault:
        fail(Misconfigured(f"cannot write {file}: {fault.strerror}"))
    out.print(
        f"[bold green]Kept[/] {file} ({file.stat().st_size:,} bytes). It holds the shop's keys: keep it safe.",
        highlight=False,
    )


def _secrets_in(folder: Path) -> list[str]:
    return [*SECRETS, *(name for name in SECRETS_OF_DEMO if (folder / name).is_file())]


def restore(settings: Settings, file: Path) -> None:
    """Unpack an archive of `backup` into a folder that holds no shop, and look whether it is whole."""
    folder = settings.data_dir
    if folder.exists() and any(folder.iterdir()):
        fail(Misconfigured(f"{folder} is not empty; set STOCKWRIGHT_DATA_DIR to another folder, or move it away"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted: tuple[str, ...] = (*SECRETS, DATABASE)
    try:
        with tarfile.open(file, "r:gz") as archive:
            wanted += tuple(name for name in SECRETS_OF_DEMO if name in archive.getnames())
            for name in wanted:
                member = archive.extractfile(name) or BytesIO()
                with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                    shutil.copyfileobj(member, target)
                    target.flush()
                    os.fsync(target.fileno())
    except (tarfile.TarError, KeyError, OSError, EOFError, zlib.error) as fault:
        for name in wanted:
            (folder / name).unlink(missing_ok=True)
        fail(Misconfigured(f"{file} is not a whole backup of a shop: {fault}"))
    report = run(audit, settings)
    _print_report(report)
    if not report.is_clean:
        raise SystemExit(1)
    out.print(f"[bold green]Restored[/] into {folder}.", highlight=False)
