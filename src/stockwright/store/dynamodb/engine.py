"""The cloud's engine: one DynamoDB table, transactions with conditions, nothing read before it is written.

An item is `pk`, `sk`, its version `v`, its body `b` (a map, so that `Add` reaches numbers inside),
`t` for search, `ttl`, and the keys of the indexes it is in. Each commit is one TransactWriteItems
with a token of its own: a call whose answer was lost is repeated under the same token and has one
effect. A transaction that was cancelled for a conflict or for too much traffic wrote nothing; it is
tried again a few times, with full jitter, and then is `Busy`.

Index reads lag behind by a moment: they find candidates, and never decide. The log's order is that
of the instants at which the commits were sent; since two of them may arrive the other way round,
`tail` stays some seconds behind (`tail_delay_seconds`), so that a reader with a cursor misses nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from stockwright.store.dynamodb.calls import Calls
from stockwright.store.dynamodb.layout import LAYOUT, SHARDS_DEFAULT, body_of_layout
from stockwright.store.dynamodb.log import Log
from stockwright.store.dynamodb.reading import Reader
from stockwright.store.dynamodb.splitting import Splits
from stockwright.store.dynamodb.writing import WRITES_MAX, Writer
from stockwright.store.migrations import FORMAT, MARK
from stockwright.store.port import ABSENT, Put, Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.base.event import Event
    from stockwright.store.port import Decision, IndexName, Item, Key, Page, Write


CALL_SECONDS: Final = 3.0
"""How long an answer is waited for, and for how long a commit may be sent again."""
TAIL_DELAY_SECONDS: Final = 10.0
"""No commit arrives so long after its instant: sent again, connected, answered, and clocks that differ."""
LOOK_SECONDS: Final = 0.5


class DynamoDbStore:
    """The store port on one table."""

    writes_max: int = WRITES_MAX
    is_marked: bool = False
    """Whether the table says already which format it has."""

    def __init__(
        self,
        table: str,
        client: Any,
        *,
        tail_delay_seconds: float = TAIL_DELAY_SECONDS,
        resend_seconds: float = CALL_SECONDS,
        shards_of_new_shop: int = SHARDS_DEFAULT,
    ) -> None:
        self.table, self.client = table, client
        self._shards_of_new_shop = shards_of_new_shop
        self._calls = Calls(table, client)
        self.splits = Splits(self._calls)
        self._reader = Reader(self._calls, self.splits)
        self._log = Log(self._calls, self._reader, int(tail_delay_seconds * 1000))
        self._writer = Writer(self._calls, self._log, self.splits, resend_seconds * 1000)

    # ---- reading -------------------------------------------------------------------------

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed."""
        return await self._reader.get(keys)

    async def query(
        self,
        partition: str,
        *,
        index: IndexName | None = None,
        begins: str = "",
        low: str = "",
        high: str = "",
        after: str | None = None,
        limit: int = 100,
        reverse: bool = False,
        where: Mapping[str, str | int | bool] | None = None,
        contains: Sequence[str] = (),
    ) -> Page:
        """Read one partition (of an index) in order; what a filter drops is read, and paid, all the same."""
        return await self._reader.query(
            Query(partition, index, begins, low, high, after, limit, reverse, where, contains)
        )

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        """Count; DynamoDB reads the items for it all the same, and sends none."""
        return await self._reader.count(partition, index=index, limit=limit)

    async def tail(
        self, after: str = "", limit: int = 100, *, reverse: bool = False, wait_seconds: float = 0
    ) -> list[Event]:
        """Read the event log; forwards only what is old enough that nothing can come before it any more."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while True:
            events = await self._log.read(after, limit, reverse=reverse)
            left = deadline - loop.time()
            if events or left <= 0:
                return events
            await asyncio.sleep(min(left, LOOK_SECONDS))

    # ---- writing -------------------------------------------------------------------------

    async def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing in one transaction."""
        await self._writer.commit(writes)

    async def decide(self, key: Key, decision: Decision) -> None:
        """Lease the item, so that nobody adds to it meanwhile; decide; commit, held to its version."""
        await self._writer.decide(key, decision)

    # ---- keeping house -------------------------------------------------------------------

    def watched(self) -> None:
        """Return nothing: it does not learn of changes."""

    def look(self) -> None:
        """Nothing to do."""

    def marks_of_new_shop(self) -> list[Write]:
        """Return what marks a table as one of this release's format; written in the commit that makes the shop."""
        if self.is_marked:
            return []
        shards = self._shards_of_new_shop
        layout = body_of_layout(shards, shards, 0, entries=True)
        return [Put(MARK, {"format": FORMAT}, ABSENT), Put(LAYOUT, layout, ABSENT)]

    async def purge(self, now_seconds: int, limit: int = 1000) -> int:  # noqa: ARG002 - the port's
        """Leave it to DynamoDB, which removes what is past its `ttl` by itself."""
        return 0

    async def tidy(self) -> None:
        """Put items together that were divided while they were hot."""
        await self._calls.run(self.splits.unite_cooled)

    async def scan(self, after: Key | None = None, limit: int = 500) -> tuple[list[Put], Key | None]:
        """Read all items in the table's order; the log's, which are left out, are read for it all the same."""
        return await self._reader.scan(after, limit)

    async def rewrite(self, events: Sequence[Event]) -> None:
        """Write the events again, one by one."""
        await self._log.rewrite(events)

    async def trim(self, through: str, limit: int = 1000) -> int:
        """Remove events day by day, each day's entry in the list of days after its last event."""
        return await self._log.trim(through, limit)

    async def check(self) -> str:
        """Leave it to DynamoDB, which keeps three copies and compares them."""
        return ""

    async def close(self) -> None:
        """Finish the calls under way."""
        await self._calls.close()
