"""What is kept in memory is bounded, and is never older than it may be."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stockwright.base.event import Event
from stockwright.store.port import Item, Page
from stockwright.store.sqlite import cache as kept
from stockwright.store.sqlite.cache import BODY_BYTES_MAX, Kept, Row

EVENT = Event(id="evt_1", name="order.placed", subject="ord_1", at=1, data={})


def row(name: str, size: int) -> Row:
    return Row(Item((name, "X"), 1, {}), size)


def test_the_least_recently_used_entries_are_evicted_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BYTES_MAX", 300)
    monkeypatch.setattr(kept, "ROW_BYTES", 0)
    monkeypatch.setattr(kept, "DECODED", 1)
    all_kept = Kept()
    for name in "abc":
        all_kept.keep((name, "X"), row(name, 100))
    assert all_kept.find(("a", "X")) is not None
    all_kept.keep(("d", "X"), row("d", 100))
    assert [key[0] for key in all_kept.rows] == ["c", "a", "d"]
    assert all_kept.bytes == 300
    all_kept.keep(("a", "X"), row("a", 50))
    assert all_kept.bytes == 250
    assert all_kept.find(("b", "X")) is None


def test_a_large_item_is_not_cached_and_its_older_version_is_removed() -> None:
    all_kept = Kept()
    all_kept.keep(("a", "X"), row("a", 100))
    all_kept.keep(("a", "X"), row("a", BODY_BYTES_MAX + 1))
    assert (all_kept.rows, all_kept.bytes) == ({}, 0)


def test_a_change_invalidates_the_cache_of_its_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PARTITIONS_MAX", 2)
    all_kept = Kept()
    for name in ("a", "b"):
        all_kept.keep_partition(name, Page((), None))
    all_kept.changed([(("a", "X"), row("a", 1))])
    assert list(all_kept.partitions) == ["b"]
    for name in ("c", "d"):
        all_kept.keep_partition(name, Page((), None))
    assert list(all_kept.partitions) == ["d"]


def test_events_are_cached_without_a_gap() -> None:
    all_kept = Kept()
    assert all_kept.events_after(0, 10) is None
    all_kept.add_events([replace(EVENT, position="7"), replace(EVENT, position="8")], [1, 1])
    found = all_kept.events_after(7, 10)
    assert found is not None
    assert [event.position for event in found] == ["8"]
    assert all_kept.events_after(5, 10) is None
    # Somebody else wrote the ninth.
    all_kept.add_events([replace(EVENT, position="10")], [1])
    assert all_kept.events_after(7, 10) is None
    found = all_kept.events_after(9, 10)
    assert found is not None
    assert [event.position for event in found] == ["10"]
    all_kept.clear()
    assert all_kept.events_after(9, 10) is None


def test_small_rows_count_with_their_overhead() -> None:
    all_kept = Kept()
    for number in range(100_000):
        all_kept.keep((f"{number}", "X"), kept.GONE if number % 2 else row(f"{number}", 200))
    assert all_kept.bytes == sum(each.cost for each in all_kept.rows.values()) <= kept.BYTES_MAX
    assert len(all_kept.rows) < 50_000


def test_the_size_of_cached_events_is_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "EVENT_BYTES_MAX", 1000)
    monkeypatch.setattr(kept, "EVENTS_MAX", 20)
    all_kept = Kept()
    for number in range(1, 101):
        all_kept.add_events([replace(EVENT, position=str(number))], [300 if number > 50 else 10])
        assert all_kept.event_bytes == sum(all_kept.event_sizes) <= 1000
        assert len(all_kept.events) == len(all_kept.event_sizes) <= 20
    assert [event.position for event in all_kept.events] == ["98", "99", "100"]


def test_a_large_partition_is_not_cached() -> None:
    all_kept = Kept()
    large = Item(("a", "X"), 1, {"text": "x" * kept.PARTITION_BYTES_MAX})
    all_kept.keep_partition("a", Page((large,), None))
    assert all_kept.partitions == {}
