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
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, Literal
from weakref import WeakValueDictionary

from msgspec import Struct
from msgspec.structs import replace

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
from stockwright.store.dynamodb.faults import PASSING, may_pass, met_a_lease, raise_unless_it_passes, was_refused
from stockwright.store.dynamodb.layout import LAYOUT
from stockwright.store.dynamodb.parts import COUNT, may_be_split, part_key, spread
from stockwright.store.port import Add, Append, ConditionFailed, Delete, Key, Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.dynamodb.entries import Plan
    from stockwright.store.dynamodb.layout import Layout
    from stockwright.store.dynamodb.log import Log
    from stockwright.store.dynamodb.splitting import Splits
    from stockwright.store.port import Decision, Item, Write


WRITES_MAX: Final = 100
DECISIONS_MAX: Final = 5
LEASE_WAIT_SECONDS: Final = 10.0
LEASE_PAUSE_SECONDS: Final = 0.01
LEASE_PAUSE_SECONDS_MAX: Final = 0.2
MOVES_MAX: Final = 25
"""How often a commit looks for another part that has enough."""
HOT_AFTER: Final = 2
"""An item that one commit was refused at so often is hot."""
DIVIDES_CHANCE: Final = 0.3
"""How many of those who find it so divide it: one is enough."""


class _Outcome(Struct, frozen=True):
    """What became of a transaction, and the items that were too busy, or that it moved from."""

    kind: Literal["written", "leased", "moved", "refused"]
    keys: Collection[Key] = ()


class _Actions(Struct):
    """The actions of a transaction, the position of the write that each is of, and the parts that are changed."""

    items: list[Wire]
    positions: list[int]
    parts: list[tuple[Key, int, Add]]


class _TooLittleError(Exception):
    """All parts of an item, as they are known here, have too little together."""

    def __init__(self, key: Key) -> None:
        self.key = key
        super().__init__(key)


class Writer:
    """What is written to one table; a commit is sent again for `resend_ms` at most."""

    def __init__(self, calls: Calls, log: Log, splits: Splits, resend_ms: float) -> None:
        self._calls, self._log, self._splits = calls, log, splits
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
            item = await self._calls.run(self._lease_whole, key, token)
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

    def _lease_whole(self, key: Key, token: str) -> Item | None:
        """Take the lease of an item whose parts, if it has any, are put together first."""
        for _ in range(DECISIONS_MAX):
            image = self._lease(key, token)
            if image is None or COUNT not in image:
                return None if image is None else item_of_image(image)
            self._release(key, token)
            self._splits.unite(key)
        raise Busy

    def _lease(self, key: Key, token: str) -> Wire | None:
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
                image: Wire = answer["Attributes"]
                return image
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
        attempt, waits, moves, deadline = 0, 0, 0, time.monotonic() + LEASE_WAIT_SECONDS
        refusals = Counter[Key]()
        while attempt < ATTEMPTS_MAX and moves < MOVES_MAX and time.monotonic() < deadline:
            await self._unite_named(writes, leased)
            outcome: _Outcome = await self._calls.run(self._transact, writes, leased, layout, plan)
            match outcome.kind:
                case "written":
                    return
                case "leased":
                    # The holder of the lease is done in a moment: waiting for it is no failed attempt.
                    await asyncio.sleep(_lease_pause(waits))
                    waits += 1
                case "moved":
                    # The part had too little: perhaps another has enough, or they are one again.
                    await self._look_again(writes, outcome.keys)
                    moves += 1
                case "refused":
                    refusals.update(outcome.keys)
                    await self._relieve(outcome.keys, refusals)
                    await asyncio.sleep(pause(attempt))
                    attempt += 1
        raise Busy("Too many concurrent changes to the same record; try again shortly")

    async def _unite_named(self, writes: Sequence[Write], leased: Key | None) -> None:
        """Put together what a write names a version of, or moves too many numbers of."""
        for write in writes:
            if isinstance(write, Append) or write.key == leased or self._splits.get(write.key) is None:
                continue
            if not isinstance(write, Add) or write.expect is not None or is_wide(write):
                await self._calls.run(self._splits.unite, write.key)

    async def _look_again(self, writes: Sequence[Write], keys: Collection[Key]) -> None:
        """Read the parts of items again; raises ConditionFailed where all of them together have too little."""
        for position, write in enumerate(writes):
            if not isinstance(write, Add) or write.key not in keys:
                continue
            image = await self._calls.run(self._splits.read, write.key)
            split = self._splits.get(write.key)
            if image is None or (split is not None and spread(write, split) is None):
                raise ConditionFailed([position])

    async def _relieve(self, keys: Collection[Key], refusals: Counter[Key]) -> None:
        """Find out whether a hot item is in parts already; divide it where it was hot more than once."""
        for key in keys:
            if refusals[key] < HOT_AFTER or self._splits.get(key) is not None:
                continue
            if random.random() < DIVIDES_CHANCE:  # noqa: S311
                await self._calls.run(self._splits.divide, key)
            await self._calls.run(self._splits.read, key)

    def _transact(self, writes: Sequence[Write], leased: Key | None, layout: Layout, plan: Plan) -> _Outcome:
        """Send one transaction; what is not "written" wrote nothing, and may be sent again."""
        now = self._log.instant(with_events=any(isinstance(write, Append) for write in writes))
        try:
            actions = self._actions(writes, leased, now, layout, plan)
        except _TooLittleError as little:
            return _Outcome("moved", {little.key})
        if len(actions.items) > WRITES_MAX:
            # So little is left that no part has enough: they are put together.
            for key in {key for key, _, _ in actions.parts}:
                self._splits.unite(key)
            return _Outcome("moved")
        try:
            self._send(actions.items, now)
        except self._calls.client.exceptions.TransactionCanceledException as cancelled:
            return self._cancelled(cancelled, writes, actions, now)
        for key, number, share in actions.parts:
            self._splits.changed(key, number, share)
        return _Outcome("written")

    def _send(self, items: Sequence[Wire], now: int) -> None:
        """Send a transaction until it has an answer, always under one token: it happens once."""
        token, may_be_done = secrets.token_hex(16), False
        for attempt in range(ATTEMPTS_MAX):
            if attempt and now_ms() - now > self._resend_ms:
                # Its position in the log would be before readers that have gone on.
                break
            try:
                self._calls.client.transact_write_items(TransactItems=items, ClientRequestToken=token)
            except self._calls.client.exceptions.TransactionCanceledException:
                raise
            except Exception as fault:
                # Whether it was written is not known.
                if not may_pass(fault):
                    raise
                may_be_done = may_be_done or not was_refused(fault)
                time.sleep(pause(attempt))
            else:
                return
        if may_be_done and self._is_done(items):
            return
        raise Unknown if may_be_done else Busy

    def _actions(self, writes: Sequence[Write], leased: Key | None, now: int, layout: Layout, plan: Plan) -> _Actions:
        """Write a commit as actions; an Add to an item in parts is one for each part that it changes."""
        actions = _Actions([], [], [])
        for position, write in enumerate(writes):
            split = None if isinstance(write, Append) else self._splits.get(write.key)
            if split is not None and isinstance(write, Add) and write.key != leased:
                shares = spread(write, split)
                if shares is None:
                    raise _TooLittleError(write.key)
                actions.parts += [(write.key, number, share) for number, share in shares]
                adds = [replace(share, key=part_key(write.key, number)) for number, share in shares]
                made = [action_of(self._calls.table, add, now, None, layout) for add in adds]
            elif is_wide(write):
                made = [self._read_and_add(write)]
            else:
                made = [action_of(self._calls.table, write, now, leased, layout)]
            if position in plan.own:
                made[0]["Put"]["Item"][OWN] = plan.own[position]
            actions.items += made
            actions.positions += [position] * len(made)
        return actions

    def _cancelled(self, cancelled: Any, writes: Sequence[Write], actions: _Actions, now: int) -> _Outcome:
        """Return why a transaction wrote nothing, or raise what no other try can change."""
        moved, hot, reasons = set[Key](), set[Key](), list[Wire]()
        for position, reason in zip(actions.positions, cancelled.response["CancellationReasons"], strict=False):
            write, code, image = writes[position], reason.get("Code"), reason.get("Item") or {}
            may_move = isinstance(write, Add) and write.expect is None and may_be_split(write.key)
            is_part = may_move and (self._splits.get(write.key) is not None or COUNT in image)  # type: ignore[union-attr]
            if code == "ConditionalCheckFailed" and is_part and not lease.is_leased(image, now):
                moved.add(write.key)  # type: ignore[union-attr]
                reasons.append({})
                continue
            if may_move and code in PASSING:
                hot.add(write.key)  # type: ignore[union-attr]
            reasons.append(reason)
        try:
            raise_unless_it_passes(cancelled, actions.items, reasons, now, anyway=bool(moved))
        except ConditionFailed as refused:
            raise ConditionFailed(sorted({actions.positions[number] for number in refused.positions})) from None
        if moved:
            return _Outcome("moved", moved)
        return _Outcome("leased") if met_a_lease(cancelled, now) else _Outcome("refused", hot)

    def _read_and_add(self, add: Add) -> Wire:
        """Add to more numbers than an expression has room for: what is read, changed and held to its version."""
        image = self._calls.client.get_item(
            TableName=self._calls.table, Key=key_image(add.key), ConsistentRead=True
        ).get("Item")
        if image and COUNT in image:
            self._splits.unite(add.key)
            image = self._splits.read(add.key)
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
