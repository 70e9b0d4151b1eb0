"""The event log: a partition per day and shard, ordered by the instants at which the commits were sent.

Since two commits may arrive the other way round, readers stay some seconds behind, so that one with a cursor
misses nothing.
"""

from __future__ import annotations

import asyncio
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Busy
from stockwright.store.dynamodb.calls import ATTEMPTS_MAX, pause
from stockwright.store.dynamodb.codec import (
    DAYS,
    Wire,
    day_image,
    day_of,
    event_image,
    event_of,
    key_image,
    key_of_image,
    now_ms,
    shard_key,
)
from stockwright.store.port import Query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stockwright.base.event import Event
    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.dynamodb.reading import Reader
    from stockwright.store.port import Key


DELETES_MAX: Final = 25
"""So many items one BatchWriteItem removes."""
DAYS_AT_ONCE: Final = 32


class Log:
    """The log of one table; forwards it is read only up to `tail_delay_ms` before now."""

    def __init__(self, calls: Calls, reader: Reader, tail_delay_ms: int) -> None:
        self._calls, self._reader = calls, reader
        self._tail_delay_ms = tail_delay_ms
        self._days: set[str] = set()

    async def read(self, after: str, limit: int, *, reverse: bool) -> list[Event]:
        """Go through the days, in each through its shards at once."""
        high = "" if reverse else f"{now_ms() - self._tail_delay_ms + 1:013d}"
        events: list[Event] = []
        shards = (await self._calls.layout()).read
        async for day in self._days_from(after, reverse=reverse):
            left = limit - len(events)
            pages = await asyncio.gather(
                *[
                    self._reader.query(
                        Query(shard_key(day, shard), high=high, after=after or None, limit=left, reverse=reverse)
                    )
                    for shard in range(shards)
                ]
            )
            found = sorted((item for each in pages for item in each.items), key=lambda item: item.key[1])
            events += [event_of(item) for item in islice(reversed(found) if reverse else found, left)]
            if len(events) >= limit:
                break
        return events

    async def _days_from(self, after: str, *, reverse: bool) -> AsyncIterator[str]:
        """Go through the log's days from that of a position on, few at a time."""
        at = day_of(int(after.split("-", maxsplit=1)[0])) if after else ""
        low, high = ("", at and f"{at}\x00") if reverse else (at, "")
        start: str | None = None
        while True:
            page = await self._reader.query(
                Query(DAYS, low=low, high=high, after=start, limit=DAYS_AT_ONCE, reverse=reverse)
            )
            for item in page.items:
                yield item.key[1]
            start = page.next
            if start is None:
                return

    def instant(self, *, with_events: bool) -> int:
        """Take the instant of a commit (ms); where it has events, its day is in the list of days before."""
        now = now_ms()
        if not with_events:
            return now
        while (day := day_of(now)) not in self._days:
            self._calls.client.put_item(TableName=self._calls.table, Item=day_image(day))
            self._days.add(day)
            now = now_ms()
        return now

    async def rewrite(self, events: Sequence[Event]) -> None:
        """Write the events again, one by one."""
        shards = (await self._calls.layout()).read
        for event in events:
            await self._calls.run(self._rewrite, event, shards)

    def _rewrite(self, event: Event, shards: int) -> None:
        """Write an event where it is: in the shard that its day had for it, which was one of fewer, perhaps."""
        at = int(event.position.split("-", maxsplit=1)[0])
        for count in range(shards, 0, -1):
            image = event_image(event, at, event.position, count)
            try:
                self._calls.client.update_item(
                    TableName=self._calls.table,
                    Key=key_of_image(image),
                    UpdateExpression="SET b = :body",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues={":body": image["b"]},
                )
            except self._calls.client.exceptions.ConditionalCheckFailedException:
                continue
            return

    async def trim(self, through: str, limit: int = 1000) -> int:
        """Remove events day by day, each day's entry in the list of days after its last event."""
        shards = (await self._calls.layout()).read
        removed, last = 0, day_of(int(through.split("-", maxsplit=1)[0])) if through else ""
        async for day in self._days_from("", reverse=False):
            if day > last or removed == limit:
                break
            left, gone = limit - removed, 0
            pages = [
                await self._reader.query(Query(shard_key(day, shard), high=f"{through}\x00", limit=left))
                for shard in range(shards)
            ]
            keys = sorted((item.key for page in pages for item in page.items), key=lambda key: key[1])[:left]
            for start in range(0, len(keys), DELETES_MAX):
                part = keys[start : start + DELETES_MAX]
                gone += len(part)
                await self._calls.run(self._delete, part)
            removed += gone
            if day < last and gone == sum(len(page.items) for page in pages) and not any(page.next for page in pages):
                await self._calls.run(self._delete, [(DAYS, day)])
        return removed

    def _delete(self, keys: list[Key]) -> None:
        left: Wire = {self._calls.table: [{"DeleteRequest": {"Key": key_image(key)}} for key in keys]}
        for attempt in range(ATTEMPTS_MAX):
            left = self._calls.client.batch_write_item(RequestItems=left).get("UnprocessedItems") or {}
            if not left:
                return
            time.sleep(pause(attempt))
        raise Busy
