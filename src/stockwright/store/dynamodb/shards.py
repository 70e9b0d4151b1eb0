"""Several partitions read as one list: each a page at a time, merged in the order of their sorts.

Of each shard everything up to a sort is known (`stop`). What lies before the nearest stop is in order and complete;
further pages are read until that is as much as was asked for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stockwright.store.dynamodb.codec import Wire, key_of_image
from stockwright.store.dynamodb.expressions import add_filter, query_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.port import IndexName, Query

GROWTH: Final = 4
"""How much larger a page is than the one before, where a filter drops most of what was read."""


class Range(Struct, frozen=True):
    """What is read of each shard: sorts from `low` on, below `high`, without `after` itself, filtered."""

    index: IndexName | None
    low: str
    high: str
    after: str | None
    reverse: bool
    where: Mapping[str, str | int | bool]
    contains: Sequence[str]

    @classmethod
    def of(cls, query: Query, last: str) -> Range:
        """Return what a query asks for; `last` is a character after every other."""
        low, high, after = query.low, query.high, query.after
        if query.begins:
            end = query.begins + last
            low, high = max(low, query.begins), min(high or end, end)
        if after is not None:
            low, high = (low, min(high or after, after)) if query.reverse else (max(low, after), high)
        return cls(query.index, low, high, after, query.reverse, query.where or {}, query.contains)

    @property
    def sort(self) -> str:
        """The attribute that sorts."""
        return f"{self.index}_s" if self.index else "sk"

    @property
    def is_filtered(self) -> bool:
        """Whether what is read may be dropped."""
        return bool(self.where or self.contains)

    def takes(self, image: Wire) -> bool:
        """Return whether an item is within the bounds, whose edges DynamoDB includes."""
        at = image[self.sort]["S"]
        return at != self.after and (not self.high or at < self.high)


class Found(Struct, frozen=True):
    """Images in order, and the sort from which on there may be more; None: there are no more."""

    images: list[Wire]
    following: str | None


class _Shard(Struct):
    call: Wire
    stop: str | None = None
    """Up to where it has been read; None: not yet."""
    done: bool = False


async def read_merged(calls: Calls, partitions: Sequence[str], wanted: Range, limit: int, examined_max: int) -> Found:
    """Read up to `limit` items of a list, and look at up to about `examined_max` where it is filtered."""
    shards = []
    for partition in partitions:
        call = query_of(calls.table, partition, wanted.index, wanted.low, wanted.high)
        if call is None:
            return Found([], None)
        add_filter(call, wanted.where, wanted.contains)
        call |= {"ScanIndexForward": not wanted.reverse, "ConsistentRead": wanted.index is None}
        shards.append(_Shard(call))
    # One item more than wanted says that there are more, and two at the edges may be read only to be dropped.
    size = limit + 3 if len(shards) == 1 else -(-(limit + 1) // len(shards)) + 3
    found: dict[tuple[str, str], Wire] = {}
    left = examined_max
    reading = shards
    while True:
        if wanted.is_filtered:
            size = max(1, min(size, left // len(reading)))
        pages = await asyncio.gather(*[calls.run(_page, calls, shard, size, wanted) for shard in reading])
        for images, examined in pages:
            left -= examined
            for image in images:
                _keep(found, image)
        open_shards = [shard for shard in shards if not shard.done]
        page = _ready(found.values(), open_shards, wanted)
        if len(page) > limit:
            return Found(page[:limit], page[limit - 1][wanted.sort]["S"])
        if not open_shards:
            return Found(page, None)
        if wanted.is_filtered and left < len(open_shards):
            return Found(page, _nearest(open_shards, wanted))
        open_shards.sort(key=lambda shard: shard.stop or "", reverse=wanted.reverse)
        reading = open_shards[: -(-len(open_shards) // 2)]
        size = size * GROWTH if wanted.is_filtered else size


def _page(calls: Calls, shard: _Shard, size: int, wanted: Range) -> tuple[list[Wire], int]:
    """Read on in one shard (in a thread)."""
    answer: Any = calls.client.query(**shard.call, Limit=size)
    last = answer.get("LastEvaluatedKey")
    if last is None:
        shard.done = True
    else:
        shard.call["ExclusiveStartKey"] = last
        shard.stop = last[wanted.sort]["S"]
    return [image for image in answer["Items"] if wanted.takes(image)], answer["ScannedCount"]


def _keep(found: dict[tuple[str, str], Wire], image: Wire) -> None:
    """Keep the newer of two entries of one item, which may be in two shards for a moment."""
    at = key_of_image(image)
    key = (at["pk"]["S"], at["sk"]["S"])
    if key not in found or int(found[key]["v"]["N"]) < int(image["v"]["N"]):
        found[key] = image


def _nearest(shards: Sequence[_Shard], wanted: Range) -> str:
    stops = [shard.stop or "" for shard in shards]
    return max(stops) if wanted.reverse else min(stops)


def _ready(images: Any, shards: Sequence[_Shard], wanted: Range) -> list[Wire]:
    """Return in order what no page still to be read can come before."""
    ordered = sorted(images, key=lambda image: image[wanted.sort]["S"], reverse=wanted.reverse)
    if not shards:
        return ordered
    nearest = _nearest(shards, wanted)
    return [
        image
        for image in ordered
        if (image[wanted.sort]["S"] >= nearest if wanted.reverse else image[wanted.sort]["S"] <= nearest)
    ]
