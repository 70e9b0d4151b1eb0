"""Power cuts and refusing disks under the embedded engine: nothing acknowledged is lost, nothing is half there.

Long: `make prove`. The seed of a failure is in its message: `PROVE_SEED=<it> pytest tests/model/test_disk.py`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import apsw
import pytest
import structlog

from stockwright.audit.usecases import audit
from stockwright.base.errors import Busy, Misconfigured
from stockwright.base.event import Event
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.context import App
from stockwright.operations.health import check_readiness
from stockwright.store.faults import EngineFailed, Unreadable
from stockwright.store.port import ABSENT, Add, Append, Put
from stockwright.store.sqlite import group_commit
from stockwright.store.sqlite.checking import check_file
from stockwright.store.sqlite.engine import SqliteStore
from tests.conftest import ADMIN, Clock, bare_app
from tests.model.disk import LOSSES, Disk, Fault, leave
from tests.proving import SECONDS, SEED, WORKERS

SHELF = ("P#1", "STOCK")
UNITS = ("units",)
CLIENTS, TURNS = 4, 6


def seeds() -> Iterator[int]:
    """One seed, or as many as there is time for."""
    until = time.monotonic() + SECONDS / len(WORKERS)
    yield SEED
    for seed in range(SEED + 1, SEED + 1_000_000):
        if time.monotonic() >= until:
            return
        yield seed


def order(name: str, chance: random.Random) -> list[Put | Add | Append]:
    """An order that takes a unit and appends its event, all in one commit."""
    filling = "x" * chance.randrange(2000)
    event = Event(id=f"evt_{name}", name="order.placed", subject=name, at=1, data={"filling": filling})
    return [Put((name, "ORDER"), {"filling": filling}, ABSENT), Add(SHELF, {UNITS: 1}), Append(event)]


async def work(disk: Disk, path: Path, chance: random.Random, pages: int, workers: int) -> None:
    """Serve a few clients; the log is folded back into the file (and synced for that) every so many pages.

    Several workers are here as many stores on the file.
    """
    stores = [SqliteStore(path) for _ in range(workers)]
    for store in stores:
        store._commits.log_pages_max = pages
    await stores[0].commit([Put(SHELF, {"units": 0}, ABSENT)])
    disk.said("open")

    async def client(number: int) -> None:
        for turn in range(TURNS):
            name = f"ORDER#{number}-{turn}"
            await stores[(number + turn) % workers].commit(order(name, chance))
            disk.said(name)

    await asyncio.gather(*[client(number) for number in range(CLIENTS)])
    # The power fails while it runs: what is written at its end is not looked at.
    noted = len(disk.notes)
    for store in stores:
        await store.close()
    del disk.notes[noted:]


async def whole(path: Path, said: list[str]) -> int:
    """Look whether everything that was said is there, and nothing by halves; returns the number of orders."""
    store = SqliteStore(path)
    try:
        assert store._writer.pragma("integrity_check") == "ok"
        names = [name for name in said if name != "open"]
        stored = await store.get([(name, "ORDER") for name in names])
        lost = sorted(set(names) - {key[0] for key in stored})
        assert not lost, f"acknowledged and lost: {lost}"
        shelf = (await store.get([SHELF])).get(SHELF)
        assert shelf is not None or "open" not in said
        orders = store._reader.execute("SELECT pk FROM item WHERE sk='ORDER'").fetchall()
        assert (shelf.body["units"] if shelf else 0) == len(orders)
        events = await store.tail(limit=1000)
        assert sorted(event.subject for event in events) == sorted(name for (name,) in orders)
        assert [event.position for event in events] == [str(number + 1) for number in range(len(events))]
        # And it goes on working.
        if shelf is not None:
            await store.commit([Add(SHELF, {UNITS: 0}), Put(("AFTER", "POWER"), {}, ABSENT)])
        return len(orders)
    finally:
        await store.close()


@pytest.mark.slow
@pytest.mark.parametrize("workers", WORKERS)
async def test_a_power_cut_at_any_write_loses_nothing_that_was_acknowledged(memory: Path, workers: str) -> None:
    found, started = 0, time.monotonic()
    for seed in seeds():
        for pages in (16, 4000):
            found += await every_cut(memory / f"{seed}-{pages}", seed, pages, int(workers))
    print(f"power: {workers} workers, {found} cuts in {time.monotonic() - started:.0f} s")


async def every_cut(folder: Path, seed: int, pages: int, workers: int) -> int:
    """Work once, then cut the power at every instant of it, in every way; returns how many cuts that was."""
    chance = random.Random(seed)
    disk, home, ruin = Disk(), folder / "shop", folder / "ruin"
    home.mkdir(parents=True)
    ruin.mkdir()
    with disk.mounted():
        await work(disk, home / "stockwright.db", chance, pages, workers)
    counts: list[int] = []
    for number, said, files in disk.instants():
        for loss in LOSSES if SECONDS else (chance.choice(LOSSES),):
            try:
                counts.append(await whole(leave(files, ruin, loss, chance), said))
            except (AssertionError, Misconfigured, apsw.Error) as fault:
                raise AssertionError(f"PROVE_SEED={seed}, power cut at {number}, {loss} kept: {fault}") from fault
    assert max(counts) == CLIENTS * TURNS
    assert len(set(counts)) > TURNS / 2
    return len(counts)


REFUSALS = {
    "full disk": ("write", apsw.FullError),
    "failing disk": ("write", apsw.IOError),
    "failing sync": ("sync", apsw.IOError),
}
ORDERS = 14


async def refused(disk: Disk, store: SqliteStore, fault: Fault, chance: random.Random) -> tuple[list[str], set[str]]:
    """Order on a disk that refuses, then on a working one; returns what was acknowledged, and the events."""
    store._commits.log_pages_max = 8
    await store.commit([Put(SHELF, {"units": 0}, ABSENT)])
    disk.fault = fault
    acknowledged, found = ["open"], set[str]()
    for turn in range(ORDERS):
        name = f"ORDER#{turn}"
        try:
            await store.commit(order(name, chance))
            acknowledged.append(name)
        except EngineFailed as failed:
            found.add(str(failed))
    disk.fault = None
    # The disk works again, and the same process goes on. What was refused is not there.
    await store.commit(order("ORDER#later", chance))
    stored = await store.get([(f"ORDER#{turn}", "ORDER") for turn in range(ORDERS)])
    assert {key[0] for key in stored} == set(acknowledged) - {"open"}
    return [*acknowledged, "ORDER#later"], found


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
async def test_a_disk_error_at_any_call_is_reported_and_loses_nothing(memory: Path, name: str, for_good: bool) -> None:
    kind, error = REFUSALS[name]
    struck = in_commits = 0
    for nth in range(1, 400, 1 if SECONDS else 4):
        fault = Fault(kind, nth, error, for_good)  # type: ignore[arg-type]
        folder = memory / str(nth)
        folder.mkdir()
        path, disk, chance = folder / "stockwright.db", Disk(), random.Random(SEED)
        try:
            with disk.mounted():
                store = SqliteStore(path)
                try:
                    acknowledged, found = await refused(disk, store, fault, chance)
                finally:
                    disk.fault = None
                    await store.close()
            assert await whole(path, acknowledged) == len(acknowledged) - 1
        except (AssertionError, Misconfigured, apsw.Error) as wrong:
            raise AssertionError(f"PROVE_SEED={SEED}, {name}, {kind} {nth}: {wrong}") from wrong
        if not fault.refused:
            break
        struck += 1
        # There is no error where the log could not be folded into the file: that is tried again.
        in_commits += bool(found)
        assert found or not for_good
        assert all(line.startswith("the store could not write: ") for line in found)
    print(f"{name}: refused at each of {struck} calls")
    assert struck >= 3
    assert struck == in_commits if for_good else struck > in_commits >= 2


@pytest.mark.parametrize("nth", range(3))
async def test_a_file_locked_by_another_process_is_busy_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    monkeypatch.setattr(group_commit, "LOCK_WAIT_SECONDS", 0.05)
    path, chance = tmp_path / "stockwright.db", random.Random(SEED)
    store = SqliteStore(path)
    await store.commit([Put(SHELF, {"units": 0}, ABSENT)])
    other = apsw.Connection(str(path))
    acknowledged = ["open"]
    for turn in range(3):
        if turn == nth:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Busy):
                await store.commit(order(f"ORDER#{turn}", chance))
            other.execute("ROLLBACK")
        else:
            await store.commit(order(f"ORDER#{turn}", chance))
            acknowledged.append(f"ORDER#{turn}")
    other.close()
    await store.close()
    assert await whole(path, acknowledged) == 2


# ---- readiness, backup and audit on such a disk ------------------------------------------------


async def shop_on(disk: Disk, folder: Path, clock: Clock) -> App:
    app = await bare_app(folder, clock)
    assert isinstance(app.store, SqliteStore)
    app.log = app.store.faults.log = structlog.get_logger()
    for number in range(30):
        text = f"A chair to sit on, number {number}. " * 20
        await create_product(
            app, ADMIN, CreateProduct(f"Chair {number}", f"C-{number}", text, "other", 100, quantity=3)
        )
    return app


@pytest.mark.parametrize(
    ("kind", "error", "reason"),
    [
        ("write", apsw.FullError, "the disk is full"),
        ("write", apsw.IOError, "the disk refuses"),
        ("sync", apsw.IOError, "the disk refuses"),
        ("write", apsw.ReadOnlyError, "the disk refuses"),
    ],
)
async def test_a_disk_error_makes_the_shop_not_ready_until_writes_work_again(
    tmp_path: Path, clock: Clock, kind: Literal["write", "sync"], error: type[Exception], reason: str
) -> None:
    disk = Disk()
    with disk.mounted(), structlog.testing.capture_logs() as logged:
        app = await shop_on(disk, tmp_path, clock)
        await app.probe.write(app)
        assert (await check_readiness(app)).writable
        assert logged == []

        disk.fault = Fault(kind, 1, error, for_good=True)
        for _ in range(100):
            await app.probe.write(app)
            found = await check_readiness(app)
            assert (found.writable, found.reason) == (False, reason)
        stories = [(each["event"], each.get("failures")) for each in logged]
        assert stories == [("store failed", 1), ("not ready", None), ("store failed", 100)]
        assert {each["operation"] for each in logged if each["event"] == "store failed"} == {"write"}
        assert "planned" in logged[0]["error"]

        disk.fault = None
        logged.clear()
        await app.probe.write(app)
        assert (await check_readiness(app)).writable
        assert [each["event"] for each in logged] == ["store works again", "ready again"]
        await app.store.close()


@pytest.mark.parametrize(
    ("error", "reason", "passes"),
    [(apsw.IOError, "the disk refuses", True), (apsw.CorruptError, "the file is damaged", False)],
)
async def test_read_errors_are_detected_by_the_regular_check(
    tmp_path: Path, clock: Clock, error: type[Exception], reason: str, passes: bool
) -> None:
    disk = Disk()
    with disk.mounted():
        made = await shop_on(disk, tmp_path, clock)
        await made.store.close()
    with disk.mounted(), structlog.testing.capture_logs() as logged:
        app = await bare_app(tmp_path, clock)
        assert isinstance(app.store, SqliteStore)
        app.log = app.store.faults.log = structlog.get_logger()
        disk.fault = Fault("read", 1, error, for_good=True)
        for _ in range(20):
            await app.store.check()
        await app.probe.write(app)
        assert app.probe.reason
        with pytest.raises(Unreadable) as refused:
            await audit(app)
        assert refused.value.message == "Something went wrong", "what a client may learn"
        assert reason in refused.value.why
        assert "planned: read" in refused.value.why
        assert any(each["event"] == "store failed" and each["operation"] == "read" for each in logged)
        disk.fault = None
        report = await audit(app)
        assert (report.products, report.drifts) == (30, [])
        await app.probe.write(app)
        assert app.probe.reason == ("" if passes else reason)
        await app.store.close()


# SQLite itself goes on after some faults of the copy.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("kind", "error"), [("write", apsw.FullError), ("write", apsw.IOError), ("read", apsw.CorruptError)]
)
async def test_a_backup_fails_cleanly_at_any_disk_error(
    tmp_path: Path, clock: Clock, kind: Literal["write", "read"], error: type[Exception]
) -> None:
    disk = Disk()
    refused = list[str]()
    with disk.mounted():
        app = await shop_on(disk, tmp_path, clock)
        assert isinstance(app.store, SqliteStore)
        for nth in range(1, 1000, 7):
            target = tmp_path / f"copy-{nth}.db"
            disk.fault = fault = Fault(kind, nth, error)
            try:
                await app.store.backup(target)
            except Misconfigured as wrong:
                refused.append(wrong.message)
            finally:
                disk.fault = None
            if not fault.refused:
                check_file(target)
                break
        await app.store.close()
    assert len(refused) >= 3
    assert not any("not an error" in each for each in refused)
    if error is apsw.FullError:
        full, left = f"cannot copy {app.store.path}: the disk is full", "the disk may be full or failing"
        assert full in refused
        assert all(each == full or each.endswith(left) for each in refused)


async def test_a_backup_that_the_disk_has_changed_is_detected(tmp_path: Path, clock: Clock) -> None:
    disk = Disk()
    app = await shop_on(disk, tmp_path, clock)
    assert isinstance(app.store, SqliteStore)
    await app.store.backup(tmp_path / "copy.db")
    await app.store.close()
    whole = (tmp_path / "copy.db").read_bytes()
    noticed = 0
    for page in range(0, len(whole), 8192):
        (tmp_path / "copy.db").write_bytes(whole[:page] + b"\xa5" * 8192 + whole[page + 8192 :])
        try:
            check_file(tmp_path / "copy.db")
        except Misconfigured as wrong:
            noticed += "damaged" in wrong.message or "cannot be opened" in wrong.message
    assert noticed == len(whole) // 8192
