"""Reading items: by their keys, by partition in order, counted, and all of them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Busy
from stockwright.store.dynamodb.calls import ATTEMPTS_MAX, pause
from stockwright.store.dynamodb.codec import (
    LAST_CHARACTER,
    Wire,
    is_of_log,
    is_possible_key,
    item_of_image,
    key_image,
    put_of_image,
)
from stockwright.store.dynamodb.expressions import add_filter, query_of
from stockwright.store.migrations import MARK
from stockwright.store.port import EXAMINED_MAX, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.port import IndexName, Item, Key, Put, Query


GET_KEYS_MAX: Final = 100


class Reader:
    """What is read of one table; the methods are the store port's."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed."""
        wanted = [key for key in dict.fromkeys(keys) if is_possible_key(key)]
        parts = [wanted[start : start + GET_KEYS_MAX] for start in range(0, len(wanted), GET_KEYS_MAX)]
        found = await asyncio.gather(*[self._calls.run(self._get, part) for part in parts])
        return {item.key: item for items in found for item in items}

    def _get(self, keys: list[Key]) -> list[Item]:
        if len(keys) == 1:
            answer = self._calls.client.get_item(
                TableName=self._calls.table, Key=key_image(keys[0]), ConsistentRead=True
            )
            return [item_of_image(answer["Item"])] if "Item" in answer else []
        items: list[Item] = []
        left: Wire = {self._calls.table: {"Keys": [key_image(key) for key in keys], "ConsistentRead": True}}
        for attempt in range(ATTEMPTS_MAX):
            answer = self._calls.client.batch_get_item(RequestItems=left)
            items += [item_of_image(image) for image in answer["Responses"].get(self._calls.table, ())]
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return items
            time.sleep(pause(attempt))
        raise Busy

    async def query(self, query: Query) -> Page:
        """Read one partition (of an index) in order; what a filter drops is read, and paid, all the same."""
        low, high, after = query.low, query.high, query.after
        if query.begins:
            last = query.begins + LAST_CHARACTER
            low, high = max(low, query.begins), min(high or last, last)
        if after is not None:
            low, high = (low, min(high or after, after)) if query.reverse else (max(low, after), high)
        call = query_of(self._calls.table, query.partition, query.index, low, high)
        if call is None:
            return Page((), None)
        add_filter(call, query.where or {}, query.contains)
        call |= {"ScanIndexForward": not query.reverse, "ConsistentRead": query.index is None}
        sort = f"{query.index}_s" if query.index else "sk"

        def is_wanted(image: Wire) -> bool:
            at = image[sort]["S"]
            return at != after and (not high or at < high)

        page: Page = await self._calls.run(self._query, call, sort, is_wanted, query.limit)
        return page

    def _query(self, call: Wire, sort: str, is_wanted: Callable[[Wire], bool], limit: int) -> Page:
        """Read pages until there is one item more than wanted, so that the last page knows it is the last.

        With a filter, until EXAMINED_MAX items were looked at.
        """
        found: list[Wire] = []
        examined, filtered = 0, "FilterExpression" in call
        while True:
            # Two more at the edges may be read only to be dropped.
            answer = self._calls.client.query(
                **call, Limit=EXAMINED_MAX - examined if filtered else limit + 3 - len(found)
            )
            found += [image for image in answer["Items"] if is_wanted(image)]
            examined += answer["ScannedCount"]
            last = answer.get("LastEvaluatedKey")
            if len(found) > limit:
                return _page(found[:limit], sort, found[limit - 1][sort]["S"])
            if last is None:
                return _page(found, sort, None)
            if filtered and examined >= EXAMINED_MAX:
                return _page(found, sort, last[sort]["S"])
            call["ExclusiveStartKey"] = last

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        """Count; DynamoDB reads the items for it all the same, and sends none."""
        call = query_of(self._calls.table, partition, index, "", "")
        counted: int = await self._calls.run(self._count, call, limit)
        return counted

    def _count(self, call: Wire, limit: int) -> int:
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
        rows = [put_of_image(image) for image in answer["Items"] if not is_of_log(image)]
        last = answer.get("LastEvaluatedKey")
        return [row for row in rows if row.key != MARK], (last["pk"]["S"], last["sk"]["S"]) if last else None

    def _scan(self, after: Key | None, limit: int) -> Wire:
        start = {"ExclusiveStartKey": key_image(after)} if after else {}
        answer: Wire = self._calls.client.scan(TableName=self._calls.table, ConsistentRead=True, Limit=limit, **start)
        return answer


def _page(images: list[Wire], sort: str, following: str | None) -> Page:
    return Page(tuple(map(item_of_image, images)), following, tuple(image[sort]["S"] for image in images))
