"""Writing: each commit is one TransactWriteItems with a token of its own, and a decision is held by a lease.

A call whose answer was lost is repeated under the same token and has one effect. A transaction that was cancelled
for a conflict or for too much traffic wrote nothing; it is tried again a few times, with full jitter, and then is
`Busy`.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from typing import TYPE_CHECKING, Final, Literal
from weakref import WeakValueDictionary

from stockwright.base.errors import Busy, PayloadTooLarge, Unknown
from stockwright.store.apply_add import added, fill
from stockwright.store.dynamodb import lease
from stockwright.store.dynamodb.calls import ATTEMPTS_MAX, pause
from stockwright.store.dynamodb.codec import (
    Wire,
    is_same,
    item_of_image,
    key_image,
    key_of_image,
    now_ms,
    to_attribute,
)
from stockwright.store.dynamodb.entries import OWN, delete_entries, plan_of, put_entries
from stockwright.store.dynamodb.expressions import NEVER, action_of, is_wide, key_of_write
from stockwright.store.dynamodb.faults import may_pass, met_a_lease, raise_unless_it_passes, was_refused
from stockwright.store.dynamodb.layout import LAYOUT
from stockwright.store.port import Add, Append, ConditionFailed, Delete, Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.dynamodb.entries import Plan
    from stockwright.store.dynamodb.layout import Layout
    from stockwright.store.dynamodb.log import Log
    from stockwright.store.port import Decision, Item, Key, Write


WRITES_MAX: Final = 100
DECISIONS_MAX: Final = 5
LEASE_WAIT_SECONDS: Final = 10.0
LEASE_PAUSE_SECONDS: Final = 0.01
LEASE_PAUSE_SECONDS_MAX: Final = 0.2
_Outcome = Literal["written", "leased", "refused"]


class Writer:
    """What is written to one table; a commit is sent again for `resend_ms` at most."""

    def __init__(self, calls: Calls, log: Log, resend_ms: float) -> None:
        self._calls, self._log = calls, log
        self._resend_ms = resend_ms
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

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
            item = await self._calls.run(self._lease, key, token)
            writes: Sequence[Write] = ()
            try:
                writes = fill(decision(item), {key: item} if item else {})
                await self._commit(writes, leased=key)
            except ConditionFailed as refused:
                if any(key_of_write(writes[position]) != key for position in refused.positions):
                    await self._calls.run(self._release, key, token)
                    raise
                # The lease ran out before the commit: decided again.
            except BaseException:
                await self._calls.run(self._release, key, token)
                raise
            else:
                if not any(isinstance(write, Put | Add | Delete) and write.key == key for write in writes):
                    await self._calls.run(self._release, key, token)
                return
        raise Busy("Too many concurrent changes to the same record; try again shortly")

    def _lease(self, key: Key, token: str) -> Item | None:
        """Take the lease, however many transactions are under way at the item; return the item as it is now."""
        tries, deadline = 0, time.monotonic() + LEASE_WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self._calls.client.update_item(
                    **lease.take(self._calls.table, key_image(key), token, now_ms())
                )
            except self._calls.client.exceptions.ConditionalCheckFailedException:
                if "Item" not in self._calls.client.get_item(
                    TableName=self._calls.table, Key=key_image(key), ConsistentRead=True
                ):
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
            self._calls.client.update_item(**lease.drop(self._calls.table, key_image(key), token))
        except self._calls.client.exceptions.ConditionalCheckFailedException:
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
        layout = await self._calls.layout()
        plan: Plan = await self._calls.run(plan_of, self._calls, writes, layout)
        if plan.new:
            await self._calls.run(put_entries, self._calls.client, self._calls.table, plan.new)
        try:
            await self._commit_with(writes, leased, layout, plan)
        except ConditionFailed:
            if plan.new:
                await self._calls.run(delete_entries, self._calls.client, self._calls.table, plan.new)
            raise
        if plan.former:
            await self._calls.run(delete_entries, self._calls.client, self._calls.table, plan.former)
        if LAYOUT in keys:
            self._calls.forget_layout()

    async def _commit_with(self, writes: Sequence[Write], leased: Key | None, layout: Layout, plan: Plan) -> None:
        attempt, waits, deadline = 0, 0, time.monotonic() + LEASE_WAIT_SECONDS
        while attempt < ATTEMPTS_MAX and time.monotonic() < deadline:
            outcome: _Outcome = await self._calls.run(self._transact, writes, leased, layout, plan)
            if outcome == "written":
                return
            if outcome == "leased":
                # The holder of the lease is done in a moment: waiting for it is no failed attempt.
                await asyncio.sleep(_lease_pause(waits))
                waits += 1
            else:
                await asyncio.sleep(pause(attempt))
                attempt += 1
        raise Busy("Too many concurrent changes to the same record; try again shortly")

    def _transact(self, writes: Sequence[Write], leased: Key | None, layout: Layout, plan: Plan) -> _Outcome:
        """Send one transaction; what is not "written" wrote nothing, and may be sent again."""
        errors, token = self._calls.client.exceptions, secrets.token_hex(16)
        wide = {position: self._read_and_add(write) for position, write in enumerate(writes) if is_wide(write)}
        now = self._log.instant(with_events=any(isinstance(write, Append) for write in writes))
        items = [
            wide.get(position) or action_of(self._calls.table, write, now, leased, layout)
            for position, write in enumerate(writes)
        ]
        for position, own in plan.own.items():
            items[position]["Put"]["Item"][OWN] = own
        may_be_done = False
        for attempt in range(ATTEMPTS_MAX):
            if attempt and now_ms() - now > self._resend_ms:
                # Its position in the log would be before readers that have gone on.
                break
            try:
                self._calls.client.transact_write_items(TransactItems=items, ClientRequestToken=token)
            except errors.TransactionCanceledException as cancelled:
                raise_unless_it_passes(cancelled, items, now)
                return "leased" if met_a_lease(cancelled, now) else "refused"
            except Exception as fault:
                # Whether it was written is not known: the same token asks again, and it happens once.
                if not may_pass(fault):
                    raise
                may_be_done = may_be_done or not was_refused(fault)
                time.sleep(pause(attempt))
            else:
                return "written"
        if may_be_done and self._is_done(items):
            return "written"
        raise Unknown if may_be_done else Busy

    def _read_and_add(self, add: Add) -> Wire:
        """Add to more numbers than an expression has room for: what is read, changed and held to its version."""
        image = self._calls.client.get_item(
            TableName=self._calls.table, Key=key_image(add.key), ConsistentRead=True
        ).get("Item")
        item = item_of_image(image) if image else None
        body = added(item.body, add) if item and add.expect in {None, item.version} else None
        at_key = {"TableName": self._calls.table, "Key": key_image(add.key)}
        if item is None or body is None:
            return {"ConditionCheck": at_key | {"ConditionExpression": NEVER}}
        values = {":one": {"N": "1"}, ":body": to_attribute(body), ":read": {"N": str(item.version)}}
        written = {"UpdateExpression": "SET v = v + :one, b = :body", "ConditionExpression": "v = :read"}
        return {"Update": at_key | written | {"ExpressionAttributeValues": values}}

    def _is_done(self, items: Sequence[Wire]) -> bool:
        """Return whether a transaction is seen to be written: all that it put is there, as it was put."""
        put = [action["Put"]["Item"] for action in items if "Put" in action]
        try:
            found = [
                self._calls.client.get_item(TableName=self._calls.table, Key=key_of_image(image), ConsistentRead=True)
                for image in put
            ]
        except Exception as fault:
            if not may_pass(fault):
                raise
            return False
        return bool(put) and all(is_same(each.get("Item"), image) for each, image in zip(found, put, strict=True))


def _lease_pause(tries: int) -> float:
    """Return how long to wait for the holder of a lease (seconds): longer each time, with full jitter."""
    return random.uniform(0, min(LEASE_PAUSE_SECONDS_MAX, LEASE_PAUSE_SECONDS * 2**tries))  # noqa: S311
