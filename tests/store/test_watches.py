"""A watch is current until something that was read through it changes, by this process or another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from stockwright.store.port import ABSENT, Add, Delete, Put, Store, Write
from stockwright.store.sqlite import watches
from stockwright.store.sqlite.engine import SqliteStore
from stockwright.store.sqlite.others import KEYS_MAX
from stockwright.store.sqlite.watches import Watch

pytestmark = pytest.mark.one_engine

ROWS = 5
Reads = Callable[[Store], Awaitable[Any]]


def put(number: int, *, version: int = ABSENT, listed: bool = True, kind: str = "a") -> Put:
    indexes: Any = {"list": ("L", str(number))} if listed else {}
    return Put((f"P#{number}", "X"), {"units": 5, "kind": kind, "open": True}, version, indexes, text=f"item {number}")


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[SqliteStore, SqliteStore]]:
    """A store with five items in a list, and another process's on the same file."""
    stores = SqliteStore(tmp_path / "stockwright.db"), SqliteStore(tmp_path / "stockwright.db")
    await stores[0].commit([put(number) for number in range(ROWS)])
    yield stores
    for store in stores:
        await store.close()


async def watching(store: SqliteStore, reads: Reads) -> Watch:
    watched, watch = store.watched()
    await reads(watched)
    return watch


async def after(pair: tuple[SqliteStore, SqliteStore], reads: Reads, *writes: Write) -> set[bool]:
    """Whether a watch is current after these writes, by the same process and by another one."""
    found = set()
    first, second = pair
    for writer in (first, second):
        watch = await watching(first, reads)
        assert watch.is_current
        await writer.commit(writes)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.look()
        found.add(watch.is_current)
        await writer.commit([_undone(write) for write in writes])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.look()
    return found


def _undone(write: Any) -> Write:
    number = int(write.key[0].partition("#")[2])
    if isinstance(write, Add):
        return Add(write.key, {path: -delta for path, delta in write.deltas.items()})
    if isinstance(write, Delete):
        return put(number)
    return Delete(write.key, 1)


ITEM: Reads = lambda store: store.get([("P#1", "X")])  # noqa: E731
NOTHING: Reads = lambda store: store.get([("P#9", "X")])  # noqa: E731
PAGE: Reads = lambda store: store.query("L", index="list", limit=2)  # noqa: E731
KEYS: Reads = lambda store: store.query("P#1")  # noqa: E731
FILTERED: Reads = lambda store: store.query("L", index="list", where={"kind": "b"})  # noqa: E731
FOUND: Reads = lambda store: store.query("L", index="list", contains=["item 4"])  # noqa: E731


@pytest.mark.parametrize(
    ("reads", "write", "current"),
    [
        (ITEM, Add(("P#1", "X"), {("units",): 1}), False),
        (ITEM, Add(("P#2", "X"), {("units",): 1}), True),
        (ITEM, put(9), True),
        (NOTHING, put(9), False),
        (PAGE, put(9), False),
        (PAGE, put(9, listed=False), True),
        (PAGE, Add(("P#0", "X"), {("units",): 1}), False),
        (PAGE, Add(("P#4", "X"), {("units",): 1}), True),
        (KEYS, Put(("P#1", "Y"), {}, ABSENT), False),
        (KEYS, put(9), True),
        (FILTERED, put(9, kind="b"), False),
        (FILTERED, Add(("P#4", "X"), {("units",): 1}), True),
        (FOUND, put(9), False),
        (FOUND, Add(("P#4", "X"), {("units",): 1}), False),
    ],
)
async def test_a_watch_ends_with_what_was_read_and_with_nothing_else(
    pair: tuple[SqliteStore, SqliteStore], reads: Reads, write: Write, current: bool
) -> None:
    assert await after(pair, reads, write) == {current}


@pytest.mark.parametrize(("number", "current"), [(1, False), (2, False), (3, True)])
async def test_a_page_changes_with_a_removed_row_and_with_the_one_behind_it(
    pair: tuple[SqliteStore, SqliteStore], number: int, current: bool
) -> None:
    first, second = pair
    watch = await watching(first, PAGE)
    await second.commit([Delete((f"P#{number}", "X"), 1)])
    first.look()
    assert watch.is_current is current


async def test_a_list_filtered_by_a_number_or_a_switch_is_not_watched(pair: tuple[SqliteStore, SqliteStore]) -> None:
    watch = await watching(pair[0], lambda store: store.query("L", index="list", where={"open": True}))
    assert not watch.is_current


async def test_what_is_neither_an_item_nor_a_list_is_not_watched(pair: tuple[SqliteStore, SqliteStore]) -> None:
    assert not (await watching(pair[0], lambda store: store.count("L", index="list"))).is_current


async def test_a_watch_ends_where_the_other_process_does_not_say_what_it_changed(
    pair: tuple[SqliteStore, SqliteStore],
) -> None:
    first, second = pair
    watch = await watching(first, ITEM)
    await second.commit([Put((f"Q#{number}", "X"), {}, ABSENT) for number in range(KEYS_MAX + 1)])
    first.look()
    assert not watch.is_current


async def test_an_ended_watch_and_one_of_too_much_leave_nothing_behind(
    pair: tuple[SqliteStore, SqliteStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "NAMES_MAX", 3)
    first, _ = pair
    watched, watch = first.watched()
    await watched.get([("P#1", "X"), ("P#2", "X")])
    assert watch.is_current
    await watched.query("L", index="list")
    assert not watch.is_current
    of_all = watch._watches
    assert of_all.by_name == {}
    kept = await watching(first, ITEM)
    kept.end()
    assert of_all.by_name == {}
