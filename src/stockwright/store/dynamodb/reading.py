"""Reading items: by their keys, by partition in order, counted, and all of them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Busy
from stockwright.store.dynamodb.calls import ATTEMPTS_MAX, pause
from stockwright.store.dynamodb.codec import (
    LAST_CHARACTER,
    Wire,
    is_of_shop,
    is_possible_key,
    item_of_image,
    key_image,
    put_of_image,
)
from stockwright.store.dynamodb.expressions import query_of
from stockwright.store.dynamodb.finding import WALKED_MAX, find, is_found_by_entries
from stockwright.store.dynamodb.layout import LEDGER, home, ledger_partitions
from stockwright.store.dynamodb.parts import COUNT, may_be_split
from stockwright.store.dynamodb.shards import Range, read_merged
from stockwright.store.port import EXAMINED_MAX, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.dynamodb.splitting import Splits
    from stockwright.store.port import IndexName, Item, Key, Put, Query


GET_KEYS_MAX: Final = 100


class Reader:
    """What is read of one table; the methods are the store port's."""

    def __init__(self, calls: Calls, splits: Splits) -> None:
        self._calls, self._splits = calls, splits

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed."""
        wanted = {home(key): key for key in keys if is_possible_key(key)}
        found = await self._images(list(wanted))
        # What a former release wrote of the ledger is under the product's own key.
        moved = [key for at, key in wanted.items() if at != key and at not in found]
        if moved:
            found |= await self._images(moved)
        return {item.key: item for item in map(item_of_image, await self._whole(list(found.values())))}

    async def _whole(self, images: list[Wire]) -> list[Wire]:
        """Put the parts of items together."""
        for image in images:
            if COUNT not in image and may_be_split(key := (image["pk"]["S"], image["sk"]["S"])):
                self._splits.note(key, None)
        if not any(COUNT in image for image in images):
            return images
        whole: list[Wire] = await self._calls.run(self._splits.whole, images)
        return whole

    async def _candidates(self, keys: list[Key]) -> dict[Key, Wire]:
        """Read items that entries have found: as they were a moment ago, for half the units."""
        return await self._images(keys, consistent=False)

    async def _images(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Wire]:
        wanted = list(dict.fromkeys(keys))
        parts = [wanted[start : start + GET_KEYS_MAX] for start in range(0, len(wanted), GET_KEYS_MAX)]
        found = await asyncio.gather(*[self._calls.run(self._get, part, consistent) for part in parts])
        return {(image["pk"]["S"], image["sk"]["S"]): image for images in found for image in images}

    def _get(self, keys: list[Key], consistent: bool) -> list[Wire]:  # noqa: FBT001 - run in a thread
        if len(keys) == 1:
            answer = self._calls.client.get_item(
                TableName=self._calls.table, Key=key_image(keys[0]), ConsistentRead=consistent
            )
            return [answer["Item"]] if "Item" in answer else []
        images: list[Wire] = []
        left: Wire = {self._calls.table: {"Keys": [key_image(key) for key in keys], "ConsistentRead": consistent}}
        for attempt in range(ATTEMPTS_MAX):
            answer = self._calls.client.batch_get_item(RequestItems=left)
            images += answer["Responses"].get(self._calls.table, ())
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return images
            time.sleep(pause(attempt))
        raise Busy

    async def query(self, query: Query) -> Page:
        """Read one partition (of an index) in order; what a filter drops is read, and paid, all the same."""
        layout = await self._calls.layout()
        examined = EXAMINED_MAX
        if is_found_by_entries(query, layout):
            found = await find(self._calls, layout, query, self._candidates)
            if found is not None:
                return found
            examined = WALKED_MAX
        if query.index is None and query.begins.startswith(LEDGER):
            partitions = ledger_partitions(query.partition)
        else:
            partitions = layout.partitions(query.index, query.partition)
        wanted = Range.of(query, LAST_CHARACTER)
        merged = await read_merged(self._calls, partitions, wanted, query.limit, examined)
        images = await self._whole(merged.images)
        return Page(
            tuple(map(item_of_image, images)), merged.following, tuple(image[wanted.sort]["S"] for image in images)
        )

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        """Count; DynamoDB reads the items for it all the same, and sends none."""
        partitions = (await self._calls.layout()).partitions(index, partition)
        counts: list[int] = await asyncio.gather(
            *[self._calls.run(self._count, each, index, limit) for each in partitions]
        )
        return min(limit, sum(counts))

    def _count(self, partition: str, index: IndexName | None, limit: int) -> int:
        call: Any = query_of(self._calls.table, partition, index, "", "")
        count: int = 0
        while True:
            answer = self._calls.client.query(**call, Select="COUNT", Limit=limit - count)
            count += answer["Count"]
            if count >= limit or "LastEvaluatedKey" not in answer:
                return count
            call["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def scan(self, after: Key | None = None, limit: int = 500) -> tuple[list[Put], Key | None]:
        """Read all items in the table's order; the log's, which are left out, are read for it all the same."""
        answer: Wire = await self._calls.run(self._scan, after, limit)
        rows = list(map(put_of_image, await self._whole([image for image in answer["Items"] if is_of_shop(image)])))
        last = answer.get("LastEvaluatedKey")
        return rows, (last["pk"]["S"], last["sk"]["S"]) if last else None

    def _scan(self, after: Key | None, limit: int) -> Wire:
        start = {"ExclusiveStartKey": key_image(after)} if after else {}
        answer: Wire = self._calls.client.scan(TableName=self._calls.table, ConsistentRead=True, Limit=limit, **start)
        return answer
