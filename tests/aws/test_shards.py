"""Lists that are spread over shards: read as one, in order, also while their number is raised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stockwright.base.event import Event
from stockwright.store.dynamodb.codec import image_of_put, item_of_image, now_ms
from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.dynamodb.layout import (
    LAYOUT,
    LEDGER_SHARDS,
    SPREAD,
    SWITCH_MS,
    Layout,
    body_of_layout,
    ledger_partitions,
)
from stockwright.store.dynamodb.table import raise_shards
from stockwright.store.port import ABSENT, Append, Put
from tests.aws.dynamodb_local import open_table

COUNT = 60


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DynamoDbStore]:
    opened = open_table(str(tmp_path))
    yield opened
    await opened.close()


def sale(number: int) -> Put:
    return Put((f"SALE#s{number:03}", "-"), {"n": number}, ABSENT, {"list": ("SALE", f"s{number:03}")})


def lay_out(store: DynamoDbStore, shards: int, former: int, since: int) -> None:
    """Change the layout as another process does; this one reads it again."""
    body = body_of_layout(shards, former, since, entries=False)
    store.client.put_item(TableName=store.table, Item=image_of_put(Put(LAYOUT, body, ABSENT)))
    store._calls.forget_layout()


async def listed(store: DynamoDbStore, *, reverse: bool = False, limit: int = 7) -> list[int]:
    found, after = list[int](), None
    while True:
        page = await store.query("SALE", index="list", after=after, limit=limit, reverse=reverse)
        assert len(page.items) == limit or page.next is None
        found += [item.body["n"] for item in page.items]
        after = page.next
        if after is None:
            return found


async def test_a_list_is_whole_and_in_order_while_its_shards_become_more(store: DynamoDbStore) -> None:
    now = now_ms()
    # As a former release wrote it, in one partition.
    one = Layout(read=1, written=1)
    for number in range(0, COUNT, 3):
        store.client.put_item(TableName=store.table, Item=image_of_put(sale(number), one))
    lay_out(store, 4, 1, now)
    await store.commit([sale(number) for number in range(1, COUNT, 3)])
    assert {name for name, count in (await spread_of(store)).items() if count} == {"SALE"}
    lay_out(store, 4, 1, now - SWITCH_MS)
    await store.commit([sale(number) for number in range(2, COUNT, 3)])
    assert len([name for name, count in (await spread_of(store)).items() if count]) == 4
    for limit in (7, 100):
        assert await listed(store, limit=limit) == list(range(COUNT))
        assert await listed(store, limit=limit, reverse=True) == list(range(COUNT))[::-1]
    assert await store.count("SALE", index="list") == COUNT
    page = await store.query("SALE", index="list", low="s010", high="s013", limit=100)
    assert [item.body["n"] for item in page.items] == [10, 11, 12]


async def spread_of(store: DynamoDbStore) -> dict[str, int]:
    names = Layout(read=4).partitions("list", "SALE")
    return {
        name: store.client.query(
            TableName=store.table,
            IndexName="list",
            KeyConditionExpression="list_p = :p",
            ExpressionAttributeValues={":p": {"S": name}},
        )["Count"]
        for name in names
    }


async def test_the_log_is_in_order_and_can_be_rewritten_with_more_shards_than_before(store: DynamoDbStore) -> None:
    lay_out(store, 2, 2, 0)
    await store.commit([Append(Event(f"evt_{n}", "thing.done", f"thing_{n}", n, {"n": n})) for n in range(10)])
    lay_out(store, 16, 16, 0)
    await store.commit([Append(Event(f"evt_{n}", "thing.done", f"thing_{n}", n, {"n": n})) for n in range(10, 30)])
    events = await store.tail(limit=100)
    assert sorted(event.data["n"] for event in events) == list(range(30))
    assert [event.position for event in events] == sorted(event.position for event in events)
    for event in events:
        event.data["n"] = -1
    await store.rewrite(events)
    assert {event.data["n"] for event in await store.tail(limit=100)} == {-1}
    assert await store.trim(events[-1].position) == 30


async def test_the_ledger_of_a_product_is_one_list_with_what_a_former_release_wrote(store: DynamoDbStore) -> None:
    keys = [("PRODUCT#p", f"MOVEMENT#m{number:03}") for number in range(40)]
    old = image_of_put(Put(keys[0], {"n": 0}, ABSENT)) | {"pk": {"S": "PRODUCT#p"}}
    store.client.put_item(TableName=store.table, Item=old)
    await store.commit([Put(key, {"n": number}, ABSENT) for number, key in enumerate(keys) if number])
    page = await store.query("PRODUCT#p", begins="MOVEMENT#", limit=100, reverse=True)
    assert [item.key for item in page.items] == keys[::-1]
    assert set(await store.get(keys)) == set(keys)
    homes = {image["pk"]["S"] for image in store.client.scan(TableName=store.table)["Items"]}
    assert homes & set(ledger_partitions("PRODUCT#p")) == homes - {"LAYOUT"}
    assert len(homes) > LEDGER_SHARDS // 2


async def test_raising_the_shards_is_written_in_the_table(store: DynamoDbStore) -> None:
    now = now_ms()
    assert await asyncio.to_thread(raise_shards, store.client, store.table, 32, now) == 8
    found = store.client.get_item(
        TableName=store.table, Key={"pk": {"S": LAYOUT[0]}, "sk": {"S": LAYOUT[1]}}, ConsistentRead=True
    )["Item"]
    body = item_of_image(found).body
    assert Layout.of(body, now) == Layout(read=32, written=8)
    assert Layout.of(body, now + SWITCH_MS) == Layout(read=32, written=32)
    busy = [index for index, rate in SPREAD.items() if rate == "busy"]
    assert all(len(Layout.of(body, now).partitions(*each)) == 32 for each in busy)
