"""Backups by themselves: a process of its own writes and verifies each, the newest are kept, and a late one is alerted.

The process is `stockwright backup`, at a low priority: the server's event loop never waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from stockwright.adapters.files import private_folder, sync_folder
from stockwright.commit import new_event
from stockwright.context import Repeating
from stockwright.events.catalogue import BackupFailed
from stockwright.operations import backup_records as records
from stockwright.operations.backup_records import BackupFailure
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockwright.config import Settings
    from stockwright.context import App


FOLDER: Final = "backups"
DRAFTS: Final = "drafts"
NICE: Final = 10
LOOK_SECONDS: Final = 20.0
SECONDS_MIN: Final = 600.0
"""So long may a backup take, or an interval where that is longer."""
AGAIN_MS: Final = 3_600_000
"""So long after a failure it is tried again, at the latest."""
ALERT_EVERY_MS: Final = 86_400_000
LATE_AFTER: Final = 2
"""The newest backup is late when it is older than so many intervals."""
OUTPUT_MAX: Final = 500
_NAME: Final = re.compile(r"auto-([0-9]{8}T[0-9]{6})\.([0-9]{3})Z\.backup")


BackupState = Literal["off", "ok", "late", "failed"]


class BackupError(Exception):
    """A backup was not written; says why, in one line."""


def list_backups(settings: Settings) -> list[tuple[int, Path]]:
    """List the backups that were written by themselves, newest first: when (ms), and the file."""
    folder = settings.data_dir / FOLDER
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        name = _NAME.fullmatch(path.name)
        if name:
            at = datetime.strptime(name[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            found.append((int(at.timestamp()) * 1000 + int(name[2]), path))
    return sorted(found, reverse=True)


def backup_age(app: App) -> int | None:
    """Return the age (ms) of the newest backup; None where there is none."""
    found = list_backups(app.settings)
    return max(0, app.clock.now() - found[0][0]) if found else None


async def backup_state(app: App) -> BackupState:
    """Return how backups are: "off", "ok", "late" (older than two intervals), or "failed" since the last good one."""
    every = app.settings.backup_every
    if every is None:
        return "off"
    if (await records.load_failure(app.store)).reason:
        return "failed"
    age = backup_age(app)
    return "late" if age is not None and age > LATE_AFTER * _ms(app) else "ok"


async def back_up_when_due(app: App) -> bool:
    """Write a backup if the newest one is an interval old; returns whether it did. A failure is alerted, once a day.

    After a failure it is tried again after an interval, or an hour where that is longer.
    """
    if app.settings.backup_every is None:
        return False
    now, age, last = app.clock.now(), backup_age(app), await records.load_failure(app.store)
    if age is not None and age < _ms(app):
        return False
    if last.reason and now < last.tried_at + min(_ms(app), AGAIN_MS):
        return False
    try:
        await _back_up(app)
    except (BackupError, OSError) as fault:
        await _note_failure(app, last, str(fault)[:OUTPUT_MAX])
        return False
    if last.reason:
        batch = Batch()
        records.delete_failure(batch, last)
        await batch.commit_once(app.store)
    return True


async def _back_up(app: App) -> None:
    """Write and verify a backup, then remove the oldest ones: there is always a good one."""
    folder = private_folder(app.settings.data_dir / FOLDER)
    drafts = folder / DRAFTS
    # What an end in the middle left behind.
    await asyncio.to_thread(shutil.rmtree, drafts, ignore_errors=True)
    at = datetime.fromtimestamp(app.clock.now() / 1000, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    name = f"auto-{at}Z.backup"
    try:
        draft = private_folder(drafts).absolute() / name
        await _run(app, draft)
        draft.rename(folder / name)
        await asyncio.to_thread(sync_folder, folder)
    finally:
        await asyncio.to_thread(shutil.rmtree, drafts, ignore_errors=True)
    app.log.info("backup written", file=name, bytes=(folder / name).stat().st_size)
    for _, path in list_backups(app.settings)[app.settings.backup_keep :]:
        path.unlink(missing_ok=True)


async def _run(app: App, file: Path) -> None:
    """Run `stockwright backup` in a process of its own, of this folder and with these surroundings."""
    command = [sys.executable, "-m", "stockwright.cli.main", "backup", str(file)]
    nice = shutil.which("nice")
    if nice:
        command = [nice, "-n", str(NICE), *command]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**app.settings.environment(), "TERM": "dumb"},
    )
    seconds = max(_ms(app) / 1000, SECONDS_MIN)
    try:
        async with asyncio.timeout(seconds):
            _, said = await process.communicate()
    except BaseException as fault:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if isinstance(fault, TimeoutError):
            raise BackupError(f"it did not end within {seconds:g} seconds") from fault
        raise
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or [f"it ended with status {process.returncode}"]
        raise BackupError(lines[-1].removeprefix("Error: "))


async def _note_failure(app: App, last: BackupFailure, reason: str) -> None:
    app.log.error("backup failed", reason=reason)
    now = app.clock.now()
    batch, alerted_at = Batch(), last.alerted_at
    if not last.reason or now >= last.alerted_at + ALERT_EVERY_MS:
        found = await asyncio.to_thread(list_backups, app.settings)
        newest = found[0][1].name if found else ""
        batch.append(new_event(app, BY_SYSTEM, BackupFailed(reason=reason, newest=newest), FOLDER))
        alerted_at = now
    records.put_failure(batch, BackupFailure(reason, now, alerted_at, version=last.version))
    await batch.commit_once(app.store)


def _ms(app: App) -> int:
    every = app.settings.backup_every
    return 0 if every is None else round(every.total_seconds() * 1000)


def make_backups(app: App, may_run: Callable[[], bool] | None = None) -> Repeating:
    """Make what writes backups for ever, in the process that sweeps."""
    return Repeating(app, back_up_when_due, LOOK_SECONDS, "looking after backups failed", may_run)
