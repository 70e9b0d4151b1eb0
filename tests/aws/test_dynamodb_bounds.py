"""Where the cloud's engine gives up: every wait has an end, and what is told then is that nothing was written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stockwright.domain.errors import Busy, PayloadTooLarge
from stockwright.store import copying, dynamodb
from stockwright.store.copying import DynamoDbSide
from stockwright.store.dynamodb import WRITES_MAX, DynamoDbStore
from stockwright.store.port import ABSENT, Put
from tests.aws.dynamodb_local import open_table
from tests.aws.test_dynamodb import answer, cancelled, inject

KEYS = [(f"P#{number}", "STOCK") for number in range(3)]


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DynamoDbStore]:
    """A table, and a patience that is soon at its end."""
    for module in (dynamodb, copying):
        monkeypatch.setattr(module, "ATTEMPTS_MAX", 2)
    opened = open_table(str(tmp_path))
    yield opened
    await opened.close()


async def test_keys_that_are_never_read_are_busy(store: DynamoDbStore) -> None:
    left = {"Responses": {}, "UnprocessedKeys": {store.table: {"Keys": [dynamodb.key_image(KEYS[0])]}}}
    inject(store, lambda _: answer(200, "", json.dumps(left)), "BatchGetItem")
    with pytest.raises(Busy):
        await store.get(KEYS)


async def test_a_read_that_never_comes_back_is_busy(store: DynamoDbStore) -> None:
    inject(store, lambda _: answer(500, "InternalServerError"), "GetItem")
    with pytest.raises(Busy):
        await store.get(KEYS[:1])


async def test_a_commit_of_which_nothing_is_ever_heard_is_busy(store: DynamoDbStore) -> None:
    inject(store, lambda _: answer(500, "InternalServerError"))
    with pytest.raises(Busy):
        await store.commit([Put(KEYS[0], {}, ABSENT)])
    assert await store.get(KEYS[:1]) == {}


async def test_what_dynamodb_refuses_for_another_reason_is_told_as_it_is(store: DynamoDbStore) -> None:
    inject(store, lambda _: cancelled("ValidationError"))
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        await store.commit([Put(KEYS[0], {}, ABSENT)])


async def test_more_changes_than_a_transaction_takes_are_refused_before_they_are_sent(store: DynamoDbStore) -> None:
    with pytest.raises(PayloadTooLarge, match=f"takes {WRITES_MAX}: ask for fewer lines"):
        await store.commit([Put((f"P#{number}", "STOCK"), {}, ABSENT) for number in range(WRITES_MAX + 1)])


async def test_between_bounds_that_cross_there_is_nothing(store: DynamoDbStore) -> None:
    await store.commit([Put(("P#1", "b"), {}, ABSENT)])
    assert (await store.query("P#1", low="c", high="a")).items == ()


async def test_a_search_that_finds_nothing_for_long_tells_where_to_go_on(
    store: DynamoDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb, "PAGES_MAX", 1)
    for start in range(0, 1100, WRITES_MAX):
        numbers = range(start, start + WRITES_MAX)
        await store.commit([Put(("P#1", f"S#{number:04}"), {"found": number == 1050}, ABSENT) for number in numbers])
    found, after, pages = list[Any](), None, 0
    while pages == 0 or after is not None:
        page = await store.query("P#1", where={"found": True}, after=after)
        found += page.items
        after, pages = page.next, pages + 1
    assert [item.key[1] for item in found] == ["S#1050"]
    assert pages > 1


async def test_rubbish_is_dynamodbs_own_to_remove(store: DynamoDbStore) -> None:
    await store.commit([Put(KEYS[0], {}, ABSENT, ttl=1)])
    assert await store.purge(2) == 0


async def test_a_copy_sends_again_what_was_not_taken_and_gives_up_in_the_end(store: DynamoDbStore) -> None:
    side, calls = DynamoDbSide(store), 0
    image = dynamodb.image_of_put(Put(KEYS[0], {"units": 5}, 0))

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
