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
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard
from weakref import WeakValueDictionary
from zlib import crc32

from stockwright.base.errors import Busy, Invalid, Misconfigured, PayloadTooLarge, Unknown
from stockwright.base.event import Event
from stockwright.store import lease
from stockwright.store.apply_add import added, fill
from stockwright.store.aws_client import make_client
from stockwright.store.migrations import FIRST, FORMAT, MARK, too_new, too_old, upgrade
from stockwright.store.port import (
    ABSENT,
    EXAMINED_MAX,
    INDEXES,
    Add,
    Append,
    Check,
    ConditionFailed,
    Delete,
    Item,
    Page,
    Put,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from stockwright.store.port import Decision, IndexName, Key, Path, Write

WRITES_MAX: Final = 100
GET_KEYS_MAX: Final = 100
PK_BYTES_MAX: Final = 2048
SK_BYTES_MAX: Final = 1024
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
PATHS_MAX: Final = 40
"""How many numbers of an item one expression moves; about a hundred are longer than DynamoDB takes (4 KB)."""
DECISIONS_MAX: Final = 5
LEASE_WAIT_SECONDS: Final = 10.0
LEASE_PAUSE_SECONDS: Final = 0.01
LEASE_PAUSE_SECONDS_MAX: Final = 0.2
NEVER: Final = "attribute_exists(pk) AND attribute_not_exists(pk)"
NOT_TAKEN: Final = (
    "DynamoDB refuses this: it contains an empty name, is nested more than 32 levels deep, "
    "or has a number of more than 38 digits"
)
SHARDS: Final = 4
DAY_MS: Final = 86_400_000
DAYS: Final = "LOG"
HANDLED_BEFORE: Final = "told"
"""Marks an event that a copied shop's handlers have had already."""
_PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_BUSY: Final = frozenset(
    {
        "TransactionConflictException",
        "TransactionInProgressException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
    }
)

_REFUSED: Final = frozenset(
    {
        "TransactionConflictException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    }
)

_Wire = dict[str, Any]
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
        wanted = [key for key in dict.fromkeys(keys) if _can_be(key)]
        parts = [wanted[start : start + GET_KEYS_MAX] for start in range(0, len(wanted), GET_KEYS_MAX)]
        found = await asyncio.gather(*[self._call(self._get, part) for part in parts])
        return {item.key: item for items in found for item in items}

    def _get(self, keys: list[Key]) -> list[Item]:
        if len(keys) == 1:
            answer = self.client.get_item(TableName=self.table, Key=key_image(keys[0]), ConsistentRead=True)
            return [item_of_image(answer["Item"])] if "Item" in answer else []
        items: list[Item] = []
        left: _Wire = {self.table: {"Keys": [key_image(key) for key in keys], "ConsistentRead": True}}
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
            low, high = max(low, begins), min(high or begins + _LAST, begins + _LAST)
        if after is not None:
            low, high = (low, min(high or after, after)) if reverse else (max(low, after), high)
        asked = _asked(self.table, partition, index, low, high)
        if asked is None:
            return Page((), None)
        _filter(asked, where or {}, contains)
        asked |= {"ScanIndexForward": not reverse, "ConsistentRead": index is None}
        sort = f"{index}_s" if index else "sk"

        def keep(image: _Wire) -> bool:
            at = image[sort]["S"]
            return at != after and (not high or at < high)

        page: Page = await self._call(self._query, asked, sort, keep, limit)
        return page

    def _query(self, asked: _Wire, sort: str, keep: Callable[[_Wire], bool], limit: int) -> Page:
        """Read pages until there is one item more than wanted, so that the last page knows it is the last.

        With a filter, until EXAMINED_MAX items were looked at.
        """
        found: list[_Wire] = []
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
        asked = _asked(self.table, partition, index, "", "")
        counted: int = await self._call(self._count, asked, limit)
        return counted

    def _count(self, asked: _Wire, limit: int) -> int:
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
        high = "" if reverse else f"{_now_ms() - self._tail_delay_ms + 1:013d}"
        events: list[Event] = []
        async for day in self._days_from(after, reverse=reverse):
            left = limit - len(events)
            pages = await asyncio.gather(
                *[
                    self.query(_shard(day, shard), high=high, after=after or None, limit=left, reverse=reverse)
                    for shard in range(SHARDS)
                ]
            )
            found = sorted((item for each in pages for item in each.items), key=lambda item: item.key[1])
            events += [_event(item) for item in islice(reversed(found) if reverse else found, left)]
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
                if any(_key_of_write(writes[position]) != key for position in refused.positions):
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
                answer = self.client.update_item(**lease.take(self.table, key_image(key), token, _now_ms()))
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
        wide = {position: self._read_and_add(write) for position, write in enumerate(writes) if _is_wide(write)}
        now = self._instant(writes)
        items = [wide.get(position) or _action(self.table, write, now, leased) for position, write in enumerate(writes)]
        may_be_done = False
        for attempt in range(ATTEMPTS_MAX):
            if attempt and _now_ms() - now > self._resend_ms:
                # Its place in the log would lie behind readers that have gone on.
                break
            try:
                self.client.transact_write_items(TransactItems=items, ClientRequestToken=token)
            except errors.TransactionCanceledException as cancelled:
                _raise_unless_it_passes(cancelled, items, now)
                return "leased" if _met_a_lease(cancelled, now) else "refused"
            except Exception as fault:
                # Whether it was written is not known: the same token asks again, and it happens once.
                if not may_pass(fault):
                    raise
                may_be_done = may_be_done or not _was_refused(fault)
                time.sleep(_pause(attempt))
            else:
                return "written"
        if may_be_done and self._is_done(items):
            return "written"
        raise Unknown if may_be_done else Busy

    def _instant(self, writes: Sequence[Write]) -> int:
        """Take the instant of a commit (ms); its day is in the list of days before."""
        now = _now_ms()
        if not any(isinstance(write, Append) for write in writes):
            return now
        while (day := day_of(now)) not in self._days:
            self.client.put_item(TableName=self.table, Item=day_image(day))
            self._days.add(day)
            now = _now_ms()
        return now

    def _read_and_add(self, add: Add) -> _Wire:
        """Add to more numbers than an expression has room for: what is read, changed and held to its version."""
        image = self.client.get_item(TableName=self.table, Key=key_image(add.key), ConsistentRead=True).get("Item")
        item = item_of_image(image) if image else None
        body = added(item.body, add) if item and add.expect in {None, item.version} else None
        at_key = {"TableName": self.table, "Key": key_image(add.key)}
        if item is None or body is None:
            return {"ConditionCheck": at_key | {"ConditionExpression": NEVER}}
        values = {":one": {"N": "1"}, ":body": _attribute(body), ":read": {"N": str(item.version)}}
        written = {"UpdateExpression": "SET v = v + :one, b = :body", "ConditionExpression": "v = :read"}
        return {"Update": at_key | written | {"ExpressionAttributeValues": values}}

    def _is_done(self, items: Sequence[_Wire]) -> bool:
        """Return whether a transaction is seen to be written: all that it put stands there, as it was put."""
        put = [action["Put"]["Item"] for action in items if "Put" in action]
        try:
            found = [
                self.client.get_item(TableName=self.table, Key=_key_of(image), ConsistentRead=True) for image in put
            ]
        except Exception as fault:
            if not may_pass(fault):
                raise
            return False
        return bool(put) and all(_same(each.get("Item"), image) for each, image in zip(found, put, strict=True))

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
                if _is_invalid(fault):
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


def format_of_mark(mark: _Wire | None) -> int:
    """Return a table's format; the first had no mark."""
    return FIRST if mark is None else int(_plain(mark["b"])["format"])


def table_definition(table: str) -> _Wire:
    """Return the arguments of CreateTable; the stack's template has the same."""
    names = ["pk", "sk", *[f"{index}_{part}" for index in INDEXES for part in "ps"]]
    return {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        "KeySchema": _key_schema("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": _key_schema(f"{index}_p", f"{index}_s"),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in INDEXES
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }


def create_table(client: Any, table: str) -> None:
    """Make the table; in the cloud form the stack makes it."""
    client.create_table(**table_definition(table))
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    client.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})


def table_problems(client: Any, table: str) -> list[str]:
    """Compare a table with what it must be; returns what differs, in words."""
    wanted, found = table_definition(table), client.describe_table(TableName=table)["Table"]
    problems = []
    if found["TableStatus"] != "ACTIVE":
        problems.append(f"the table is {found['TableStatus']}, not ACTIVE")
    if found["KeySchema"] != wanted["KeySchema"]:
        problems.append(f"its key is {_keys(found)}, not {_keys(wanted)}")
    types = {each["AttributeName"]: each["AttributeType"] for each in found["AttributeDefinitions"]}
    problems += [
        f"{each['AttributeName']} is of type {types[each['AttributeName']]}, not {each['AttributeType']}"
        for each in wanted["AttributeDefinitions"]
        if types.get(each["AttributeName"], each["AttributeType"]) != each["AttributeType"]
    ]
    indexes = {each["IndexName"]: each for each in found.get("GlobalSecondaryIndexes", [])}
    for index in wanted["GlobalSecondaryIndexes"]:
        name, there = index["IndexName"], indexes.get(index["IndexName"])
        if there is None:
            problems.append(f"the index {name} ({_keys(index)}) is missing")
        elif there["KeySchema"] != index["KeySchema"] or there["Projection"] != index["Projection"]:
            problems.append(f"the index {name} is not on {_keys(index)} with all attributes")
        elif there.get("IndexStatus", "ACTIVE") != "ACTIVE":
            problems.append(f"the index {name} is {there['IndexStatus']}, not ACTIVE")
    stream = found.get("StreamSpecification", {})
    if not stream.get("StreamEnabled") or stream.get("StreamViewType") != "NEW_AND_OLD_IMAGES":
        problems.append("its stream does not carry new and old images")
    ttl = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if ttl.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"} or ttl.get("AttributeName") != "ttl":
        problems.append("its time to live is not on the attribute ttl, so nothing that has expired is removed")
    return problems


def _keys(schema: _Wire) -> str:
    return " + ".join(each["AttributeName"] for each in schema["KeySchema"])


def item_of_image(image: _Wire) -> Item:
    """Read an item as DynamoDB writes it (in an answer, or in a record of the stream), in this release's format."""
    row = row_of_image(image)
    return Item(row.key, row.expect + 1, (upgrade(row) or row).body)


def event_of_image(image: _Wire) -> Event | None:
    """Read an event of the log from a record of the stream; None where the item is none, or an old story."""
    is_news = image["pk"]["S"].startswith(f"{DAYS}#") and HANDLED_BEFORE not in image
    return _event(item_of_image(image)) if is_news else None


def is_of_log(image: _Wire) -> bool:
    """Return whether an item is an event of the log, or one of the log's days."""
    pk: str = image["pk"]["S"]
    return pk == DAYS or pk.startswith(f"{DAYS}#")


def put_of_image(image: _Wire) -> Put:
    """Read an item as the write that makes it what it is in this release's format."""
    row = row_of_image(image)
    return upgrade(row) or row


def row_of_image(image: _Wire) -> Put:
    """Read an item as it is stored, in whatever format, as the write that makes it that."""
    key, version, body = (image["pk"]["S"], image["sk"]["S"]), int(image["v"]["N"]), _plain(image["b"])
    indexes: dict[IndexName, tuple[str, str]] = {
        index: (image[f"{index}_p"]["S"], image[f"{index}_s"]["S"]) for index in INDEXES if f"{index}_p" in image
    }
    ttl = int(image["ttl"]["N"]) if "ttl" in image else None
    return Put(key, body, version - 1, indexes, image.get("t", {}).get("S", ""), ttl)


# ---- as DynamoDB writes it -------------------------------------------------------------------

_LAST: Final = "\U0010ffff"


def _can_be(key: Key) -> bool:
    """Return whether DynamoDB takes such a key; what it does not take is not there."""
    pk, sk = len(key[0].encode()), len(key[1].encode())
    return 0 < pk <= PK_BYTES_MAX and 0 < sk <= SK_BYTES_MAX


def key_image(key: Key) -> _Wire:
    """Write a key."""
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _key_schema(partition: str, sort: str) -> list[_Wire]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _attribute(value: Any) -> _Wire:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, dict):
        return {"M": {str(name): _attribute(each) for name, each in value.items()}}
    return {"L": [_attribute(each) for each in value]}


def _plain(attribute: _Wire) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "M":
        return {name: _plain(each) for name, each in value.items()}
    if kind == "L":
        return [_plain(each) for each in value]
    if kind == "N":
        return int(value) if value.lstrip("-").isdecimal() else float(value)
    return None if kind == "NULL" else value


def _action(table: str, write: Write, now: int, leased: Key | None) -> _Wire:
    """Write one write as an action of a transaction."""
    if isinstance(write, Append):
        return {"Put": {"TableName": table, "Item": event_image(write.event, now, f"{now:013d}-{write.event.id}")}}
    if isinstance(write, Add):
        return {"Update": _update(table, write, None if write.key == leased else now)}
    if isinstance(write, Put):
        return {"Put": {"TableName": table, "Item": image_of_put(write)} | _expecting(write.expect)}
    at_key = {"TableName": table, "Key": key_image(write.key)} | _expecting(write.expect)
    return {"ConditionCheck": at_key} if isinstance(write, Check) else {"Delete": at_key}


def _is_wide(write: Write) -> TypeGuard[Add]:
    return isinstance(write, Add) and len(write.deltas) > PATHS_MAX


def _raise_unless_it_passes(cancelled: Any, items: Sequence[_Wire], now: int) -> None:
    """Return which conditions did not hold; nothing, where the same transaction may pass a moment later."""
    reasons = cancelled.response["CancellationReasons"]
    codes = [reason.get("Code", "None") for reason in reasons]
    failed = [position for position, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if not all(
        _is_held_to_what_was_read(items[position]) or lease.is_leased(reasons[position].get("Item") or {}, now)
        for position in failed
    ):
        raise ConditionFailed(failed) from None
    if not failed and not any(code in _PASSING for code in codes):
        raise cancelled


def _met_a_lease(cancelled: Any, now: int) -> bool:
    """Return whether a transaction was cancelled because somebody else decides on one of its items."""
    return any(lease.is_leased(reason.get("Item") or {}, now) for reason in cancelled.response["CancellationReasons"])


def _is_held_to_what_was_read(action: _Wire) -> bool:
    """Return whether what refused an action is only that the item was changed since `_read_and_add` read it."""
    return ":read" in action.get("Update", {}).get("ExpressionAttributeValues", {})


def _key_of_write(write: Write) -> Key | None:
    return None if isinstance(write, Append) else write.key


def _key_of(image: _Wire) -> _Wire:
    return {"pk": image["pk"], "sk": image["sk"]}


def _same(found: _Wire | None, put: _Wire) -> bool:
    """Compare what is there with what was put, as values: DynamoDB writes numbers in its own way."""
    if found is None:
        return False
    there, sent = item_of_image(found), item_of_image(put)
    return (there.version, there.body) == (sent.version, sent.body)


def _expecting(version: int) -> _Wire:
    if version == ABSENT:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {"ConditionExpression": "v = :expect", "ExpressionAttributeValues": {":expect": {"N": str(version)}}}


def image_of_put(put: Put) -> _Wire:
    """Write an item whole."""
    image = key_image(put.key) | {"v": {"N": str(put.expect + 1)}, "b": _attribute(put.body)}
    for index, (partition, sort) in put.indexes.items():
        image |= {f"{index}_p": {"S": partition}, f"{index}_s": {"S": sort}}
    if put.text:
        image["t"] = {"S": put.text}
    if put.ttl is not None:
        image["ttl"] = {"N": str(put.ttl)}
    return image


def _update(table: str, add: Add, now: int | None) -> _Wire:
    """Add to numbers inside the body: every path must be there, and no result may fall below its floor.

    It waits for a lease that somebody has at `now`; None: it is the holder's own, which ends with it.
    """
    names: dict[str, str] = {}
    values: _Wire = {":one": {"N": "1"}}
    sets, conditions = ["v = v + :one"], ["attribute_exists(pk)"]
    if now is not None:
        conditions.append(lease.UNLEASED)
        values[":now"] = {"N": str(now)}
    if add.expect is not None:
        conditions.append("v = :expect")
        values[":expect"] = {"N": str(add.expect)}
    for number, (path, delta) in enumerate(add.deltas.items()):
        at = _path(path, names)
        values[f":d{number}"] = {"N": str(delta)}
        sets.append(f"{at} = {at} + :d{number}")
        floor = add.floors.get(path)
        if floor is None:
            values[":number"] = {"S": "N"}
            conditions.append(f"attribute_type({at}, :number)")
        else:
            values[f":f{number}"] = {"N": str(floor - delta)}
            conditions.append(f"{at} >= :f{number}")
    for number, (name, value) in enumerate(add.sets.items()):
        values[f":s{number}"] = {"N": str(value)}
        sets.append(f"{_path((name,), names)} = :s{number}")
    written: _Wire = {
        "TableName": table,
        "Key": key_image(add.key),
        "UpdateExpression": f"SET {', '.join(sets)}{lease.DROPPED if now is None else ''}",
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return written | ({"ExpressionAttributeNames": names} if names else {})


def _path(path: Path, names: dict[str, str]) -> str:
    """Name a path by placeholders, since a location's id may hold any character."""
    parts = ["b"]
    for name in path:
        placeholder = next((known for known, given in names.items() if given == name), f"#n{len(names)}")
        names[placeholder] = name
        parts.append(placeholder)
    return ".".join(parts)


def _asked(table: str, partition: str, index: IndexName | None, low: str, high: str) -> _Wire | None:
    """Write the key condition: both bounds inclusive (what is on the upper one is dropped); None: there is nothing."""
    names = {"#p": f"{index}_p" if index else "pk", "#s": f"{index}_s" if index else "sk"}
    values = {":p": {"S": partition}}
    condition = "#p = :p"
    if low and high:
        if low > high:
            return None
        condition += " AND #s BETWEEN :low AND :high"
    elif low:
        condition += " AND #s >= :low"
    elif high:
        condition += " AND #s < :high"
    else:
        del names["#s"]
    values |= {f":{name}": {"S": text} for name, text in (("low", low), ("high", high)) if text}
    return {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    } | ({"IndexName": index} if index else {})


def _filter(asked: _Wire, where: Mapping[str, str | int | bool], contains: Sequence[str]) -> None:
    terms: list[str] = []
    for number, (name, value) in enumerate(where.items()):
        asked["ExpressionAttributeNames"][f"#w{number}"] = name
        asked["ExpressionAttributeValues"][f":w{number}"] = _attribute(value)
        terms.append(f"b.#w{number} = :w{number}")
    for number, text in enumerate(contains):
        asked["ExpressionAttributeValues"][f":text{number}"] = {"S": text}
        terms.append(f"contains(t, :text{number})")
    if terms:
        asked["FilterExpression"] = " AND ".join(terms)


def _page(images: list[_Wire], sort: str, following: str | None) -> Page:
    return Page(tuple(map(item_of_image, images)), following, tuple(image[sort]["S"] for image in images))


# ---- the log ---------------------------------------------------------------------------------


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def day_of(at: int) -> str:
    """Name the day of an instant (ms), as the log does."""
    return f"{at // DAY_MS:06d}"


def _shard(day: str, shard: int) -> str:
    return f"{DAYS}#{day}#{shard}"


def day_image(day: str) -> _Wire:
    """Write a day's entry in the list of the log's days."""
    return key_image((DAYS, day)) | {"v": {"N": "1"}, "b": {"M": {}}}


def event_image(event: Event, at: int, position: str) -> _Wire:
    """Write an event into its day, at its position."""
    body = event.as_dict()
    del body["position"]
    key = (_shard(day_of(at), crc32(event.id.encode()) % SHARDS), position)
    return key_image(key) | {"v": {"N": "1"}, "b": _attribute(body)}


def _event(item: Item) -> Event:
    return replace(Event(**item.body), position=item.key[1])


# ---- faults ----------------------------------------------------------------------------------


def _pause(attempt: int) -> float:
    """Return a wait with full jitter (seconds)."""
    return random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311


def _lease_pause(tries: int) -> float:
    """Return how long to wait for the holder of a lease (seconds): longer each time, with full jitter."""
    return random.uniform(0, min(LEASE_PAUSE_SECONDS_MAX, LEASE_PAUSE_SECONDS * 2**tries))  # noqa: S311


def may_pass(fault: BaseException) -> bool:
    """Return whether the same call may succeed a moment later: too much traffic, a lost answer, a 5xx."""
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as Unreachable

    if isinstance(fault, ClientError):
        status = fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return fault.response["Error"]["Code"] in _BUSY or status >= 500  # noqa: PLR2004
    return isinstance(fault, Unreachable | HTTPClientError)


def _was_refused(fault: BaseException) -> bool:
    """Return whether a call that may be made again has certainly done nothing: it was refused, or never sent."""
    from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

    if isinstance(fault, ClientError):
        return fault.response["Error"]["Code"] in _REFUSED
    return isinstance(fault, ConnectTimeoutError | EndpointConnectionError)


def _is_invalid(fault: BaseException) -> bool:
    """Return whether DynamoDB does not take what was sent, whole or a part of it."""
    from botocore.exceptions import ClientError

    if not isinstance(fault, ClientError):
        return False
    reasons = fault.response.get("CancellationReasons", ())
    code = fault.response["Error"]["Code"]
    return code == "ValidationException" or any(reason.get("Code") == "ValidationError" for reason in reasons)
