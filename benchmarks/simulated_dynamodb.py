"""A client of DynamoDB that keeps its items in memory, and to DynamoDB's published limits.

- A partition takes 1,000 write units and 3,000 read units a second: each partition key of the table, and of an index,
  counts as a partition of its own, without the bursts that AWS grants.
- A write in a transaction takes two units per KB, for the item and for each of its index entries. What an index's
  partition cannot take is refused at the item.
- A transaction holds its items for HOLD_SECONDS; another that wants one of them meanwhile is cancelled. That is not
  published: it was chosen longer than what is measured on AWS.
- Reading an index shows what is older than INDEX_SECONDS.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from typing import Any, Final

from botocore.exceptions import ClientError

from stockwright.store.dynamodb.codec import Wire
from stockwright.store.port import INDEXES

WRITE_UNITS: Final = 1000.0
READ_UNITS: Final = 3000.0
ACTIONS_MAX: Final = 100
HOLD_SECONDS: Final = 0.008
NETWORK_SECONDS: Final = 0.002
INDEX_SECONDS: Final = 0.05
KB: Final = 1024
_TERM = re.compile(r"(?P<path>[\w.#]+) (?P<operator>=|>=|<) (?P<value>:\w+)")
_SET = re.compile(r"(?P<path>[\w.#]+) = (?:(?P<from>[\w.#]+) \+ )?(?P<value>:\w+)")
_Key = tuple[str, str]


class TransactionCanceledException(ClientError):
    """As the SDK raises it."""


class ConditionalCheckFailedException(ClientError):
    """As the SDK raises it."""


class _Exceptions:
    TransactionCanceledException = TransactionCanceledException
    ConditionalCheckFailedException = ConditionalCheckFailedException
    ClientError = ClientError


def _refusal(code: str, kind: type[ClientError] = ClientError, **more: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}, **more}
    return kind(answer, "simulated")


class _Bucket:
    """Units of one partition, filled again all the time."""

    def __init__(self, rate: float) -> None:
        self.rate, self.left, self.at = rate, rate, time.monotonic()

    def has(self, units: float) -> bool:
        now = time.monotonic()
        self.left = min(self.rate, self.left + (now - self.at) * self.rate)
        self.at = now
        return self.left >= units


class SimulatedClient:
    """The calls that the engine makes."""

    exceptions = _Exceptions()

    def __init__(self) -> None:
        self.items: dict[_Key, Wire] = {}
        self.partitions: defaultdict[str, set[_Key]] = defaultdict(set)
        self._held: set[_Key] = set()
        self._writes: dict[tuple[str, str], _Bucket] = {}
        self._reads: dict[tuple[str, str], _Bucket] = {}
        self.counted: Counter[str] = Counter()
        """How often what happened, and the units that were written and read."""
        self.units: Counter[tuple[str, str]] = Counter()
        """Written to each partition: (index or table, partition)."""

    def close(self) -> None:
        """Nothing to do."""

    # ---- reading -------------------------------------------------------------------------

    def get_item(self, *, Key: Wire, **_: Any) -> Wire:  # noqa: N803 - as in the SDK
        """Read one item."""
        time.sleep(2 * NETWORK_SECONDS)
        image = self.items.get(_key(Key))
        self._take_read(Key["pk"]["S"], 1.0)
        return {} if image is None else {"Item": image}

    def batch_get_item(self, *, RequestItems: Wire, **_: Any) -> Wire:  # noqa: N803 - as in the SDK
        """Read many items; those of a partition that is too busy stay unprocessed."""
        time.sleep(2 * NETWORK_SECONDS)
        [(table, asked)] = RequestItems.items()
        found, left = [], []
        for key in asked["Keys"]:
            try:
                self._take_read(key["pk"]["S"], 1.0)
            except ClientError:
                left.append(key)
                continue
            image = self.items.get(_key(key))
            if image is not None:
                found.append(image)
        unprocessed = {table: {**asked, "Keys": left}} if left else {}
        return {"Responses": {table: found}, "UnprocessedKeys": unprocessed}

    def query(self, *, ExpressionAttributeValues: Wire, IndexName: str = "", **_: Any) -> Wire:  # noqa: N803
        """Read a partition of the table whole; of an index, the simulated shop reads only holds, and has none."""
        time.sleep(2 * NETWORK_SECONDS)
        partition = ExpressionAttributeValues[":p"]["S"]
        images = [] if IndexName else [self.items[key] for key in sorted(self.partitions[partition])]
        self._take_read(f"{IndexName} {partition}".strip(), 0.5 if IndexName else max(1.0, len(images) / 4))
        return {"Items": images, "ScannedCount": len(images)}

    def _take_read(self, partition: str, units: float) -> None:
        bucket = self._reads.setdefault(("", partition), _Bucket(READ_UNITS))
        if not bucket.has(units):
            self.counted["throttled reads"] += 1
            raise _refusal("ProvisionedThroughputExceededException")
        bucket.left -= units
        self.counted["read units"] += units  # type: ignore[assignment]

    # ---- writing -------------------------------------------------------------------------

    def put_item(self, *, Item: Wire, **more: Any) -> Wire:  # noqa: N803 - as in the SDK
        """Write one item."""
        return self._alone({"Put": {"Item": Item, **more}})

    def update_item(self, *, Key: Wire, **more: Any) -> Wire:  # noqa: N803 - as in the SDK
        """Change one item."""
        return self._alone({"Update": {"Key": Key, **more}})

    def _alone(self, action: Wire) -> Wire:
        time.sleep(NETWORK_SECONDS)
        code, _, after = self._judge(action, 1)
        if code:
            kind = ConditionalCheckFailedException if code == "ConditionalCheckFailed" else ClientError
            names = {"TransactionConflict": "TransactionConflictException", "ThrottlingError": "ThrottlingException"}
            time.sleep(NETWORK_SECONDS)
            raise _refusal(names.get(code, code), kind)
        self._write(action, after, 1)
        time.sleep(NETWORK_SECONDS)
        return {"Attributes": after}

    def batch_write_item(self, *, RequestItems: Wire) -> Wire:  # noqa: N803 - as in the SDK
        """Write many items, each by itself."""
        [requests] = RequestItems.values()
        for each in requests:
            if "PutRequest" in each:
                self._alone({"Put": each["PutRequest"]})
            else:
                self._alone({"Delete": each["DeleteRequest"]})
        return {}

    def transact_write_items(self, *, TransactItems: list[Wire], **_: Any) -> None:  # noqa: N803 - as in the SDK
        """Write all or nothing."""
        if len(TransactItems) > ACTIONS_MAX:
            raise _refusal("ValidationException")
        time.sleep(NETWORK_SECONDS)
        judged = [self._judge(action, 2) for action in TransactItems]
        if any(code for code, _, _ in judged):
            self.counted.update(code for code, _, _ in judged if code)
            time.sleep(2 * NETWORK_SECONDS)
            reasons = [
                {"Code": code or "None", **({"Item": image} if image and code == "ConditionalCheckFailed" else {})}
                for code, image, _ in judged
            ]
            raise _refusal("TransactionCanceledException", TransactionCanceledException, CancellationReasons=reasons)
        keys = {_key_of(action) for action in TransactItems}
        self._held |= keys
        time.sleep(HOLD_SECONDS)
        self._held -= keys
        for action, (_, _, after) in zip(TransactItems, judged, strict=True):
            self._write(action, after, 2)
        self.counted["transactions"] += 1
        time.sleep(NETWORK_SECONDS)

    def _judge(self, action: Wire, units: int) -> tuple[str, Wire | None, Wire | None]:
        """Return why an action is refused ("": it is not), the item before it, and after it."""
        [(kind, given)] = action.items()
        key = _key_of(action)
        if key in self._held:
            return "TransactionConflict", None, None
        before = self.items.get(key)
        if not _holds(given, before):
            return "ConditionalCheckFailed", before, None
        after = {"Put": lambda: given["Item"], "Update": lambda: _updated(given, before)}.get(kind, lambda: before)()
        charges = self._charges(before, None if kind == "Delete" else after, units)
        for partition, cost in charges.items():
            if not self._writes.setdefault(partition, _Bucket(WRITE_UNITS)).has(cost):
                return "ThrottlingError", None, None
        for partition, cost in charges.items():
            self._writes[partition].left -= cost
            self.units[partition] += cost
            self.counted["write units"] += cost
        return "", before, after

    def _charges(self, before: Wire | None, after: Wire | None, units: int) -> Counter[tuple[str, str]]:
        image: Any = after or before
        charges = Counter[tuple[str, str]]()
        if image is None:
            return charges
        size = -(-_size(image) // KB)
        charges["table", image["pk"]["S"]] += units * size
        for index in INDEXES:
            name = f"{index}_p"
            entries = {each[name]["S"] for each in (before, after) if each and name in each}
            if before is not after:
                charges.update({(index, entry): units * size for entry in entries})
        return charges

    def _write(self, action: Wire, after: Wire | None, units: int) -> None:  # noqa: ARG002 - charged before
        [(kind, _)] = action.items()
        key = _key_of(action)
        if kind == "Delete":
            self.items.pop(key, None)
            self.partitions[key[0]].discard(key)
        elif kind in {"Put", "Update"} and after is not None:
            self.items[key] = after
            self.partitions[key[0]].add(key)


def _key(image: Wire) -> _Key:
    return image["pk"]["S"], image["sk"]["S"]


def _key_of(action: Wire) -> _Key:
    [given] = action.values()
    return _key(given.get("Key") or given["Item"])


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(name) + _size(each) for name, each in value.items())
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str) else 1


def _at(image: Wire | None, path: str, names: dict[str, str]) -> Wire | None:
    found: Any = image
    for number, part in enumerate(path.split(".")):
        if found is None:
            return None
        inner = found if number == 0 else found.get("M", {})
        found = inner.get(names.get(part, part))
    result: Wire | None = found
    return result


def _holds(given: Wire, before: Wire | None) -> bool:
    """Evaluate a condition of the forms that the engine writes."""
    names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
    return all(
        _term(term, before, names, values) for term in given.get("ConditionExpression", "").split(" AND ") if term
    )


def _term(term: str, before: Wire | None, names: dict[str, str], values: Wire) -> bool:
    if term.startswith("("):
        return any(_term(each, before, names, values) for each in term[1:-1].split(" OR "))
    if term.startswith("attribute_"):
        path = re.sub(r"attribute_\w+\(|\)|,.*", "", term).strip()
        found = _at(before, path, names)
        if term.startswith("attribute_type"):
            return found is not None and "N" in found
        return (found is None) == term.startswith("attribute_not_exists")
    matched = _TERM.fullmatch(term)
    assert matched is not None, term  # noqa: S101 - the engine writes no other form
    found, wanted = _at(before, matched["path"], names), values[matched["value"]]
    if found is None:
        return False
    if matched["operator"] == "=":
        return found == wanted
    one, other = int(found["N"]), int(wanted["N"])
    return one >= other if matched["operator"] == ">=" else one < other


def _updated(given: Wire, before: Wire | None) -> Wire:
    """Evaluate an update of the forms that the engine writes."""
    names, values = given.get("ExpressionAttributeNames", {}), given["ExpressionAttributeValues"]
    sets, _, removes = given["UpdateExpression"].partition("REMOVE ")
    image = dict(before or given["Key"])
    for each in sets.strip().removeprefix("SET ").split(", "):
        matched = _SET.fullmatch(each.strip())
        if matched is None:
            continue
        value = values[matched["value"]]
        if matched["from"]:
            old: Any = _at(image, matched["from"], names)
            value = {"N": str(int(old["N"]) + int(value["N"]))}
        _set(image, [names.get(part, part) for part in matched["path"].split(".")], value)
    for name in removes.split(", "):
        image.pop(name.strip(), None)
    return image


def _set(image: Wire, path: list[str], value: Wire) -> None:
    inner = image
    for part in path[:-1]:
        copied = {"M": dict(inner[part]["M"])}
        inner[part] = copied
        inner = copied["M"]
    inner[path[-1]] = value
