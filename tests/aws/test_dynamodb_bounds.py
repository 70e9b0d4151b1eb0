"""Where the cloud's engine gives up: every wait has an end, and the error then says that nothing was written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from msgspec.structs import replace

from stockwright.base.errors import Busy, Invalid, Misconfigured, PayloadTooLarge, Unknown
from stockwright.base.event import Event
from stockwright.store import copying
from stockwright.store.copying import DynamoDbSide
from stockwright.store.dynamodb import codec, log, reading, writing
from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.dynamodb.writing import WRITES_MAX
from stockwright.store.port import ABSENT, Add, Append, ConditionFailed, Put, Write
from tests.aws.dynamodb_local import open_table
from tests.aws.test_dynamodb import answer, cancelled, inject

EVENT = Event("evt_1", "order.placed", "ord_1", 1, {"units": 2})
KEYS = [(f"P#{number}", "STOCK") for number in range(3)]


def set_now(monkeypatch: pytest.MonkeyPatch, now_ms: Callable[[], int]) -> None:
    for module in (log, writing):
        monkeypatch.setattr(module, "now_ms", now_ms)


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DynamoDbStore]:
    """A table, and a patience that is soon at its end."""
    for module in (reading, log, writing, copying):
        monkeypatch.setattr(module, "ATTEMPTS_MAX", 2)
    opened = open_table(str(tmp_path))
    yield opened
    await opened.close()


async def test_keys_that_stay_unprocessed_are_busy(store: DynamoDbStore) -> None:
    left = {"Responses": {}, "UnprocessedKeys": {store.table: {"Keys": [codec.key_image(KEYS[0])]}}}
    inject(store, lambda _: answer(200, "", json.dumps(left)), "BatchGetItem")
    with pytest.raises(Busy):
        await store.get(KEYS)


async def test_a_read_that_never_gets_an_answer_is_busy(store: DynamoDbStore) -> None:
    inject(store, lambda _: answer(500, "InternalServerError"), "GetItem")
    with pytest.raises(Busy):
        await store.get(KEYS[:1])


async def test_a_commit_that_never_gets_an_answer_is_busy(store: DynamoDbStore) -> None:
    inject(store, lambda _: answer(500, "InternalServerError"))
    with pytest.raises(Busy):
        await store.commit([Put(KEYS[0], {}, ABSENT)])
    assert await store.get(KEYS[:1]) == {}


def lose_every_answer(store: DynamoDbStore) -> None:
    """Calls reach DynamoDB and are done; no answer comes back."""

    def lose(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="injected")

    store.client.meta.events.register("after-call.dynamodb.TransactWriteItems", lose)


@pytest.mark.parametrize(
    "write", [Put(KEYS[0], {"units": 1, "part": 0.5}, ABSENT), Append(EVENT)], ids=["put", "event"]
)
async def test_a_commit_whose_answer_is_lost_is_looked_up(store: DynamoDbStore, write: Write) -> None:
    await store.commit([Put(KEYS[1], {"units": 5}, ABSENT)])
    lose_every_answer(store)
    await store.commit([write, Add(KEYS[1], {("units",): -1}, {("units",): 0})])
    assert (await store.get([KEYS[1]]))[KEYS[1]].body == {"units": 4}


async def test_a_commit_that_cannot_be_found_is_not_reported_as_unchanged(store: DynamoDbStore) -> None:
    await store.commit([Put(KEYS[0], {"units": 5}, ABSENT)])
    lose_every_answer(store)
    with pytest.raises(Unknown, match="check before you repeat it"):
        await store.commit([Add(KEYS[0], {("units",): -1}, {("units",): 0})])
    assert (await store.get(KEYS[:1]))[KEYS[0]].body == {"units": 4}


async def test_a_commit_that_cannot_be_looked_up_either_has_an_unknown_outcome(store: DynamoDbStore) -> None:
    await store.commit([Put(KEYS[1], {}, ABSENT)])
    lose_every_answer(store)
    inject(store, lambda _: answer(500, "InternalServerError"), "GetItem")
    with pytest.raises(Unknown):
        await store.commit([Put(KEYS[0], {}, ABSENT)])


async def test_a_commit_that_is_refused_at_every_try_has_changed_nothing(store: DynamoDbStore) -> None:
    inject(store, lambda _: answer(400, "ThrottlingException"))
    with pytest.raises(Busy) as refused:
        await store.commit([Put(KEYS[0], {}, ABSENT)])
    assert not isinstance(refused.value, Unknown)


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else "x"


@pytest.mark.parametrize(
    "value",
    [{"": "x"}, 1e200, int("1234567890" * 4), nested(40)],
    ids=["no name", "1e200", "40 digits", "deep"],
)
async def test_values_that_dynamodb_cannot_store_are_invalid_and_a_copy_names_them(
    store: DynamoDbStore, value: Any
) -> None:
    with pytest.raises(Invalid, match="refuses this"):
        await store.commit([Put(KEYS[0], {"value": value}, ABSENT)])
    side = DynamoDbSide(store)
    rows = [Put(key, {"value": value if key == KEYS[1] else 1}, ABSENT) for key in KEYS]
    with pytest.raises(Misconfigured, match=r"does not take P#1 STOCK: .+; correct it and run the copy again"):
        side.write(rows, None)
    assert await store.get(KEYS[1:2]) == {}


async def test_a_batch_that_was_refused_temporarily_is_written_item_by_item(store: DynamoDbStore) -> None:
    inject(store, lambda _: answer(400, "ValidationException"), "BatchWriteItem")
    DynamoDbSide(store).write([Put(key, {}, ABSENT) for key in KEYS], None)
    assert set(await store.get(KEYS)) == set(KEYS)


WIDE = {f"location-{number}": {"available": 2, "reserved": 0} for number in range(200)}
DELTAS = {"available": -1, "reserved": 1}
RESERVE = {("levels", location, name): delta for location in WIDE for name, delta in DELTAS.items()}
FLOORS = {("levels", location, "available"): 0 for location in WIDE}


async def test_more_numbers_than_one_expression_holds_are_changed_with_their_floors(store: DynamoDbStore) -> None:
    entry: dict[Any, Any] = {"list": ("STOCK", "1")}
    await store.commit([Put(KEYS[0], {"levels": WIDE, "name": "x"}, ABSENT, entry, "text")])
    for _ in range(2):
        await store.commit([Add(KEYS[0], RESERVE, FLOORS)])
    (found,) = (await store.query("STOCK", index="list", contains=["text"])).items
    assert (found.version, found.body["name"]) == (3, "x")
    assert list(found.body["levels"].values()) == [{"available": 0, "reserved": 2}] * len(WIDE)
    for refused in (
        Add(KEYS[0], RESERVE, FLOORS),
        Add(KEYS[0], RESERVE, {}, expect=2),
        Add(KEYS[2], RESERVE, {}),
        Add(KEYS[0], {**RESERVE, ("levels", "nowhere", "available"): 1}, {}),
    ):
        with pytest.raises(ConditionFailed) as raised:
            await store.commit([Put(KEYS[1], {}, ABSENT), refused])
        assert raised.value.positions == (1,)
    assert await store.get(KEYS[1:2]) == {}


async def test_many_numbers_are_changed_by_several_writers_at_once(
    store: DynamoDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is old where somebody else was first: it is read again, and no move is lost."""
    monkeypatch.setattr(writing, "ATTEMPTS_MAX", 40)
    await store.commit([Put(KEYS[0], {"levels": WIDE}, ABSENT)])
    add = Add(KEYS[0], {(*path[:2], "reserved"): 1 for path in FLOORS})
    await asyncio.gather(*[store.commit([Add(KEYS[0], RESERVE, FLOORS)]) for _ in range(2)])
    await asyncio.gather(*[store.commit([add]) for _ in range(4)])
    levels = (await store.get(KEYS[:1]))[KEYS[0]].body["levels"]
    assert {(level["available"], level["reserved"]) for level in levels.values()} == {(0, 6)}


async def test_an_event_committed_around_midnight_is_listed(
    store: DynamoDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = codec.DAY_MS * 20_000
    instants = iter([midnight - 1])
    set_now(monkeypatch, lambda: next(instants, midnight + 5))
    await store.commit([Append(EVENT)])
    set_now(monkeypatch, lambda: midnight + 2 * codec.DAY_MS)
    await store.commit([Append(replace(EVENT, id="evt_2"))])
    assert [event.id for event in await store.tail()] == [EVENT.id, "evt_2"]


async def test_other_errors_of_dynamodb_are_passed_on_unchanged(store: DynamoDbStore) -> None:
    inject(store, lambda _: cancelled("ItemCollectionSizeLimitExceeded"))
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        await store.commit([Put(KEYS[0], {}, ABSENT)])


async def test_more_changes_than_a_transaction_takes_are_refused_before_they_are_sent(store: DynamoDbStore) -> None:
    with pytest.raises(PayloadTooLarge, match=f"allows {WRITES_MAX}: send fewer lines"):
        await store.commit([Put((f"P#{number}", "STOCK"), {}, ABSENT) for number in range(WRITES_MAX + 1)])


async def test_crossed_bounds_return_nothing(store: DynamoDbStore) -> None:
    await store.commit([Put(("P#1", "b"), {}, ABSENT)])
    assert (await store.query("P#1", low="c", high="a")).items == ()


async def test_expired_items_are_removed_by_dynamodb_itself(store: DynamoDbStore) -> None:
    await store.commit([Put(KEYS[0], {}, ABSENT, ttl=1)])
    assert await store.purge(2) == 0


async def test_a_day_of_the_log_goes_with_its_last_event(store: DynamoDbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    now = codec.now_ms()
    for number, days in enumerate((3, 3, 2, 0)):
        at = now + number - days * codec.DAY_MS
        set_now(monkeypatch, partial(int, at))
        await store.commit([Append(replace(EVENT, id=f"evt_{number}"))])
    monkeypatch.undo()
    events = await store.tail()
    days = [codec.day_of(now - each * codec.DAY_MS) for each in (3, 2, 0)]

    async def listed() -> list[str]:
        return [item.key[1] for item in (await store.query(codec.DAYS)).items]

    assert await listed() == days
    assert await store.trim(events[2].position, 1) == 1
    assert await listed() == days
    assert await store.trim(events[2].position) == 2
    assert await listed() == days[1:]
    assert await store.trim(events[3].position) == 1
    assert await listed() == days[2:]
    assert await store.tail() == []


async def test_a_trim_retries_unprocessed_items_and_finally_gives_up(store: DynamoDbStore) -> None:
    await store.commit([Append(EVENT)])
    [event] = await store.tail()
    taken = False

    def refuse(request: Any) -> Any:
        nonlocal taken
        if taken:
            return None
        left = {"UnprocessedItems": json.loads(request.body)["RequestItems"]}
        return answer(200, "", json.dumps(left))

    inject(store, refuse, "BatchWriteItem")
    with pytest.raises(Busy):
        await store.trim(event.position)
    assert len(await store.tail()) == 1
    taken = True
    assert await store.trim(event.position) == 1


async def test_a_copy_retries_unprocessed_items_and_finally_gives_up(store: DynamoDbStore) -> None:
    side, calls = DynamoDbSide(store), 0
    image = codec.image_of_put(Put(KEYS[0], {"units": 5}, 0))

    def half(request: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            return None
        left = {"UnprocessedItems": json.loads(request.body)["RequestItems"]}
        return answer(200, "", json.dumps(left))

    inject(store, half, "BatchWriteItem")
    side._write([image])
    assert calls == 2
    assert (await store.get(KEYS[:1]))[KEYS[0]].body == {"units": 5}
    with pytest.raises(Busy, match="run the copy again"):
        side._write([image])
