"""The cache has a limit, and never answers with outdated items."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stockwright.base.event import Event
from stockwright.store.port import Item, Page
from stockwright.store.sqlite import cache
from stockwright.store.sqlite.cache import BODY_BYTES_MAX, Cache, Row

EVENT = Event(id="evt_1", name="order.placed", subject="ord_1", at=1, data={})


def row(name: str, size: int) -> Row:
    return Row(Item((name, "X"), 1, {}), size)


def test_the_least_recently_used_entries_are_evicted_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "BYTES_MAX", 300)
    monkeypatch.setattr(cache, "ROW_BYTES", 0)
    monkeypatch.setattr(cache, "DECODED", 1)
    cached = Cache()
    for name in "abc":
        cached.put((name, "X"), row(name, 100))
    assert cached.find(("a", "X")) is not None
    cached.put(("d", "X"), row("d", 100))
    assert [key[0] for key in cached.rows] == ["c", "a", "d"]
    assert cached.bytes == 300
    cached.put(("a", "X"), row("a", 50))
    assert cached.bytes == 250
    assert cached.find(("b", "X")) is None


def test_what_is_written_and_not_read_goes_a_half_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "WRITTEN_MAX", 3)
    cached = Cache()
    cached.put(("r", "X"), row("r", 10))
    cached.changed({(name, "X"): row(name, 10) for name in "abcd"}, ())
    assert cached.find(("b", "X")) is not None
    cached.changed({(name, "X"): row(name, 10) for name in "brefg"}, ())
    found = {name for name in "abcdefgr" if cached.look_up((name, "X"))}
    assert found == set("bdefgr")
    assert set(cached.rows) == {("r", "X"), ("b", "X")}
    assert cached.bytes == sum(each.cost for each in cached.rows.values())


def test_a_row_is_never_kept_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "WRITTEN_MAX", 2)
    cached = Cache()
    for size, names in enumerate(("ab", "bc", "ac", "cd", "ba"), 1):
        cached.changed({(name, "X"): row(name, size) for name in names}, ())
        for name in names:
            kept = [
                each[(name, "X")].bytes for each in (cached.rows, cached.written, cached.former) if (name, "X") in each
            ]
            assert kept == [size]
        cached.find((names[0], "X"))
    cached.forget([("a", "X"), ("c", "X")])
    assert cached.look_up(("a", "X")) is cached.look_up(("c", "X")) is None
    cached.changed({("d", "X"): row("d", BODY_BYTES_MAX + 1)}, ())
    assert cached.look_up(("d", "X")) is None


def test_a_large_item_is_not_cached_and_its_older_version_is_removed() -> None:
    cached = Cache()
    cached.put(("a", "X"), row("a", 100))
    cached.put(("a", "X"), row("a", BODY_BYTES_MAX + 1))
    assert (cached.rows, cached.bytes) == ({}, 0)


def test_a_change_invalidates_the_cache_of_its_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "PARTITIONS_MAX", 2)
    cached = Cache()
    for name in ("a", "b"):
        cached.put_partition(name, Page((), None))
    cached.changed({("a", "X"): row("a", 1)}, ())
    assert list(cached.partitions) == ["b"]
    for name in ("c", "d"):
        cached.put_partition(name, Page((), None))
    assert list(cached.partitions) == ["d"]


def test_events_are_cached_without_a_gap() -> None:
    cached = Cache()
    assert cached.events_after(0, 10) is None
    cached.add_events([replace(EVENT, position="7"), replace(EVENT, position="8")], [1, 1])
    found = cached.events_after(7, 10)
    assert found is not None
    assert [event.position for event in found] == ["8"]
    assert cached.events_after(5, 10) is None
    # Somebody else wrote the ninth.
    cached.add_events([replace(EVENT, position="10")], [1])
    assert cached.events_after(7, 10) is None
    found = cached.events_after(9, 10)
    assert found is not None
    assert [event.position for event in found] == ["10"]
    cached.clear()
    assert cached.events_after(9, 10) is None


def test_small_rows_count_with_their_overhead() -> None:
    cached = Cache()
    for number in range(100_000):
        cached.put((f"{number}", "X"), cache.GONE if number % 2 else row(f"{number}", 200))
    assert cached.bytes == sum(each.cost for each in cached.rows.values()) <= cache.BYTES_MAX
    assert len(cached.rows) < 50_000


def test_the_size_of_cached_events_is_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "EVENT_BYTES_MAX", 1000)
    monkeypatch.setattr(cache, "EVENTS_MAX", 20)
    cached = Cache()
    for number in range(1, 101):
        cached.add_events([replace(EVENT, position=str(number))], [300 if number > 50 else 10])
        assert cached.event_bytes == sum(cached.event_sizes) <= 1000
        assert len(cached.events) == len(cached.event_sizes) <= 20
    assert [event.position for event in cached.events] == ["98", "99", "100"]


def test_a_large_partition_is_not_cached() -> None:
    cached = Cache()
    large = Item(("a", "X"), 1, {"text": "x" * cache.PARTITION_BYTES_MAX})
    cached.put_partition("a", Page((large,), None))
    assert cached.partitions == {}
