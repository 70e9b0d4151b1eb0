"""Two processes on one file: each sees what the other commits, and forgets no more than that."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from pathlib import Path

import apsw
import pytest

from stockwright.base.errors import Busy
from stockwright.base.event import Event
from stockwright.store.port import ABSENT, Add, Append, ConditionFailed, Delete, Put, Write
from stockwright.store.sqlite import group_commit, others
from stockwright.store.sqlite.cache import GONE
from stockwright.store.sqlite.engine import SqliteStore
from stockwright.store.sqlite.others import KEPT_COMMITS, KEYS_MAX
from stockwright.store.sqlite.writer_queue import WriterQueue
from tests.patience import PATIENCE_SECONDS
from tests.proving import SEED
from tests.store.test_sqlite import Gate

ONE, TWO, NONE = ("P#1", "STOCK"), ("P#2", "STOCK"), ("P#3", "STOCK")
NUMBERS = itertools.count()
"""For the ids of events."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stockwright.db"


async def pair(path: Path) -> tuple[SqliteStore, SqliteStore]:
    """Two stores on one file, of which the first has read everything there is."""
    first, second = SqliteStore(path), SqliteStore(path)
    await first.commit([Put(ONE, {"units": 5}, ABSENT), Put(TWO, {"units": 7}, ABSENT)])
    await first.get([ONE, TWO, NONE])
    await first.query("P#1")
    await first.query("P#2")
    return first, second


async def turn() -> None:
    """Let a turn of the loop pass: in each of them others are looked for once."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_what_another_process_changed_is_read_again_and_the_rest_stays_in_the_cache(path: Path) -> None:
    first, second = await pair(path)
    kept = (await first.get([TWO]))[TWO]
    page = await first.query("P#2")
    await second.commit([Add(ONE, {("units",): -1}), Put(NONE, {"units": 1}, ABSENT)])
    await turn()
    found = await first.get([ONE, TWO, NONE])
    assert {key: item.body["units"] for key, item in found.items()} == {ONE: 4, TWO: 7, NONE: 1}
    assert found[TWO] is kept
    assert await first.query("P#2") is page
    assert [item.body for item in (await first.query("P#1")).items] == [{"units": 4}]
    await second.commit([Delete(ONE, 2)])
    await turn()
    assert ONE not in await first.get([ONE])
    for each in (first, second):
        await each.close()


async def test_a_commit_is_decided_on_what_another_process_has_just_committed(path: Path) -> None:
    first, second = await pair(path)
    await second.commit([Add(ONE, {("units",): -5}, {("units",): 0})])
    with pytest.raises(Exception, match="condition failed"):
        await first.commit([Add(ONE, {("units",): -1}, {("units",): 0})])
    for each in (first, second):
        await each.close()


@pytest.mark.parametrize("commits", [KEPT_COMMITS - 60, KEPT_COMMITS + 60])
async def test_who_was_away_for_long_finds_everything_as_it_is(path: Path, commits: int) -> None:
    first, second = await pair(path)
    for _ in range(commits):
        await second.commit([Add(ONE, {("units",): 1})])
    await turn()
    assert (await first.get([ONE]))[ONE].body == {"units": 5 + commits}
    noted = first._reader.execute("SELECT count(*) FROM changed").get
    assert noted <= KEPT_COMMITS + 32
    for each in (first, second):
        await each.close()


async def test_a_commit_of_very_many_items_is_noted_as_one_that_changed_everything(path: Path) -> None:
    first, second = await pair(path)
    many = [Put((f"M#{number}", "A"), {}, ABSENT) for number in range(KEYS_MAX)]
    await second.commit([*many, Add(ONE, {("units",): 1})])
    await turn()
    assert (await first.get([ONE]))[ONE].body == {"units": 6}
    for each in (first, second):
        await each.close()


async def test_events_that_another_process_removed_are_not_read_any_more(path: Path) -> None:
    first, second = await pair(path)
    for number in range(20):
        await second.commit([Append(Event(f"evt_{number}", "stock.changed", "P#1", number))])
    await turn()
    assert len(await first.tail()) == 20
    cached = (await first.get([ONE]))[ONE]
    assert await second.trim("10", limit=5) == 5
    await turn()
    assert [event.id for event in await first.tail()] == [f"evt_{number}" for number in range(5, 20)]
    assert (await first.get([ONE]))[ONE] is cached
    for each in (first, second):
        await each.close()


async def test_our_own_commit_that_was_trimmed_before_we_know_of_it_is_not_cached(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others, "KEPT_COMMITS", 4)
    monkeypatch.setattr(others, "TRIMMED_EVERY", 2)
    first, second = await pair(path)
    first._commits.thread = gate = Gate()
    ours = asyncio.create_task(first.commit([Add(ONE, {("units",): -1})]))
    await asyncio.to_thread(gate.written.wait, 10)
    for _ in range(10):
        await second.commit(
            [Add(ONE, {("units",): -1}), Append(Event(f"evt_{next(NUMBERS)}", "stock.changed", "P#1", 1))]
        )
    await turn()
    assert (await first.get([ONE]))[ONE].body == {"units": -6}
    gate.opened.set()
    await ours
    await turn()
    assert (await first.get([ONE]))[ONE].body == {"units": -6}
    assert len(await first.tail()) == 10
    await first.commit([Add(ONE, {("units",): -1})])
    assert (await second.get([ONE]))[ONE].body == {"units": -7}
    for each in (first, second):
        await each.close()


@pytest.mark.parametrize("seed", range(SEED, SEED + 6))
async def test_after_any_number_of_commits_of_others_what_is_read_is_what_the_file_has(
    path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Three processes; who reads was away for 0 to 30 commits, of which the newest 6 to 8 are noted."""
    monkeypatch.setattr(others, "KEPT_COMMITS", 6)
    monkeypatch.setattr(others, "TRIMMED_EVERY", 2)
    monkeypatch.setattr(others, "KEYS_MAX", 5)
    dice = random.Random(seed)
    stores = [SqliteStore(path) for _ in range(3)]
    keys = [(f"P#{number // 3}", f"PART#{number % 3}") for number in range(12)]
    file = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)

    def stored(key: tuple[str, str]) -> tuple[int, int] | None:
        row = file.execute("SELECT version, body ->> 'units' FROM item WHERE pk=? AND sk=?", key).fetchone()
        return (row[0], row[1]) if row else None

    async def change(store: SqliteStore) -> None:
        match dice.randrange(10):
            case 0:
                newest = file.execute("SELECT coalesce(max(position), 0) FROM event").get
                await store.trim(str(max(0, newest - dice.randrange(20))), limit=dice.choice((1, 100)))
            case 1 | 2:
                await store.commit([Append(Event(f"evt_{next(NUMBERS)}", "stock.changed", "P#1", 1))])
            case _:
                writes: list[Write] = []
                for key in dice.sample(keys, dice.choice((1, 1, 2, 6))):
                    found = stored(key)
                    version = found[0] if found else ABSENT
                    gone = found is not None and dice.random() < 0.2
                    writes.append(Delete(key, version) if gone else Put(key, {"units": dice.randrange(99)}, version))
                await store.commit(writes)

    for _ in range(60):
        for _ in range(dice.randrange(30)):
            await change(dice.choice(stores))
        reader = dice.choice(stores)
        await turn()
        chosen = dice.sample(keys, 5)
        read = await reader.get(chosen)
        assert {key: (item.version, item.body["units"]) for key, item in read.items()} == {
            key: found for key in chosen if (found := stored(key)) is not None
        }
        partition = f"P#{dice.randrange(4)}"
        page = await reader.query(partition)
        assert [item.key for item in page.items] == [key for key in keys if key[0] == partition and stored(key)]
        newest = file.execute("SELECT coalesce(max(position), 0) FROM event").get
        after = max(0, newest - dice.randrange(40))
        positions = file.execute("SELECT position FROM event WHERE position>? ORDER BY position", (after,))
        expected = [str(position) for (position,) in positions]
        assert [event.position for event in await reader.tail(str(after), limit=10_000)] == expected
    file.close()
    for store in stores:
        await store.close()


async def test_events_of_two_processes_are_one_log_for_both(path: Path) -> None:
    first, second = await pair(path)
    for number in range(40):
        store = (first, second)[number % 3 > 0]
        await store.commit([Append(Event(f"evt_{number}", "stock.changed", "P#1", number))])
    await turn()
    expected = [f"evt_{number}" for number in range(40)]
    for store in (first, second):
        assert [event.id for event in await store.tail()] == expected
        assert [event.id for event in await store.tail("30")] == expected[30:]
        await store.close()


async def test_who_waits_for_events_is_woken_by_those_of_another_process(path: Path) -> None:
    first, second = await pair(path)
    waiting = asyncio.create_task(first.tail(wait_seconds=PATIENCE_SECONDS))
    await asyncio.sleep(0.01)
    await second.commit([Append(Event("evt_1", "stock.changed", "P#1", 1))])
    assert [event.id for event in await waiting] == ["evt_1"]
    for each in (first, second):
        await each.close()


async def test_two_processes_that_write_all_the_time_lose_nothing(path: Path) -> None:
    first, second = await pair(path)

    async def write(store: SqliteStore) -> None:
        for _ in range(60):
            await store.commit([Add(ONE, {("units",): 1}), Add(TWO, {("units",): -1})])

    await asyncio.gather(*(write(store) for store in (first, second) for _ in range(3)))
    await turn()
    for store in (first, second):
        found = await store.get([ONE, TWO])
        assert (found[ONE].body["units"], found[TWO].body["units"]) == (365, -353)
        await store.close()


async def test_what_another_process_was_answered_is_read_though_our_own_commit_is_not_known_of_yet(path: Path) -> None:
    first, second = await pair(path)
    first._commits.thread = gate = Gate()
    ours = asyncio.create_task(first.commit([Add(ONE, {("units",): -1}), Add(NONE, {})]))
    with pytest.raises(ConditionFailed):
        await ours
    ours = asyncio.create_task(first.commit([Add(ONE, {("units",): -1})]))
    await asyncio.to_thread(gate.written.wait, 10)
    await second.commit([Add(ONE, {("units",): -1}), Add(TWO, {("units",): 1})])
    await turn()
    found = await first.get([ONE, TWO])
    assert (found[ONE].body["units"], found[TWO].body["units"]) == (3, 8)
    gate.opened.set()
    await ours
    found = await first.get([ONE, TWO])
    assert (found[ONE].body["units"], found[TWO].body["units"]) == (3, 8)
    for each in (first, second):
        await each.close()


async def test_our_own_commit_that_a_reader_finds_first_stays_in_the_cache(path: Path) -> None:
    first, second = await pair(path)
    await first.commit([Append(Event("evt_1", "stock.changed", "P#1", 1))])
    first._commits.thread = gate = Gate()
    event = Event("evt_2", "stock.changed", "P#1", 2)
    ours = asyncio.create_task(first.commit([Add(ONE, {("units",): -1}), Delete(TWO, 1), Append(event)]))
    await asyncio.to_thread(gate.written.wait, 10)
    await turn()
    assert [each.id for each in await first.tail("1")] == ["evt_2"]
    # Neither is read from the file again.
    assert first._cache.rows[ONE].item.body == {"units": 4}
    assert first._cache.rows[TWO] is GONE
    assert first._cache.events[-1].data is event.data
    gate.opened.set()
    await ours
    await second.commit([Add(ONE, {("units",): -1})])
    await turn()
    assert (await first.get([ONE, TWO])).keys() == {ONE}
    assert (await first.get([ONE]))[ONE].body == {"units": 3}
    for each in (first, second):
        await each.close()


async def test_a_log_that_our_own_commit_starts_again_leaves_the_cache_alone(path: Path) -> None:
    first, second = await pair(path)
    await first.get([ONE])
    # To a reader that looks while it is being written, it is a change that nobody has noted.
    first._reading._others.expect(99, lambda: None)
    first._reading._catch_up()
    assert ONE in first._cache.rows
    first._reading._others.failed()
    # Where nothing of ours is under way, somebody has written past us.
    first._reading._catch_up()
    assert ONE not in first._cache.rows
    for each in (first, second):
        await each.close()


async def test_a_commit_that_failed_is_taken_for_no_later_one_of_its_number(path: Path) -> None:
    first, second = await pair(path)
    first._commits.thread.shutdown()
    with pytest.raises(Exception, match="shutdown"):
        await first.commit([Add(ONE, {("units",): 100})])
    await second.commit([Add(ONE, {("units",): 1})])
    await turn()
    assert (await first.get([ONE]))[ONE].body == {"units": 6}
    for each in (first, second):
        await each.close()


def test_who_waits_for_the_write_lock_is_before_who_comes_later(path: Path) -> None:
    connections = [apsw.Connection(str(path)) for _ in range(3)]
    connections[0].execute("PRAGMA journal_mode=WAL; CREATE TABLE item (a)").fetchall()
    queues = [WriterQueue(path) for _ in range(3)]
    assert queues[0].begin_at_once(connections[0])
    waiting = threading.Thread(target=queues[1].begin, args=(connections[1], PATIENCE_SECONDS, threading.Event()))
    waiting.start()
    while queues[2].begin_at_once(connections[2]) or queues[2]._take():
        queues[2]._give_up()
    connections[0].execute("COMMIT")
    waiting.join()
    assert connections[1].in_transaction
    assert not queues[2].begin_at_once(connections[2])
    for connection, queue in zip(connections, queues, strict=True):
        connection.close()
        queue.close()


async def test_a_writer_that_stands_still_makes_others_busy_for_a_while_only(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "LOCK_WAIT_SECONDS", 0.05)
    first, second = await pair(path)
    assert second._queue._take()
    with pytest.raises(Busy):
        await first.commit([Add(ONE, {("units",): 1})])
    second._queue._give_up()
    await first.commit([Add(ONE, {("units",): 1})])
    assert (await first.get([ONE]))[ONE].body == {"units": 6}
    for each in (first, second):
        await each.close()
