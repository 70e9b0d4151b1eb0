"""What every engine must do. A second engine joins by one more entry in `ALL_ENGINES` (tests/engines.py)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import Busy
from stockwright.base.event import Event
from stockwright.store.dynamodb import lease
from stockwright.store.port import (
    ABSENT,
    EXAMINED_MAX,
    Add,
    Append,
    Check,
    ConditionFailed,
    Decision,
    Delete,
    Item,
    Page,
    Put,
    Store,
    Write,
)
from tests.patience import PATIENCE_SECONDS

LEVEL = ("levels", "shelf", "available")


def level(units: int) -> dict[str, object]:
    return {"levels": {"shelf": {"available": units, "reserved": 0}}}


def event(number: int) -> Event:
    return Event(id=f"evt_{number}", name="thing.done", subject="thing", at=number, data={"n": number})


async def test_a_stored_item_is_read_with_its_version(store: Store) -> None:
    await store.commit([Put(("P#1", "A"), {"name": "chair", "tags": ["a", "b"]}, ABSENT)])

    found = await store.get([("P#1", "A"), ("P#1", "B")])

    assert list(found) == [("P#1", "A")]
    assert found["P#1", "A"].version == 1
    assert found["P#1", "A"].body == {"name": "chair", "tags": ["a", "b"]}


async def test_many_keys_are_read_in_one_call(store: Store) -> None:
    keys = [(f"P#{number}", "A") for number in range(1000)]
    for start in range(0, 1000, 50):
        await store.commit([Put(key, {"n": key[0]}, ABSENT) for key in keys[start : start + 50]])

    found = await store.get([*keys, ("P#none", "A")])

    assert set(found) == set(keys)


async def test_a_put_that_expects_absence_is_refused_if_the_item_exists(store: Store) -> None:
    await store.commit([Put(("P#1", "A"), {"n": 1}, ABSENT)])

    with pytest.raises(ConditionFailed) as refused:
        await store.commit([Put(("P#2", "A"), {"n": 2}, ABSENT), Put(("P#1", "A"), {"n": 2}, ABSENT)])

    assert refused.value.positions == (1,)
    found = await store.get([("P#1", "A"), ("P#2", "A")])
    assert list(found) == [("P#1", "A")]
    assert found["P#1", "A"].body == {"n": 1}


async def test_every_write_raises_the_version_by_one(store: Store) -> None:
    key = ("P#1", "A")
    await store.commit([Put(key, level(5), ABSENT)])
    await store.commit([Add(key, {LEVEL: 1})])
    await store.commit([Put(key, level(9), 2)])

    assert (await store.get([key]))[key].version == 3


@pytest.mark.parametrize("write", [Put(("P#1", "A"), {}, 7), Check(("P#1", "A"), 7), Delete(("P#1", "A"), 7)])
async def test_a_wrong_version_is_refused_and_changes_nothing(store: Store, write: Put | Check | Delete) -> None:
    await store.commit([Put(("P#1", "A"), {"n": 1}, ABSENT)])

    with pytest.raises(ConditionFailed) as refused:
        await store.commit([write, Put(("P#2", "A"), {}, ABSENT), Append(event(1))])

    assert refused.value.positions == (0,)
    assert (await store.get([("P#1", "A")]))["P#1", "A"].body == {"n": 1}
    assert await store.get([("P#2", "A")]) == {}
    assert await store.tail() == []


async def test_a_check_requires_a_version_and_writes_nothing(store: Store) -> None:
    await store.commit([Put(("P#1", "A"), {"n": 1}, ABSENT)])
    await store.commit([Check(("P#1", "A"), 1), Check(("P#9", "A"), ABSENT), Put(("P#2", "A"), {}, ABSENT)])

    found = await store.get([("P#1", "A"), ("P#2", "A"), ("P#9", "A")])
    assert set(found) == {("P#1", "A"), ("P#2", "A")}
    assert found["P#1", "A"].version == 1


async def test_a_deleted_item_cannot_be_read_and_its_key_is_free(store: Store) -> None:
    key = ("P#1", "A")
    await store.commit([Put(key, {"n": 1}, ABSENT, {"list": ("L", "1")})])
    await store.commit([Delete(key, 1)])

    assert await store.get([key]) == {}
    assert (await store.query("L", index="list")).items == ()
    await store.commit([Put(key, {"n": 2}, ABSENT)])
    assert (await store.get([key]))[key].version == 1


async def test_numbers_move_together_and_never_below_their_floor(store: Store) -> None:
    key = ("P#1", "STOCK")
    reserved = ("levels", "shelf", "reserved")
    await store.commit([Put(key, level(3), ABSENT)])
    await store.commit([Add(key, {LEVEL: -2, reserved: 2}, {LEVEL: 0})])

    with pytest.raises(ConditionFailed):
        await store.commit([Add(key, {LEVEL: -2, reserved: 2}, {LEVEL: 0})])

    body = (await store.get([key]))[key].body
    assert body == {"levels": {"shelf": {"available": 1, "reserved": 2}}}


@pytest.mark.parametrize(
    "write",
    [
        Add(("P#none", "STOCK"), {LEVEL: 1}),
        Add(("P#1", "STOCK"), {("levels", "cellar", "available"): 1}),
        Add(("P#1", "STOCK"), {("other",): 1}),
        Add(("P#1", "STOCK"), {LEVEL: 1}, expect=2),
    ],
    ids=["no item", "no such level", "no such number", "another version"],
)
async def test_an_add_needs_existing_numbers(store: Store, write: Add) -> None:
    await store.commit([Put(("P#1", "STOCK"), level(3), ABSENT)])

    with pytest.raises(ConditionFailed) as refused:
        await store.commit([write])

    assert refused.value.positions == (0,)
    assert (await store.get([("P#1", "STOCK")]))["P#1", "STOCK"].version == 1


async def test_adding_nothing_raises_the_version_of_an_existing_item(store: Store) -> None:
    key = ("P#1", "STOCK")
    with pytest.raises(ConditionFailed):
        await store.commit([Add(key, {})])
    await store.commit([Put(key, level(3), ABSENT)])
    await store.commit([Add(key, {})])
    item = (await store.get([key]))[key]
    assert (item.version, item.body) == (2, level(3))


async def test_a_path_may_hold_any_character(store: Store) -> None:
    key, path = ("P#1", "STOCK"), ("levels", "Wäre.house #1 [a]", "available")
    await store.commit([Put(key, {"levels": {path[1]: {"available": 1}}}, ABSENT)])
    await store.commit([Add(key, {path: 4}, {path: 0})])

    assert (await store.get([key]))[key].body["levels"][path[1]] == {"available": 5}


async def test_two_writes_to_one_item_in_one_commit_are_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="two writes"):
        await store.commit([Put(("P#1", "A"), {}, ABSENT), Check(("P#1", "A"), ABSENT)])


async def test_every_refused_position_is_reported(store: Store) -> None:
    with pytest.raises(ConditionFailed) as refused:
        await store.commit([Check(("P#1", "A"), 1), Put(("P#2", "A"), {}, ABSENT), Check(("P#3", "A"), 1)])

    assert refused.value.positions == (0, 2)


async def test_a_hundred_buyers_of_ten_units_get_ten(store: Store) -> None:
    key = ("P#1", "STOCK")
    await store.commit([Put(key, level(10), ABSENT)])

    async def buy(number: int) -> bool:
        try:
            await store.commit([Add(key, {LEVEL: -1}, {LEVEL: 0}), Put((f"O#{number}", "O"), {}, ABSENT)])
        except ConditionFailed:
            return False
        return True

    bought = await asyncio.gather(*[buy(number) for number in range(100)])

    assert sum(bought) == 10
    assert (await store.get([key]))[key].body == level(0)
    orders = await store.get([(f"O#{number}", "O") for number in range(100)])
    assert {key[0] for key in orders} == {f"O#{number}" for number, won in enumerate(bought) if won}


async def test_one_of_many_identical_puts_is_written(store: Store) -> None:
    async def put(number: int) -> bool:
        try:
            await store.commit([Put(("P#1", "A"), {"by": number}, ABSENT)])
        except ConditionFailed:
            return False
        return True

    assert sum(await asyncio.gather(*[put(number) for number in range(20)])) == 1


# ---- queries ---------------------------------------------------------------------------------


async def seeded(store: Store, count: int = 25) -> None:
    for number in range(count):
        await store.commit(
            [
                Put(
                    ("SHELF", f"ITEM#{number:02}"),
                    {"n": number, "color": "red" if number % 2 else "blue"},
                    ABSENT,
                    {"list": ("LIST", f"{number:02}"), "owner": (f"OWNER#{number % 3}", f"{number:02}")},
                    text=f"chair number {number}",
                )
            ]
        )
    await store.commit([Put(("SHELF", "OTHER"), {"n": -1}, ABSENT)])


def numbers(page: object) -> list[int]:
    return [item.body["n"] for item in page.items]  # type: ignore[attr-defined]


async def test_a_partition_is_read_in_the_order_of_its_sorts(store: Store) -> None:
    await seeded(store)
    assert numbers(await store.query("SHELF", begins="ITEM#")) == list(range(25))
    assert numbers(await store.query("SHELF", begins="ITEM#", reverse=True, limit=3)) == [24, 23, 22]
    assert numbers(await store.query("SHELF"))[-1] == -1
    assert numbers(await store.query("NOTHING")) == []


@pytest.mark.parametrize("reverse", [False, True])
async def test_pages_join_without_gap_or_repeat(store: Store, reverse: bool) -> None:
    await seeded(store)
    seen: list[int] = []
    after: str | None = None
    while True:
        page = await store.query("LIST", index="list", after=after, limit=7, reverse=reverse)
        seen += numbers(page)
        after = page.next
        if after is None:
            break
    assert seen == (list(range(25))[::-1] if reverse else list(range(25)))


async def test_the_last_page_has_no_next_position(store: Store) -> None:
    await seeded(store)
    assert (await store.query("LIST", index="list", limit=25)).next is None


async def test_a_position_is_the_sort_of_the_last_item(store: Store) -> None:
    await seeded(store)
    assert (await store.query("LIST", index="list", limit=3)).next == "02"
    assert numbers(await store.query("LIST", index="list", after="11", limit=2)) == [12, 13]


async def test_the_lower_bound_is_inclusive_and_the_upper_exclusive(store: Store) -> None:
    await seeded(store)
    assert numbers(await store.query("LIST", index="list", low="05", high="08")) == [5, 6, 7]
    assert numbers(await store.query("LIST", index="list", low="05", high="08", reverse=True)) == [7, 6, 5]
    assert numbers(await store.query("LIST", index="list", high="03", after="00")) == [1, 2]


async def every(store: Store, **filters: object) -> list[int]:
    seen: list[int] = []
    after: str | None = None
    while True:
        page = await store.query("LIST", index="list", after=after, limit=10, **filters)  # type: ignore[arg-type]
        seen += numbers(page)
        after = page.next
        if after is None:
            return seen


async def test_every_returned_item_matches_the_filters(store: Store) -> None:
    await seeded(store)
    assert await every(store, where={"color": "red"}) == list(range(1, 25, 2))
    assert await every(store, where={"n": 7}) == [7]
    assert await every(store, contains=["number 2"]) == [2, 20, 21, 22, 23, 24]
    assert await every(store, where={"color": "blue"}, contains=["number 2"]) == [2, 20, 22, 24]
    assert await every(store, contains=["1", "number", "2"]) == [12, 21]
    assert await every(store, contains=["number", "none"]) == []


async def many(store: Store, partition: str, field: str) -> None:
    """Write a long list, of which only the last item but one has the field's value."""
    count = EXAMINED_MAX + 100
    puts = [
        Put(
            (f"{partition}#{n:04}", "-"), {field: f"{n == count - 2}"}, ABSENT, {"list": (partition, f"{n:04}")}, f"{n}"
        )
        for n in range(count)
    ]
    for start in range(0, count, 100):
        await store.commit(puts[start : start + 100])


@pytest.mark.parametrize(
    "filters", [{"where": {"found": "True"}}, {"contains": ["98"]}, {"contains": ["1098"]}, {"contains": ["10", "98"]}]
)
@pytest.mark.parametrize("reverse", [False, True])
async def test_a_filter_reads_a_limited_number_of_items_and_returns_a_position(
    store: Store, filters: dict[str, Any], reverse: bool
) -> None:
    await many(store, "LONG", "found")

    async def read(after: str | None) -> Page:
        return await store.query("LONG", index="list", after=after, limit=100, reverse=reverse, **filters)

    pages = [await read(None)]
    while pages[-1].next is not None and len(pages) < 5:
        pages.append(await read(pages[-1].next))

    assert len(pages) <= 3
    found = [item.key[0] for page in pages for item in page.items]
    assert "LONG#1098" in found
    assert len(set(found)) == len(found)
    assert [f"LONG#{sort}" for page in pages for sort in page.sorts] == found


@pytest.mark.parametrize(("partition", "field"), [("PRODUCT", "category"), ("ACCOUNT", "role")])
async def test_filtered_pages_together_return_every_match(store: Store, partition: str, field: str) -> None:
    await many(store, partition, field)
    found, after, calls = list[str](), None, 0
    while calls == 0 or after is not None:
        page = await store.query(partition, index="list", where={field: "True"}, after=after, limit=5)
        found += page.sorts
        after, calls = page.next, calls + 1
    assert found == ["1098"]
    assert calls <= 3


async def test_what_most_items_have_is_found_by_the_same_filter_as_what_few_have(store: Store) -> None:
    kinds = ["RESTOCK" if number % 10 == 3 else "SALE" for number in range(60)]
    puts = [
        Put((f"M#{number}", "-"), {"type": kind, "location": "default"}, ABSENT, {"list": ("MOVEMENT", f"{number:02}")})
        for number, kind in enumerate(kinds)
    ]
    await store.commit(puts)
    for wanted in ("SALE", "RESTOCK"):
        expected = [f"{number:02}" for number, kind in enumerate(kinds) if kind == wanted][::-1]
        found = await store.query("MOVEMENT", index="list", where={"type": wanted}, limit=100, reverse=True)
        both = await store.query(
            "MOVEMENT", index="list", where={"type": wanted, "location": "default"}, limit=100, reverse=True
        )
        assert list(found.sorts) == list(both.sorts) == expected
    assert not (await store.query("MOVEMENT", index="list", where={"location": "cellar"})).items


async def test_items_are_counted_up_to_a_limit(store: Store) -> None:
    await seeded(store)
    assert await store.count("LIST", index="list") == 25
    assert await store.count("LIST", index="list", limit=7) == 7
    assert await store.count("NOTHING", index="list") == 0
    assert await store.count("SHELF") == 26


async def test_an_index_follows_what_is_written(store: Store) -> None:
    key = ("P#1", "THING")
    await store.commit([Put(key, {"n": 1}, ABSENT, {"list": ("PENDING", "1"), "due": ("DUE", "1")})])
    await store.commit([Put(key, {"n": 1}, 1, {"list": ("DONE", "1")})])

    assert numbers(await store.query("PENDING", index="list")) == []
    assert numbers(await store.query("DUE", index="due")) == []
    assert numbers(await store.query("DONE", index="list")) == [1]


async def test_adding_leaves_the_indexes_as_they_are(store: Store) -> None:
    key = ("P#1", "STOCK")
    await store.commit([Put(key, level(1), ABSENT, {"list": ("STOCK", "1")})])
    await store.commit([Add(key, {LEVEL: 4})])

    page = await store.query("STOCK", index="list")
    assert page.items[0].body == level(5)


# ---- the log ---------------------------------------------------------------------------------


async def test_events_are_read_in_the_order_of_their_commits(store: Store) -> None:
    for number in range(5):
        await store.commit([Put((f"P#{number}", "A"), {}, ABSENT), Append(event(number))])

    events = await store.tail()

    assert [each.data["n"] for each in events] == [0, 1, 2, 3, 4]
    assert events[0] == Event("evt_0", "thing.done", "thing", 0, {"n": 0}, position=events[0].position)
    assert [each.data["n"] for each in await store.tail(events[1].position, 2)] == [2, 3]
    assert [each.data["n"] for each in await store.tail(reverse=True, limit=2)] == [4, 3]
    assert [each.data["n"] for each in await store.tail(events[2].position, reverse=True)] == [1, 0]


async def test_waiting_for_events_ends_with_the_next_commit(store: Store) -> None:
    waiting = asyncio.create_task(store.tail(wait_seconds=2 * PATIENCE_SECONDS))
    await asyncio.sleep(0.05)
    assert not waiting.done()

    await store.commit([Append(event(1))])

    assert [each.data["n"] for each in await asyncio.wait_for(waiting, PATIENCE_SECONDS)] == [1]


async def test_waiting_for_events_ends_empty_when_none_comes(store: Store) -> None:
    assert await store.tail(wait_seconds=0.05) == []


# ---- decided in the commit -------------------------------------------------------------------

SHELF = ("P#1", "A")


async def test_a_scan_reads_every_item_once_and_nothing_of_the_log(store: Store) -> None:
    puts = {
        (f"P#{number}", "A"): Put((f"P#{number}", "A"), {"n": number}, ABSENT, {"list": ("P", f"{number}")}, "text", 99)
        for number in range(25)
    }
    await store.commit([*puts.values(), Append(event(1))])
    await store.commit([Add(("P#1", "A"), {("n",): 1}, {})])

    found: list[Put] = []
    after, pages = None, 0
    while after is not None or not pages:
        rows, after = await store.scan(after, 10)
        found, pages = found + rows, pages + 1

    assert {row.key: row for row in found} == {
        **puts,
        ("P#1", "A"): Put(("P#1", "A"), {"n": 2}, 1, {"list": ("P", "1")}, "text", 99),
    }
    assert len(found) == len(puts)
    await store.commit([Put(row.key, row.body, row.expect + 1, row.indexes, row.text, row.ttl) for row in found])


async def test_events_are_rewritten_at_their_positions(store: Store) -> None:
    for number in range(1, 4):
        await store.commit([Append(event(number))])
    first, second, third = await store.tail()
    changed = replace(second, data={"n": "gone"})
    await store.trim(first.position)
    await store.rewrite([replace(first, data={}), changed])
    assert await store.tail() == [changed, third]
    assert await store.tail(first.position) == [changed, third]


async def test_the_oldest_events_are_trimmed_up_to_a_position(store: Store) -> None:
    for number in range(1, 8):
        await store.commit([Append(event(number))])
    events = await store.tail()

    assert await store.trim("") == 0
    assert await store.trim(events[4].position, 3) == 3
    assert await store.tail() == events[3:]
    assert await store.trim(events[4].position, 3) == 2
    assert await store.trim(events[4].position, 3) == 0
    assert await store.tail() == events[5:]
    assert await store.tail(events[1].position) == events[5:]
    assert await store.tail(events[1].position, reverse=True) == []
    assert await store.tail(limit=1, reverse=True) == events[6:]

    await store.commit([Append(event(8))])
    assert [each.id for each in await store.tail(events[6].position)] == ["evt_8"]


async def test_a_commit_beside_a_trim_is_kept(store: Store) -> None:
    for number in range(1, 5):
        await store.commit([Append(event(number))])
    events = await store.tail()
    both = asyncio.gather(store.commit([Append(event(5)), Put(("P", "1"), {}, ABSENT)]), store.trim(events[1].position))
    assert (await both)[1] == 2
    assert [each.id for each in await store.tail()] == ["evt_3", "evt_4", "evt_5"]
    assert await store.get([("P", "1")])


def set_to(units: int) -> Decision:
    """Decide as a count does: whatever is there, there are so many afterwards."""

    def decision(item: Item | None) -> list[Write]:
        assert item is not None
        now = item.body["levels"]["shelf"]["available"]
        return [Add(SHELF, {LEVEL: units - now}, {LEVEL: 0}, item.version), Append(event(now))]

    return decision


async def test_a_decision_gets_the_item_as_it_is_in_the_commit(store: Store) -> None:
    seen: list[Item | None] = []

    def decision(item: Item | None) -> list[Write]:
        seen.append(item)
        return [Put(SHELF, level(5), item.version if item else ABSENT)]

    await store.decide(SHELF, decision)
    await store.decide(SHELF, decision)
    assert seen[0] is None
    assert seen[-1] is not None
    assert (seen[-1].version, seen[-1].body) == (1, level(5))
    assert (await store.get([SHELF]))[SHELF].version == 2


async def test_an_error_in_a_decision_is_raised_and_nothing_is_written(store: Store) -> None:
    await store.commit([Put(SHELF, level(5), ABSENT)])

    def decision(item: Item | None) -> list[Write]:
        raise LookupError(item and item.version)

    with pytest.raises(LookupError, match="1"):
        await store.decide(SHELF, decision)
    # The item can be written at once: the lock of the decision is released.
    await store.commit([Add(SHELF, {LEVEL: -1}, {LEVEL: 0})])
    await store.decide(SHELF, lambda _: [])
    await store.commit([Add(SHELF, {LEVEL: -1}, {LEVEL: 0})])
    found = (await store.get([SHELF]))[SHELF]
    assert (found.version, found.body) == (3, level(3))


async def test_a_decision_is_refused_with_the_positions_of_its_other_writes(store: Store) -> None:
    await store.commit([Put(SHELF, level(5), ABSENT), Put(("P#2", "A"), {}, ABSENT)])

    def decision(item: Item | None) -> list[Write]:
        assert item is not None
        return [Put(SHELF, level(9), item.version), Put(("P#2", "A"), {}, ABSENT)]

    with pytest.raises(ConditionFailed) as refused:
        await store.decide(SHELF, decision)
    assert refused.value.positions == (1,)
    await store.commit([Add(SHELF, {LEVEL: -1}, {LEVEL: 0})])
    assert (await store.get([SHELF]))[SHELF].body == level(4)


async def test_a_decision_succeeds_while_many_change_the_same_item(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy with other work must not let the lease run out.
    monkeypatch.setattr(lease, "LEASE_MS", 60_000)
    await store.commit([Put(SHELF, level(1000), ABSENT)])
    counted, begun = asyncio.Event(), asyncio.Semaphore(0)
    taken: list[int] = []

    async def take() -> None:
        while not counted.is_set():
            # The engine in memory never waits by itself.
            await asyncio.sleep(0)
            with contextlib.suppress(ConditionFailed, Busy):
                await store.commit([Add(SHELF, {LEVEL: -1}, {LEVEL: 0}), Append(event(0))])
                taken.append(1)
                begun.release()

    takers = [asyncio.create_task(take()) for _ in range(16)]
    for _ in takers:
        await begun.acquire()
    for units in (700, 500, 900):
        await store.decide(SHELF, set_to(units))
    counted.set()
    await asyncio.gather(*takers)
    found = (await store.get([SHELF]))[SHELF]
    # Each write of any of them raised the version by one, and each unit is accounted for.
    assert found.version == 1 + 3 + len(taken)
    after = await store.tail("", 10_000, reverse=True)
    differences = [units - each.data["n"] for units, each in zip((900, 500, 700), _counts(after), strict=True)]
    assert found.body["levels"]["shelf"]["available"] == 1000 - len(taken) + sum(differences)


def _counts(events: list[Event]) -> list[Event]:
    """The events of the decisions, the last in front."""
    return [each for each in events if each.data["n"]]
