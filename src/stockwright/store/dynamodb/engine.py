"""The cloud's engine: one DynamoDB table, transactions with conditions, nothing read before it is written.

An item is `pk`, `sk`, its version `v`, its body `b` (a map, so that `Add` reaches numbers inside),
`t` for search, `ttl`, and the keys of the indexes it stands in. Each commit is one TransactWriteItems
with a token of its own: a call whose answer was lost is repeated under the same token and has one
effect. A transaction that was cancelled for a conflict or for too much traffic wrote nothing; it is
tried again a few times, with full jitter, and then is `Busy`.

Index reads lag behind by a moment: they find candidates, and never decide. The log's order is that
of the instants at which the commits were sent; since two of them may arrive the other way round,
`tail` stays some seconds behind (`tail_delay_seconds`), so that a reader with a cursor misses nothing.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal
from weakref import WeakValueDictionary

from stockwright.base.errors import Busy, Invalid, Misconfigured, PayloadTooLarge, Unknown
from stockwright.base.event import Event
from stockwright.store.apply_add import added, fill
from stockwright.store.aws_client import make_client
from stockwright.store.dynamodb import lease
from stockwright.store.dynamodb.codec import (
    DAYS,
    LAST_CHARACTER,
    SHARDS,
    Wire,
    day_image,
    day_of,
    event_image,
    event_of,
    from_attribute,
    is_of_log,
    is_possible_key,
    is_same,
    item_of_image,
    key_image,
    key_of_image,
    now_ms,
    put_of_image,
    shard_key,
    to_attribute,
)
from stockwright.store.dynamodb.expressions import NEVER, action_of, add_filter, is_wide, key_of_write, query_of
from stockwright.store.dynamodb.faults import (
    NOT_TAKEN,
    is_invalid_call,
    may_pass,
    met_a_lease,
    raise_unless_it_passes,
    was_refused,
)
from stockwright.store.migrations import FIRST, FORMAT, MARK, too_new, too_old
from stockwright.store.port import (
    ABSENT,
    EXAMINED_MAX,
    Add,
    Append,
    ConditionFailed,
    Delete,
    Item,
    Page,
    Put,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from stockwright.store.port import Decision, IndexName, Key, Write


WRITES_MAX: Final = 100
GET_KEYS_MAX: Final = 100
DELETES_MAX: Final = 25
"""So many items one BatchWriteItem removes."""
CALLS_AT_ONCE: Final = 32
ATTEMPTS_MAX: Final = 8
BACKOFF_SECONDS: Final = 0.025
CONNECT_SECONDS: Final = 1.0
CALL_SECONDS: Final = 3.0
"""How long an answer is waited for, and for how long a commit may be sent again."""
TAIL_DELAY_SECONDS: Final = 10.0
"""No commit arrives so long after its instant: sent again, connected, answered, and clocks that differ."""
READS_MAX: Final = 3
LOOK_SECONDS: Final = 0.5
DAYS_AT_ONCE: Final = 32
DECISIONS_MAX: Final = 5
LEASE_WAIT_SECONDS: Final = 10.0
LEASE_PAUSE_SECONDS: Final = 0.01
LEASE_PAUSE_SECONDS_MAX: Final = 0.2
_Outcome = Literal["written", "leased", "refused"]


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
    ) -> None:
        self.table, self.client = table, client
        self._resend_ms = resend_seconds * 1000
        self._tail_delay_ms = int(tail_delay_seconds * 1000)
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="stockwright-dynamodb")
        self._days: set[str] = set()
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    # ---- reading -------------------------------------------------------------------------

    async def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read items as last committed."""
        wanted = [key for key in dict.fromkeys(keys) if is_possible_key(key)]
        parts = [wanted[start : start + GET_KEYS_MAX] for start in range(0, len(wanted), GET_KEYS_MAX)]
        found = await asyncio.gather(*[self._call(self._get, part) for part in parts])
        return {item.key: item for items in found for item in items}

    def _get(self, keys: list[Key]) -> list[Item]:
        if len(keys) == 1:
            answer = self.client.get_item(TableName=self.table, Key=key_image(keys[0]), ConsistentRead=True)
            return [item_of_image(answer["Item"])] if "Item" in answer else []
        items: list[Item] = []
        left: Wire = {self.table: {"Keys": [key_image(key) for key in keys], "ConsistentRead": True}}
        for attempt in range(ATTEMPTS_MAX):
            answer = self.client.batch_get_item(RequestItems=left)
            items += [item_of_image(image) for image in answer["Responses"].get(self.table, ())]
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return items
            time.sleep(_pause(attempt))
        raise Busy

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
        if begins:
            low, high = max(low, begins), min(high or begins + LAST_CHARACTER, begins + LAST_CHARACTER)
        if after is not None:
            low, high = (low, min(high or after, after)) if reverse else (max(low, after), high)
        asked = query_of(self.table, partition, index, low, high)
        if asked is None:
            return Page((), None)
        add_filter(asked, where or {}, contains)
        asked |= {"ScanIndexForward": not reverse, "ConsistentRead": index is None}
        sort = f"{index}_s" if index else "sk"

        def keep(image: Wire) -> bool:
            at = image[sort]["S"]
            return at != after and (not high or at < high)

        page: Page = await self._call(self._query, asked, sort, keep, limit)
        return page

    def _query(self, asked: Wire, sort: str, keep: Callable[[Wire], bool], limit: int) -> Page:
        """Read pages until there is one item more than wanted, so that the last page knows it is the last.

        With a filter, until EXAMINED_MAX items were looked at.
        """
        found: list[Wire] = []
        examined, filtered = 0, "FilterExpression" in asked
        while True:
            # Two more at the edges may be read only to be dropped.
            answer = self.client.query(**asked, Limit=EXAMINED_MAX - examined if filtered else limit + 3 - len(found))
            found += [image for image in answer["Items"] if keep(image)]
            examined += answer["ScannedCount"]
            last = answer.get("LastEvaluatedKey")
            if len(found) > limit:
                return _page(found[:limit], sort, found[limit - 1][sort]["S"])
            if last is None:
                return _page(found, sort, None)
            if filtered and examined >= EXAMINED_MAX:
                return _page(found, sort, last[sort]["S"])
            asked["ExclusiveStartKey"] = last

    async def count(self, partition: str, *, index: IndexName | None = None, limit: int = 1000) -> int:
        """Count; DynamoDB reads the items for it all the same, and sends none."""
        asked = query_of(self.table, partition, index, "", "")
        counted: int = await self._call(self._count, asked, limit)
        return counted

    def _count(self, asked: Wire, limit: int) -> int:
        count: int = 0
        while True:
            answer = self.client.query(**asked, Select="COUNT", Limit=limit - count)
            count += answer["Count"]
            if count >= limit or "LastEvaluatedKey" not in answer:
                return count
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def tail(
        self, after: str = "", limit: int = 100, *, reverse: bool = False, wait_seconds: float = 0
    ) -> list[Event]:
        """Read the event log; forwards only what is old enough that nothing can come before it any more."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while True:
            events = await self._read_log(after, limit, reverse=reverse)
            left = deadline - loop.time()
            if events or left <= 0:
                return events
            await asyncio.sleep(min(left, LOOK_SECONDS))

    async def _read_log(self, after: str, limit: int, *, reverse: bool) -> list[Event]:
        """Go through the days, in each through its shards at once."""
        high = "" if reverse else f"{now_ms() - self._tail_delay_ms + 1:013d}"
        events: list[Event] = []
        async for day in self._days_from(after, reverse=reverse):
            left = limit - len(events)
            pages = await asyncio.gather(
                *[
                    self.query(shard_key(day, shard), high=high, after=after or None, limit=left, reverse=reverse)
                    for shard in range(SHARDS)
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
            page = await self.query(DAYS, low=low, high=high, after=start, limit=DAYS_AT_ONCE, reverse=reverse)
            for item in page.items:
                yield item.key[1]
            start = page.next
            if start is None:
                return

    # ---- writing -------------------------------------------------------------------------

    async def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing in one transaction."""
        await self._commit(fill(writes, {}))

    async def decide(self, key: Key, decision: Decision) -> None:
        """Lease the item, so that nobody adds to it meanwhile; decide; commit, held to its version."""
        # Those of one process take turns here, which costs no call.
        async with self._turns.setdefault(key, asyncio.Lock()):
            await self._decide(key, decision)

    async def _decide(self, key: Key, decision: Decision) -> None:
        for _ in range(DECISIONS_MAX):
            token = secrets.token_hex(16)
            item = await self._call(self._lease, key, token)
            writes: Sequence[Write] = ()
            try:
                writes = fill(decision(item), {key: item} if item else {})
                await self._commit(writes, leased=key)
            except ConditionFailed as refused:
                if any(key_of_write(writes[position]) != key for position in refused.positions):
                    await self._call(self._release, key, token)
                    raise
                # The lease ran out before the commit: decided again.
            except BaseException:
                await self._call(self._release, key, token)
                raise
            else:
                if not any(isinstance(write, Put | Add | Delete) and write.key == key for write in writes):
                    await self._call(self._release, key, token)
                return
        raise Busy("Too many concurrent changes to the same record; try again shortly")

    def _lease(self, key: Key, token: str) -> Item | None:
        """Take the lease, however many transactions are under way at the item; return the item as it is now."""
        tries, deadline = 0, time.monotonic() + LEASE_WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.client.update_item(**lease.take(self.table, key_image(key), token, now_ms()))
            except self.client.exceptions.ConditionalCheckFailedException:
                if "Item" not in self.client.get_item(TableName=self.table, Key=key_image(key), ConsistentRead=True):
                    return None
            except Exception as fault:
                if not may_pass(fault):
                    raise
            else:
                return item_of_image(answer["Attributes"])
            time.sleep(_lease_pause(tries))
            tries += 1
        raise Busy

    def _release(self, key: Key, token: str) -> None:
        """Give the lease back; where that fails it runs out by itself."""
        try:
            self.client.update_item(**lease.drop(self.table, key_image(key), token))
        except self.client.exceptions.ConditionalCheckFailedException:
            return
        except Exception as fault:
            if not may_pass(fault):
                raise

    async def _commit(self, writes: Sequence[Write], leased: Key | None = None) -> None:
        if len(writes) > WRITES_MAX:
            raise PayloadTooLarge(
                f"This is {len(writes)} writes in one transaction, and DynamoDB allows {WRITES_MAX}: "
                "send fewer lines at once"
            )
        keys = [write.key for write in writes if not isinstance(write, Append)]
        if len(set(keys)) != len(keys):
            raise ValueError("two writes to one item in one commit")
        if not writes:
            return
        attempt, waits, deadline = 0, 0, time.monotonic() + LEASE_WAIT_SECONDS
        while attempt < ATTEMPTS_MAX and time.monotonic() < deadline:
            outcome: _Outcome = await self._call(self._transact, writes, leased)
            if outcome == "written":
                return
            if outcome == "leased":
                # The holder of the lease is done in a moment: waiting for it is no failed attempt.
                await asyncio.sleep(_lease_pause(waits))
                waits += 1
            else:
                await asyncio.sleep(_pause(attempt))
                attempt += 1
        raise Busy("Too many concurrent changes to the same record; try again shortly")

    def _transact(self, writes: Sequence[Write], leased: Key | None) -> _Outcome:
        """Send one transaction; what is not "written" wrote nothing, and may be sent again."""
        errors, token = self.client.exceptions, secrets.token_hex(16)
        wide = {position: self._read_and_add(write) for position, write in enumerate(writes) if is_wide(write)}
        now = self._instant(writes)
        items = [
            wide.get(position) or action_of(self.table, write, now, leased) for position, write in enumerate(writes)
        ]
        may_be_done = False
        for attempt in range(ATTEMPTS_MAX):
            if attempt and now_ms() - now > self._resend_ms:
                # Its place in the log would lie behind readers that have gone on.
                break
            try:
                self.client.transact_write_items(TransactItems=items, ClientRequestToken=token)
            except errors.TransactionCanceledException as cancelled:
                raise_unless_it_passes(cancelled, items, now)
                return "leased" if met_a_lease(cancelled, now) else "refused"
            except Exception as fault:
                # Whether it was written is not known: the same token asks again, and it happens once.
                if not may_pass(fault):
                    raise
                may_be_done = may_be_done or not was_refused(fault)
                time.sleep(_pause(attempt))
            else:
                return "written"
        if may_be_done and self._is_done(items):
            return "written"
        raise Unknown if may_be_done else Busy

    def _instant(self, writes: Sequence[Write]) -> int:
        """Take the instant of a commit (ms); its day is in the list of days before."""
        now = now_ms()
        if not any(isinstance(write, Append) for write in writes):
            return now
        while (day := day_of(now)) not in self._days:
            self.client.put_item(TableName=self.table, Item=day_image(day))
            self._days.add(day)
            now = now_ms()
        return now

    def _read_and_add(self, add: Add) -> Wire:
        """Add to more numbers than an expression has room for: what is read, changed and held to its version."""
        image = self.client.get_item(TableName=self.table, Key=key_image(add.key), ConsistentRead=True).get("Item")
        item = item_of_image(image) if image else None
        body = added(item.body, add) if item and add.expect in {None, item.version} else None
        at_key = {"TableName": self.table, "Key": key_image(add.key)}
        if item is None or body is None:
            return {"ConditionCheck": at_key | {"ConditionExpression": NEVER}}
        values = {":one": {"N": "1"}, ":body": to_attribute(body), ":read": {"N": str(item.version)}}
        written = {"UpdateExpression": "SET v = v + :one, b = :body", "ConditionExpression": "v = :read"}
        return {"Update": at_key | written | {"ExpressionAttributeValues": values}}

    def _is_done(self, items: Sequence[Wire]) -> bool:
        """Return whether a transaction is seen to be written: all that it put stands there, as it was put."""
        put = [action["Put"]["Item"] for action in items if "Put" in action]
        try:
            found = [
                self.client.get_item(TableName=self.table, Key=key_of_image(image), ConsistentRead=True)
                for image in put
            ]
        except Exception as fault:
            if not may_pass(fault):
                raise
            return False
        return bool(put) and all(is_same(each.get("Item"), image) for each, image in zip(found, put, strict=True))

    async def _call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run a call in a thread of the pool, once more where it may pass; what does not pass is Busy."""
        loop = asyncio.get_running_loop()
        for attempt in range(READS_MAX):
            try:
                return await loop.run_in_executor(self._threads, work, *arguments)
            except Exception as fault:
                if "item size" in str(fault).lower():
                    raise PayloadTooLarge(
                        "This exceeds the size of a DynamoDB item (400 KB); send less at once"
                    ) from fault
                if is_invalid_call(fault):
                    raise Invalid(NOT_TAKEN) from fault
                if not may_pass(fault):
                    raise
            await asyncio.sleep(_pause(attempt))
        raise Busy

    # ---- keeping house -------------------------------------------------------------------

    def marks_of_new_shop(self) -> list[Write]:
        """Return what marks a table as one of this release's format; written in the commit that makes the shop."""
        return [] if self.is_marked else [Put(MARK, {"format": FORMAT}, ABSENT)]

    async def purge(self, now_seconds: int, limit: int = 1000) -> int:  # noqa: ARG002 - the port's
        """Leave it to DynamoDB, which removes what is past its `ttl` by itself."""
        return 0

    async def scan(self, after: Key | None = None, limit: int = 500) -> tuple[list[Put], Key | None]:
        """Read all items in the table's order; the log's, which are left out, are read for it all the same."""
        answer: Wire = await self._call(self._scan, after, limit)
        rows = [put_of_image(image) for image in answer["Items"] if not is_of_log(image)]
        last = answer.get("LastEvaluatedKey")
        return [row for row in rows if row.key != MARK], (last["pk"]["S"], last["sk"]["S"]) if last else None

    def _scan(self, after: Key | None, limit: int) -> Wire:
        start = {"ExclusiveStartKey": key_image(after)} if after else {}
        answer: Wire = self.client.scan(TableName=self.table, ConsistentRead=True, Limit=limit, **start)
        return answer

    async def rewrite(self, events: Sequence[Event]) -> None:
        """Write the events again, one by one."""
        for event in events:
            await self._call(self._rewrite, event)

    def _rewrite(self, event: Event) -> None:
        at = int(event.position.split("-", maxsplit=1)[0])
        image = event_image(event, at, event.position)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key_of_image(image),
                UpdateExpression="SET b = :body",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":body": image["b"]},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    async def trim(self, through: str, limit: int = 1000) -> int:
        """Remove events day by day, each day's entry in the list of days after its last event."""
        removed, last = 0, day_of(int(through.split("-", maxsplit=1)[0])) if through else ""
        async for day in self._days_from("", reverse=False):
            if day > last or removed == limit:
                break
            left, gone = limit - removed, 0
            pages = [
                await self.query(shard_key(day, shard), high=f"{through}\x00", limit=left) for shard in range(SHARDS)
            ]
            keys = sorted((item.key for page in pages for item in page.items), key=lambda key: key[1])[:left]
            for start in range(0, len(keys), DELETES_MAX):
                part = keys[start : start + DELETES_MAX]
                gone += len(part)
                await self._call(self._delete, part)
            removed += gone
            if day < last and gone == sum(len(page.items) for page in pages) and not any(page.next for page in pages):
                await self._call(self._delete, [(DAYS, day)])
        return removed

    def _delete(self, keys: list[Key]) -> None:
        left: Wire = {self.table: [{"DeleteRequest": {"Key": key_image(key)}} for key in keys]}
        for attempt in range(ATTEMPTS_MAX):
            left = self.client.batch_write_item(RequestItems=left).get("UnprocessedItems") or {}
            if not left:
                return
            time.sleep(_pause(attempt))
        raise Busy

    async def check(self) -> str:
        """Leave it to DynamoDB, which keeps three copies and compares them."""
        return ""

    async def close(self) -> None:
        """Finish the calls under way."""
        await asyncio.to_thread(self._threads.shutdown)
        self.client.close()


def connect(
    table: str, tail_delay_seconds: float = TAIL_DELAY_SECONDS, *, of_any_format: bool = False
) -> DynamoDbStore:
    """Open the table that the settings and AWS's own variables name, or say in one line why not."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = make_client(
            "dynamodb",
            connect_seconds=CONNECT_SECONDS,
            read_seconds=CALL_SECONDS,
            attempts=1,
            connections=CALLS_AT_ONCE,
        )
        mark = client.get_item(TableName=table, Key=key_image(MARK), ConsistentRead=True).get("Item")
    except ClientError as refused:
        code, message = refused.response["Error"]["Code"], refused.response["Error"].get("Message", "")
        if code == "ResourceNotFoundException":
            raise Misconfigured(
                f"there is no DynamoDB table {table} in {client.meta.region_name}: "
                "check STOCKWRIGHT_TABLE_NAME and AWS_REGION, or make it: stockwright table create"
            ) from None
        if code in {"AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException"}:
            raise Misconfigured(
                f"AWS does not let these credentials use the table {table}: {message or code}"
            ) from None
        raise Misconfigured(f"DynamoDB refuses to open the table {table}: {message or code}") from None
    except BotoCoreError as wrong:
        raise Misconfigured(f"DynamoDB cannot be reached: {wrong}") from None
    if not of_any_format:
        _check_format(table, format_of_mark(mark))
    store = DynamoDbStore(table, client, tail_delay_seconds=tail_delay_seconds)
    store.is_marked = mark is not None
    return store


def _check_format(table: str, found: int) -> None:
    """Refuse what cannot be read: a table of this release's format or the one before is, item by item."""
    if found > FORMAT:
        raise Misconfigured(too_new(f"the table {table}", found))
    if found < FORMAT - 1:
        raise Misconfigured(too_old(f"the table {table}", found))


def format_of_mark(mark: Wire | None) -> int:
    """Return a table's format; the first had no mark."""
    return FIRST if mark is None else int(from_attribute(mark["b"])["format"])


def _page(images: list[Wire], sort: str, following: str | None) -> Page:
    return Page(tuple(map(item_of_image, images)), following, tuple(image[sort]["S"] for image in images))


# ---- faults ----------------------------------------------------------------------------------


def _pause(attempt: int) -> float:
    """Return a wait with full jitter (seconds)."""
    return random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311


def _lease_pause(tries: int) -> float:
    """Return how long to wait for the holder of a lease (seconds): longer each time, with full jitter."""
    return random.uniform(0, min(LEASE_PAUSE_SECONDS_MAX, LEASE_PAUSE_SECONDS * 2**tries))  # noqa: S311
