"""Which items are in parts, as this process knows it; an item is divided where it is hot, and united where it is not.

Hot is what transactions are refused at more than once in one commit. Dividing and uniting read the parts under leases
and write them in one transaction that is held to what was read; the second of two has changed nothing.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Busy
from stockwright.store.apply_add import added
from stockwright.store.dynamodb import lease
from stockwright.store.dynamodb.calls import pause
from stockwright.store.dynamodb.codec import Wire, from_attribute, key_image, key_of_image, now_ms, to_attribute
from stockwright.store.dynamodb.faults import may_pass
from stockwright.store.dynamodb.layout import SPLITS
from stockwright.store.dynamodb.parts import (
    COUNT,
    PARTS,
    UNITS_LEAST,
    Split,
    are_of_one,
    divided,
    has_numbers,
    part_keys,
    split_of,
    units_of,
    whole_image,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.port import Add, Key

KNOWN_MAX: Final = 1000
LOOKS_MAX: Final = 10
COOL_MS: Final = 600_000
COOL_CHANGES: Final = 3000
"""What has changed at most so often in COOL_MS is united: five times a second."""
LEASE_SECONDS: Final = 2.0
PARTS_LEASE_MS: Final = 3000
"""For how long all parts are leased: taking the last lease may take a while."""
LISTED_MAX: Final = 100
_BATCH: Final = 100


class Splits:
    """What is in parts in one table. Its methods call DynamoDB, and run in a thread, but for `get` and `note`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: OrderedDict[Key, Split] = OrderedDict()

    def get(self, key: Key) -> Split | None:
        """Return what is known of an item's parts; None: as far as is known it is whole."""
        return self._known.get(key)

    def note(self, key: Key, split: Split | None) -> None:
        """Remember how an item was read."""
        if split is None:
            self._known.pop(key, None)
            return
        self._known[key] = split
        self._known.move_to_end(key)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    def changed(self, key: Key, number: int, add: Add) -> None:
        """Remember what a commit of this process has changed in a part."""
        split = self._known.get(key)
        if split is not None and number < split.count:
            split.bodies[number] = added(split.bodies[number], add) or split.bodies[number]

    def read(self, key: Key) -> Wire | None:
        """Read an item whole, as last committed, and remember its parts."""
        found = self._get([key]).get(key)
        return None if found is None else self.whole([found])[0]

    def whole(self, images: Sequence[Wire]) -> list[Wire]:
        """Return items with their parts put together; what was divided or united meanwhile is read again."""
        wholes = []
        for image in images:
            main: Wire | None = image
            key = (image["pk"]["S"], image["sk"]["S"])
            for _ in range(LOOKS_MAX):
                if main is None or COUNT not in main:
                    self.note(key, None)
                    break
                keys = part_keys(main)
                found = self._get(keys)
                others = [found.get(each) for each in keys]
                if are_of_one(main, others):
                    split = split_of(main, [each for each in others if each is not None])
                    self.note(key, split)
                    main = whole_image(main, split)
                    break
                main = self._get([key]).get(key)
            else:
                raise Busy
            if main is not None:
                wholes.append(main)
        return wholes

    # ---- dividing and uniting ------------------------------------------------------------

    def divide(self, key: Key) -> None:
        """Divide an item into parts, unless somebody is at it, it is in parts already, or that is not worth it."""
        try:
            self._rewrite(key, PARTS, waits=False)
        except Busy:
            # The commit that wanted it has tries of its own.
            return

    def unite(self, key: Key) -> None:
        """Put the parts of an item together."""
        self._rewrite(key, 1, waits=True)

    def _rewrite(self, key: Key, count: int, *, waits: bool) -> None:
        """Divide an item into `count` parts, or unite it; `waits` for the holder of its lease."""
        token = secrets.token_hex(16)
        held: list[Key] = []
        try:
            main = self._lease(key, token, held, waits=waits)
            if main is None or (count > 1 and (COUNT in main or not has_numbers(main))):
                return
            others = [self._lease(each, token, held) for each in part_keys(main)] if COUNT in main else []
            if COUNT in main and not are_of_one(main, others):
                return
            self._replace(main, [each for each in others if each is not None], count)
        finally:
            # What was written again has no lease any more.
            for each in held:
                self._drop(each, token)

    def _replace(self, main: Wire, others: Sequence[Wire], count: int) -> None:
        before = [main, *others]
        whole = whole_image(main, split_of(main, others)) if others else main
        most = max(1, units_of(whole) // UNITS_LEAST)
        count = min(count, most)
        key = (main["pk"]["S"], main["sk"]["S"])
        if count == len(before):
            self.note(key, split_of(main, others) if others else None)
            return
        if count > 1:
            after = divided(whole, count, now_ms())
        else:
            after = [{name: value for name, value in whole.items() if name not in {lease.BY, lease.UNTIL}}]
        actions = [
            self._put(image, before[number] if number < len(before) else None) for number, image in enumerate(after)
        ]
        actions += [
            {"Delete": {"TableName": self._calls.table, "Key": key_of_image(image)} | _held(image)}
            for image in before[len(after) :]
        ]
        listed = key_image((SPLITS, f"{main['pk']['S']} {main['sk']['S']}"))
        if count > 1:
            body = to_attribute({"at": now_ms(), "version": int(whole["v"]["N"])})
            actions.append({"Put": {"TableName": self._calls.table, "Item": listed | {"v": {"N": "1"}, "b": body}}})
        else:
            actions.append({"Delete": {"TableName": self._calls.table, "Key": listed}})
        errors = self._calls.client.exceptions
        for attempt in range(LOOKS_MAX):
            try:
                self._calls.client.transact_write_items(TransactItems=actions, ClientRequestToken=secrets.token_hex(16))
            except errors.TransactionCanceledException as cancelled:
                codes = {reason.get("Code") for reason in cancelled.response["CancellationReasons"]}
                if "ConditionalCheckFailed" in codes:
                    return
            except Exception as fault:
                if not may_pass(fault):
                    raise
            else:
                self.note(key, split_of(after[0], after[1:]) if count > 1 else None)
                return
            time.sleep(pause(min(attempt, 3)))

    def _put(self, image: Wire, before: Wire | None) -> Wire:
        held = {"ConditionExpression": "attribute_not_exists(pk)"} if before is None else _held(before)
        return {"Put": {"TableName": self._calls.table, "Item": image} | held}

    def _lease(self, key: Key, token: str, held: list[Key], *, waits: bool = True) -> Wire | None:
        """Take a lease on a part; return it as it is now, or None where it does not exist, or has another's lease."""
        deadline = now_ms() + LEASE_SECONDS * 1000
        attempt = 0
        while now_ms() < deadline:
            try:
                answer = self._calls.client.update_item(
                    **lease.take(self._calls.table, key_image(key), token, now_ms(), PARTS_LEASE_MS)
                )
            except self._calls.client.exceptions.ConditionalCheckFailedException:
                if not waits or key not in self._get([key]):
                    return None
            except Exception as fault:
                if not may_pass(fault):
                    raise
            else:
                held.append(key)
                image: Wire = answer["Attributes"]
                return image
            time.sleep(pause(min(attempt, 2)))
            attempt += 1
        raise Busy

    def _drop(self, key: Key, token: str) -> None:
        try:
            self._calls.client.update_item(**lease.drop(self._calls.table, key_image(key), token))
        except self._calls.client.exceptions.ConditionalCheckFailedException:
            return
        except Exception as fault:
            if not may_pass(fault):
                raise

    # ---- what has cooled -----------------------------------------------------------------

    def unite_cooled(self) -> int:
        """Unite what has changed little for COOL_MS; returns how many items."""
        united = 0
        call = self._calls.client.query(
            TableName=self._calls.table,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": SPLITS}},
            ConsistentRead=True,
            Limit=LISTED_MAX,
        )
        for listed in call["Items"]:
            seen = from_attribute(listed["b"])
            if now_ms() - seen["at"] < COOL_MS:
                continue
            pk, _, sk = listed["sk"]["S"].rpartition(" ")
            image = self.read((pk, sk))
            version = seen["version"] if image is None else int(image["v"]["N"])
            if version - seen["version"] <= COOL_CHANGES:
                self.unite((pk, sk))
                united += 1
            else:
                body = to_attribute({"at": now_ms(), "version": version})
                self._calls.client.put_item(TableName=self._calls.table, Item=listed | {"b": body})
        return united

    def _get(self, keys: Sequence[Key]) -> dict[Key, Wire]:
        found: dict[Key, Wire] = {}
        for start in range(0, len(keys), _BATCH):
            left: Any = {
                self._calls.table: {
                    "Keys": [key_image(key) for key in keys[start : start + _BATCH]],
                    "ConsistentRead": True,
                }
            }
            for attempt in range(LOOKS_MAX):
                answer = self._calls.client.batch_get_item(RequestItems=left)
                for image in answer["Responses"].get(self._calls.table, ()):
                    found[(image["pk"]["S"], image["sk"]["S"])] = image
                left = answer.get("UnprocessedKeys") or {}
                if not left:
                    break
                time.sleep(pause(attempt))
            else:
                raise Busy
        return found


def _held(image: Wire) -> Wire:
    """Return the condition that a part is as it was leased."""
    return {
        "ConditionExpression": f"v = :v AND {lease.BY} = :token",
        "ExpressionAttributeValues": {":v": image["v"], ":token": image[lease.BY]},
    }
