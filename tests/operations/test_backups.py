"""Backups by themselves: written when one is due, verified, the newest kept; a failure is alerted and seen."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from stockwright.adapters.telemetry import make_log
from stockwright.app import build, close
from stockwright.commit import new_event
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.catalogue import BackupFailed
from stockwright.operations import backups
from stockwright.operations.backups import back_up_when_due, backup_state, list_backups, make_backups
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch
from stockwright.store.sqlite.checking import check_file
from tests.around import World
from tests.cli.test_shop import Terminal
from tests.conftest import Clock
from tests.patience import PATIENCE_SECONDS

DAY = timedelta(days=1)


@pytest.fixture
async def app(tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    """A shop in a folder of its own, as a server has it."""
    made = await build(Settings(data_dir=tmp_path / "data", backup_every=DAY, backup_keep=2), clock)
    made.log = make_log("error")
    yield made
    await close(made)


def names(app: App) -> list[str]:
    return [path.name for _, path in list_backups(app.settings)]


async def test_a_backup_is_written_when_the_newest_is_an_interval_old_and_the_newest_are_kept(
    app: App, clock: Clock, tmp_path: Path
) -> None:
    folder = app.settings.data_dir / "backups"
    by_hand = folder / "format-1-20231101T000000.000Z.backup"
    assert await back_up_when_due(app)
    by_hand.write_bytes(b"an upgrade's")
    assert not await back_up_when_due(app)
    clock.advance(hours=23)
    assert not await back_up_when_due(app)
    for _ in range(3):
        clock.advance(hours=24)
        assert await back_up_when_due(app)
    assert names(app) == ["auto-20231118T211320.000Z.backup", "auto-20231117T211320.000Z.backup"]
    assert by_hand.exists()
    assert not (folder / "drafts").exists()
    newest = list_backups(app.settings)[0][1]
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, newest)] == [0o700, 0o600]
    assert await backup_state(app) == "ok"

    restored = await asyncio.to_thread(Terminal(tmp_path / "restored").type, "restore", str(newest))
    assert restored.exit_code == 0, restored.output
    check_file(tmp_path / "restored" / "stockwright.db")


async def test_a_failure_is_alerted_once_a_day_and_keeps_the_good_ones(app: App, clock: Clock, tmp_path: Path) -> None:
    assert await back_up_when_due(app)
    good = names(app)
    (app.settings.data_dir / "backups" / "drafts").write_text("a file where a folder must be")
    clock.advance(days=3)
    assert await backup_state(app) == "late"
    for _ in range(3):
        assert not await back_up_when_due(app)
    assert await backup_state(app) == "failed"
    for _ in range(20):
        clock.advance(hours=1)
        assert not await back_up_when_due(app)
    assert len(await failures(app)) == 1
    clock.advance(hours=5)
    assert not await back_up_when_due(app)
    [first, second] = await failures(app)
    assert first.newest == second.newest == good[0]
    assert names(app) == good

    (app.settings.data_dir / "backups" / "drafts").unlink()
    clock.advance(hours=1)
    assert await back_up_when_due(app)
    assert await backup_state(app) == "ok"
    assert len(names(app)) == 2


async def failures(app: App) -> list[BackupFailed]:
    return [event.read(BackupFailed) for event in await app.store.tail(limit=100) if event.name == "backup.failed"]


async def test_a_process_that_fails_says_why(app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKWRIGHT_PORT", "a port")
    assert not await back_up_when_due(app)
    [failure] = await failures(app)
    assert failure.reason.startswith("STOCKWRIGHT_PORT must be a port number")
    assert failure.newest == ""
    assert names(app) == []


async def test_a_process_that_does_not_end_is_ended(app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    app.settings = app.settings.changed(backup_every=timedelta(milliseconds=10))
    monkeypatch.setattr(backups, "SECONDS_MIN", 0.0)
    assert not await back_up_when_due(app)
    [failure] = await failures(app)
    assert failure.reason == "it did not end within 0.01 seconds"


async def test_admins_get_a_mail(world: World) -> None:
    shop = world.app
    shop.settings = shop.settings.changed(alert_emails=("ops@example.com",), alert_group_seconds=0.0)
    batch = Batch()
    failure = BackupFailed(reason="the disk is full", newest="auto-1.backup")
    batch.append(new_event(shop, BY_SYSTEM, failure, "backups"))
    await batch.commit(shop.store)
    await world.wait_until_handled()
    [mail] = [each for each in await world.notifications("email") if each.to == "ops@example.com"]
    assert mail.subject == "ALERT: the backup failed"
    assert "the disk is full" in mail.body
    assert "auto-1.backup" in mail.body


async def test_it_is_looked_after_while_the_server_runs(app: App) -> None:
    running = make_backups(app)
    await running.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await asyncio.sleep(0.05)
            if names(app):
                break
    await running.stop()


async def test_without_the_setting_nothing_is_written(app: App) -> None:
    app.settings = app.settings.changed(backup_every=None)
    assert not await back_up_when_due(app)
    assert await backup_state(app) == "off"
    assert not (app.settings.data_dir / "backups").exists()
