"""`stockwright migrate`, and what `serve` does before it starts: data of a former release is upgraded.

An embedded folder is upgraded by the one process that holds it, behind a backup in `backups/` that was read back.
A table on DynamoDB is upgraded while it is used; AWS keeps its backups (point-in-time recovery).
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import apsw
import msgspec

from stockwright.adapters.clock import SystemClock
from stockwright.app import DATABASE, check_packages
from stockwright.base.errors import Misconfigured, StockwrightError
from stockwright.cli.archives import DAMAGED, secrets_in, write_archive
from stockwright.cli.folder import lock_folder
from stockwright.cli.run import cannot_use, err, fail, out, plain, print_json, progress_bar
from stockwright.config import Settings
from stockwright.store.migrations import FORMAT, too_new
from stockwright.store.migrations.dynamodb import TableUpgrade
from stockwright.store.migrations.sqlite import FileUpgrade, format_of

BACKUPS: Final = "backups"
DRAFT: Final = "draft"
SPARE_BYTES: Final = 32 * 1024 * 1024


class Upgraded(msgspec.Struct, rename="camel"):
    """What an upgrade did, or would do: `changed` counts the items of each kind that are rewritten."""

    format: int
    to: int
    items: int
    changed: dict[str, int]
    backup: str = ""


def migrate(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    """Upgrade the data, or say what would change; errors that users can correct are one line each."""
    try:
        if settings.store == "dynamodb":
            done = _upgrade_table(settings, dry_run=dry_run)
        elif dry_run:
            with closing(FileUpgrade(settings.data_dir / DATABASE, dry_run=True)) as upgrade:
                done = _go_through(upgrade, "Items read")
        else:
            with lock_folder(settings):
                done = _upgrade_folder(settings)
    except StockwrightError as wrong:
        fail(wrong)
    except OSError as fault:
        fail(cannot_use(fault))
    except KeyboardInterrupt:
        err.print("Stopped; run it again, and it goes on where it was.", highlight=False)
        raise SystemExit(1) from None
    if as_json:
        print_json({**msgspec.to_builtins(done), "dryRun": dry_run})
        return
    for line in _lines(done, dry_run=dry_run):
        out.print(line, highlight=False)


def upgrade_before_serving(settings: Settings) -> None:
    """Upgrade the folder that is about to be served, unless that is the operator's; raises Misconfigured."""
    if settings.store != "sqlite":
        return
    path = settings.data_dir / DATABASE
    found = format_of(path)
    if found in {0, FORMAT}:
        return
    if found > FORMAT:
        raise Misconfigured(too_new(path, found))
    if not settings.migrate:
        raise Misconfigured(
            f"{path} has data format {found}, this release uses {FORMAT}, and STOCKWRIGHT_MIGRATE is off: "
            "run stockwright migrate first"
        )
    err.print(f"The shop in {plain(settings.data_dir)} has data format {found}; it is upgraded first.", highlight=False)
    for line in _lines(_upgrade_folder(settings), dry_run=False):
        err.print(line, highlight=False)


def _lines(done: Upgraded, *, dry_run: bool) -> list[str]:
    """Say what was done, or what would be."""
    if done.format == done.to:
        return [f"[bold green]Nothing to do[/]: the data has format {done.format}, as this release uses it."]
    changed = sum(done.changed.values())
    kinds = ", ".join(f"{count:,} {plain(kind)}" for kind, count in done.changed.items())
    what = f"{changed:,} of {done.items:,} items{f' ({kinds})' if kinds else ''}"
    if dry_run:
        return [f"From data format {done.format} to {done.to}: {what} would be rewritten. Nothing was changed."]
    lines = [f"[bold green]Backed up[/] into {plain(done.backup)}"] if done.backup else []
    return [*lines, f"[bold green]Upgraded[/] from data format {done.format} to {done.to}: {what} were rewritten."]


def _upgrade_table(settings: Settings, *, dry_run: bool) -> Upgraded:
    from stockwright.store.dynamodb.connecting import connect

    check_packages("migrate")
    store = connect(settings.table_name or "", of_any_format=True)
    try:
        with closing(TableUpgrade(store, dry_run=dry_run)) as upgrade:
            return _go_through(upgrade, "Items read")
    finally:
        asyncio.run(store.close())


def _upgrade_folder(settings: Settings) -> Upgraded:
    """Write a backup, then upgrade in place; the caller holds the folder's lock."""
    path = settings.data_dir / DATABASE
    try:
        with closing(FileUpgrade(path)) as upgrade:
            if upgrade.done:
                return _go_through(upgrade, "")
            archive = settings.data_dir / BACKUPS / upgrade.progress.backup
            is_written = bool(upgrade.progress.backup) and archive.is_file()
            _check_room(path, copies=1 if is_written else 2)
            if not is_written:
                archive = _back_up(settings.data_dir, upgrade)
                upgrade.note_backup(archive.name)
            done = _go_through(upgrade, "Items upgraded")
    except apsw.FullError as full:
        raise Misconfigured(f"the disk of {settings.data_dir} is full: make room and run it again") from full
    except apsw.Error as fault:
        raise Misconfigured(f"cannot upgrade {path}: {fault}") from fault
    return msgspec.structs.replace(done, backup=str(archive))


def _check_room(path: Path, *, copies: int) -> None:
    """Refuse before anything is written where the disk has not enough room for it.

    A backup takes the room of the shop twice for a moment, as a copy and as an archive; what the upgrade itself adds
    takes less.
    """
    files = [path, path.with_name(f"{path.name}-wal")]
    needed = copies * sum(each.stat().st_size for each in files if each.exists()) + SPARE_BYTES
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise Misconfigured(
            f"the disk of {path.parent} has {free // 1_000_000:,} MB free, and upgrading the shop takes "
            f"{needed // 1_000_000 + 1:,} MB: make room first (nothing was changed)"
        )


def _back_up(folder: Path, upgrade: FileUpgrade) -> Path:
    """Write the shop as it is into an archive that `restore` reads, read it back, and return it."""
    backups = folder / BACKUPS
    backups.mkdir(mode=0o700, exist_ok=True)
    backups.chmod(0o700)
    # What an end in the middle left behind.
    draft = backups / DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    at = datetime.fromtimestamp(SystemClock().now() / 1000, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    target = backups / f"format-{upgrade.format}-{at}Z.backup"
    try:
        upgrade.backup(draft / DATABASE)
        write_archive(target, [draft / DATABASE, *secrets_in(folder)])
    except DAMAGED as fault:
        raise Misconfigured(f"cannot write {target}: {getattr(fault, 'strerror', None) or fault}") from fault
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _go_through(upgrade: FileUpgrade | TableUpgrade, what: str) -> Upgraded:
    """Take step after step to the end."""
    before = upgrade.format
    with progress_bar(what) as progress:
        while not upgrade.done:
            upgrade.step()
            progress(upgrade.progress.items, max(upgrade.total or 0, upgrade.progress.items))
    return Upgraded(before, FORMAT, upgrade.progress.items, upgrade.progress.changed)
