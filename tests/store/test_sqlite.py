"""What only the embedded engine promises: one file, synced before it is answered, shared with other processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from stockwright.base.errors import Busy, Misconfigured
from stockwright.base.event import Event
from stockwright.store.faults import EngineFailed
from stockwright.store.migrations.sqlite import FileUpgrade
from stockwright.store.port import ABSENT, Add, Append, ConditionFailed, Delete, Put
from stockwright.store.sqlite import letters
from stockwright.store.sqlite.engine import SqliteStore
from stockwright.store.sqlite.group_commit import QUEUE_MAX
from tests.proving import MEMORY

if TYPE_CHECKING:
    from stockwright.store.port import IndexName, Key

KEY = ("P#1", "STOCK")
UNITS = ("units",)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stockwright.db"


async def test_files_that_others_could_read_get_owner_only_permissions(path: Path) -> None:
    store = SqliteStore(path)
    await store.commit([Put(KEY, {"units": 5}, ABSENT)])
    for each in path.parent.iterdir():
        each.chmod(0o644)
    again = SqliteStore(path)
    assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}
    assert (await again.get([KEY]))[KEY].body == {"units": 5}
    for each in (store, again):
        await each.close()


async def test_written_items_are_there_after_reopening_the_file(path: Path) -> None:
    store = SqliteStore(path)
    await store.commit([Put(KEY, {"units": 5}, ABSENT)])
    await store.close()
    again = SqliteStore(path)
    assert (await again.get([KEY]))[KEY].body == {"units": 5}
    await again.close()


async def test_the_log_is_synced_before_any_answer(path: Path) -> None:
    store = SqliteStore(path)
    writer = store._writer
    assert writer.pragma("journal_mode") == "wal"
    assert writer.pragma("synchronous") == 2  # FULL
    await store.close()


async def test_the_log_is_checkpointed_during_writes(path: Path) -> None:
    store = SqliteStore(path)
    store._commits.log_pages_max = 50
    log = path.with_name(path.name + "-wal")
    for number in range(300):
        await store.commit([Put((f"P#{number}", "STOCK"), {"filling": "x" * 5000}, ABSENT)])
    assert log.stat().st_size < 100 * 8300
    await store.close()


class Gate(ThreadPoolExecutor):
    """Lets a COMMIT stand in the file and keeps the news of it back until it is opened."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.written, self.opened = threading.Event(), threading.Event()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        def run() -> Any:
            result = fn(*args, **kwargs)
            self.written.set()
            assert self.opened.wait(10)
            return result

        return super().submit(run)


async def test_events_items_and_lists_show_the_same_moment(path: Path) -> None:
    store = SqliteStore(path)
    store._commits.thread = gate = Gate()
    event = Event(id="evt_1", name="order.placed", subject="ORDER#1", at=1, data={})
    indexes: dict[IndexName, tuple[str, str]] = {"list": ("ORDERS", "1")}
    key: Key = ("ORDER#1", "ORDER")
    committed = asyncio.create_task(store.commit([Put(key, {"total": 5}, ABSENT, indexes), Append(event)]))
    await asyncio.to_thread(gate.written.wait, 10)

    async def counts() -> tuple[int, int, int, int]:
        return (
            len(await store.tail()),
            len(await store.get([key])),
            len((await store.query("ORDERS", index="list")).items),
            len((await store.query("ORDER#1")).items),
        )

    # The COMMIT is in the file: another process may build on it and be answered.
    assert await counts() == (1, 1, 1, 1)
    gate.opened.set()
    await committed
    assert await counts() == (1, 1, 1, 1)
    await store.close()


async def test_a_second_process_s_writes_are_seen_at_once(path: Path) -> None:
    server, command = SqliteStore(path), SqliteStore(path)
    await server.commit([Put(KEY, {"units": 5}, ABSENT)])
    await server.commit([Add(KEY, {UNITS: 1})])

    await command.commit([Add(KEY, {UNITS: -6}, {UNITS: 0})])

    assert (await server.get([KEY]))[KEY].body == {"units": 0}
    with pytest.raises(ConditionFailed):
        await server.commit([Add(KEY, {UNITS: -1}, {UNITS: 0})])
    await asyncio.gather(
        *[server.commit([Add(KEY, {UNITS: 1})]) for _ in range(50)],
        *[command.commit([Add(KEY, {UNITS: 1})]) for _ in range(50)],
    )
    assert (await server.get([KEY]))[KEY].body == {"units": 100}
    await server.close()
    await command.close()


@pytest.mark.parametrize("read", ["log", "list", "item"])
async def test_a_reader_that_saw_a_write_of_another_process_reads_nothing_older(path: Path, read: str) -> None:
    store, other = SqliteStore(path), ("P#2", "STOCK")
    added = Event("evt_2", "stock.changed", "P#1", 1)
    await store.commit([Put(KEY, {"units": 5}, ABSENT), Append(replace(added, id="evt_1"))])
    await asyncio.sleep(0)
    # All of this is one turn of the loop: nothing is looked for at its second read.
    assert (await store.get([KEY]))[KEY].body == {"units": 5}
    second = apsw.Connection(str(path))
    with second:
        second.execute("UPDATE item SET version=version+1, body=? WHERE pk=?", (b'{"units": 4}', KEY[0]))
        second.execute("INSERT INTO item (pk, sk, version, body) VALUES (?, ?, 1, ?)", (*other, b'{"units": 1}'))
        second.execute("INSERT INTO event (body) SELECT replace(body, 'evt_1', 'evt_2') FROM event")
    second.close()
    if read == "log":
        assert [event.id for event in await store.tail(reverse=True, limit=1)] == ["evt_2"]
    elif read == "list":
        assert [item.body for item in (await store.query(other[0])).items] == [{"units": 1}]
    keys = [KEY, other] if read == "item" else [KEY]
    assert {key: item.body["units"] for key, item in (await store.get(keys)).items()} == dict(
        zip(keys, [4, 1], strict=False)
    )
    await store.close()


async def test_a_full_queue_says_busy_and_writes_nothing(path: Path) -> None:
    store = SqliteStore(path)
    tasks = [
        asyncio.create_task(store.commit([Put((f"P#{number}", "A"), {}, ABSENT)])) for number in range(QUEUE_MAX + 50)
    ]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    busy = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Busy)]
    assert len(busy) == 50
    assert await store.get([(f"P#{number}", "A") for number in busy]) == {}
    assert len(await store.get([(f"P#{number}", "A") for number in range(QUEUE_MAX + 50)])) == QUEUE_MAX
    await store.close()


async def test_a_cancelled_caller_does_not_cancel_others(path: Path) -> None:
    store = SqliteStore(path)
    tasks = [asyncio.create_task(store.commit([Put((f"P#{number}", "A"), {}, ABSENT)])) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(await store.get([(f"P#{number}", "A") for number in range(1, 20, 2)])) == 10
    await store.close()


async def test_a_commit_that_the_disk_refuses_stores_nothing_and_the_next_one_works(path: Path) -> None:
    store = SqliteStore(path)
    await store.commit([Put(KEY, {"units": 5}, ABSENT)])
    writer = store._writer
    pages = writer.pragma("page_count")
    writer.pragma("max_page_count", pages + 1)

    with pytest.raises(EngineFailed, match="full"):
        await store.commit([Add(KEY, {UNITS: -1}), Put(("BIG", "A"), {"text": "x" * 200_000}, ABSENT)])

    assert (await store.get([KEY]))[KEY].body == {"units": 5}
    writer.pragma("max_page_count", 1_000_000)
    await store.commit([Add(KEY, {UNITS: -5}, {UNITS: 0})])
    assert (await store.get([KEY]))[KEY].body == {"units": 0}
    await store.close()


async def test_a_commit_after_closing_is_refused(path: Path) -> None:
    store = SqliteStore(path)
    await store.close()
    with pytest.raises(Busy):
        await store.commit([Put(KEY, {}, ABSENT)])


def test_a_file_that_is_not_ours_is_refused_in_one_line(path: Path) -> None:
    path.write_bytes(b"these are not the bytes of a database at all" * 100)
    with pytest.raises(Misconfigured, match="not a Stockwright store"):
        SqliteStore(path)


def test_a_newer_file_is_refused_in_one_line(path: Path) -> None:
    made = apsw.Connection(str(path))
    made.execute("CREATE TABLE item (a); PRAGMA user_version=99")
    made.close()
    with pytest.raises(Misconfigured, match="data format 99"):
        SqliteStore(path)


def test_a_missing_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot open"):
        SqliteStore(tmp_path / "nowhere" / "stockwright.db")


def test_a_folder_in_the_place_of_the_data_file_is_refused_in_one_line(path: Path) -> None:
    path.with_name(f"{path.name}-wal").mkdir()
    with pytest.raises(Misconfigured, match="cannot open"):
        SqliteStore(path)


async def test_a_backup_is_of_one_moment_during_writes(path: Path, tmp_path: Path) -> None:
    store = SqliteStore(path)
    other = ("P#2", "STOCK")
    await store.commit([Put(KEY, {"units": 1000}, ABSENT), Put(other, {"units": 0}, ABSENT)])
    stop = asyncio.Event()

    async def move() -> None:
        while not stop.is_set():
            await store.commit([Add(KEY, {UNITS: -1}), Add(other, {UNITS: 1})])

    moving = asyncio.create_task(move())
    await asyncio.sleep(0.05)
    await store.backup(tmp_path / "copy.db")
    stop.set()
    await moving
    await store.close()

    copy = SqliteStore(tmp_path / "copy.db")
    found = await copy.get([KEY, other])
    assert found[KEY].body["units"] + found[other].body["units"] == 1000
    assert found[other].body["units"] > 0
    await copy.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from stockwright.store.port import ABSENT, Add, Put
from stockwright.store.sqlite.engine import SqliteStore

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    async def client(number):
        turn = 0
        while True:
            key = (f"ORDER#{sys.argv[2]}-{number}-{turn}", "ORDER")
            await store.commit([Put(key, {}, ABSENT), Add(("P#1", "STOCK"), {("units",): 1})])
            sys.stdout.write(key[0] + "\\n")
            sys.stdout.flush()
            turn += 1
    await asyncio.gather(*[client(number) for number in range(16)])

asyncio.run(main())
"""


def killed_under_load(path: Path) -> list[str]:
    """Start a writer and kill it, three times; returns everything that it acknowledged."""
    acknowledged: list[str] = []
    for life in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(life)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(200)]
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        acknowledged += lines + [line for line in rest[:-1] if line]
        process.stdout.close()
        process.wait()
    return acknowledged


async def test_acknowledged_commits_survive_a_kill(path: Path) -> None:
    store = SqliteStore(path)
    await store.commit([Put(KEY, {"units": 0}, ABSENT)])
    await store.close()

    acknowledged = await asyncio.to_thread(killed_under_load, path)

    store = SqliteStore(path)
    assert store._writer.pragma("integrity_check") == "ok"
    stored = await store.get([(name, "ORDER") for name in acknowledged])
    assert len(stored) == len(acknowledged) >= 600
    # Each order came with its unit: the count shows that no batch was stored in part.
    orders = store._reader.execute("SELECT count(*) FROM item WHERE sk='ORDER'").fetchall()[0][0]
    assert (await store.get([KEY]))[KEY].body == {"units": orders}
    await store.close()


async def test_only_what_is_past_its_ttl_is_purged(path: Path) -> None:
    """DynamoDB does this by itself."""
    store = SqliteStore(path)
    await store.commit(
        [
            Put(("R#1", "A"), {}, ABSENT, ttl=100),
            Put(("R#2", "A"), {}, ABSENT, ttl=200),
            Put(("R#3", "A"), {}, ABSENT),
        ]
    )

    assert await store.purge(150) == 1
    assert set(await store.get([("R#1", "A"), ("R#2", "A"), ("R#3", "A")])) == {("R#2", "A"), ("R#3", "A")}
    await store.close()


async def test_values_that_cannot_be_encoded_are_refused_and_the_next_commit_works(path: Path) -> None:
    store = SqliteStore(path)
    with pytest.raises(TypeError):
        await store.commit([Put(KEY, {"units": object()}, ABSENT)])
    await store.commit([Put(KEY, {"units": 5}, ABSENT)])
    assert (await store.get([KEY]))[KEY].body == {"units": 5}
    await store.close()
    await store.close()


async def test_a_stop_while_the_file_is_locked_raises_and_stores_nothing(path: Path) -> None:
    store, other = SqliteStore(path), apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.create_task(store.commit([Put((f"P#{number}", "STOCK"), {}, ABSENT)])) for number in range(2)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    assert store._commits.flusher is not None
    store._commits.flusher.cancel()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(ended[0], asyncio.CancelledError)
    assert isinstance(ended[1], Busy)
    other.execute("ROLLBACK")
    other.close()
    assert await store.get([("P#0", "STOCK"), ("P#1", "STOCK")]) == {}
    await store.commit([Put(KEY, {}, ABSENT)])
    await store.close()


# ---- searching -------------------------------------------------------------------------------

# Few letters, so that much is found.
TEXTS = st.text(alphabet='ab"', max_size=8)
STEPS = st.lists(st.tuples(st.integers(0, 5), st.none() | TEXTS), max_size=20)


@pytest.mark.parametrize("rare", [0, 3, 1000], ids=["along the list", "either way", "by letters"])
@given(steps=STEPS, wanted=st.lists(TEXTS.filter(bool), min_size=1, max_size=3))
@example(steps=[(1, "ab\0cdef")], wanted=["cde"])
@example(steps=[(1, "ab\0cdef")], wanted=["b\0c"])
@example(steps=[(1, "100 % å_b*"), (2, "100 x åxbb")], wanted=["% å_b*"])
@example(steps=[(1, "straße\nß-12"), (2, "strasse\nss-12")], wanted=["ße\nß", "12"])
def test_a_search_finds_the_same_items_with_and_without_the_index(
    rare: int, steps: list[tuple[int, str | None]], wanted: list[str]
) -> None:
    """Also after a text was changed, or its item taken away (None) and written again."""

    async def search(path: Path) -> None:
        store = SqliteStore(path)
        texts: dict[int, str] = {}
        for number, text in steps:
            key = (f"P#{number}", "-")
            found = (await store.get([key])).get(key)
            version = ABSENT if found is None else found.version
            if text is not None:
                entry: dict[IndexName, tuple[str, str]] = {"list": ("GOODS", str(number))}
                await store.commit([Put(key, {"n": number}, version, entry, text)])
                texts[number] = text
            elif found is not None:
                await store.commit([Delete(key, version)])
                del texts[number]
        page = await store.query("GOODS", index="list", contains=wanted)
        await store.close()
        assert [item.body["n"] for item in page.items] == sorted(
            n for n, text in texts.items() if all(each in text for each in wanted)
        )

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(letters, "RARE_MAX", rare)
        asyncio.run(search(Path(folder) / "stockwright.db"))


async def test_a_file_without_a_search_index_gets_one_when_it_is_upgraded(path: Path) -> None:
    store = SqliteStore(path)
    chair: dict[IndexName, tuple[str, str]] = {"list": ("GOODS", "1")}
    await store.commit([Put(KEY, {}, ABSENT, chair, "oak chair")])
    await store.close()
    before = apsw.Connection(str(path))
    for trigger in ("search_added", "search_removed", "search_changed"):
        before.execute(f"DROP TRIGGER {trigger}")
    before.execute("DROP TABLE searched; DROP TABLE searched_text; DROP INDEX item_text; PRAGMA user_version=1")
    before.close()

    with closing(FileUpgrade(path)) as upgrade:
        upgrade.step()
    again = SqliteStore(path)

    page = await again.query("GOODS", index="list", contains=["oak"])
    assert [item.key for item in page.items] == [KEY]
    await again.close()


async def test_on_macos_the_data_is_flushed_from_the_cache_of_the_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "stockwright.db")
    try:
        settings = [store._writer.pragma(name) for name in ("synchronous", "fullfsync", "checkpoint_fullfsync")]
        assert settings == [2, 1, 1]
    finally:
        await store.close()


async def test_the_page_cache_of_connections_is_small(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "stockwright.db")
    try:
        for connection in (store._writer, store._reader):
            assert -16 * 1024 <= connection.pragma("cache_size") < 0, "KiB, not pages"
            assert connection.pragma("mmap_size") <= 64 * 1024 * 1024
    finally:
        await store.close()
