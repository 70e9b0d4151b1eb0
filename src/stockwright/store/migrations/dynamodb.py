"""A table on DynamoDB is upgraded beside live traffic, item after item, each under a condition of its own.

Readers take items of this format and the one before (`codec.item_of_image`), so nothing waits for the end. An
item is written only where it still is what was read, version and body, and keeps its version: a reader of it
before commits as if nothing had happened. A mark in the table says how far the upgrade is; two that run at once do
the same work twice, and no harm.
"""

from __future__ import annotations

import random
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stockwright.base.errors import Busy, Misconfigured
from stockwright.store import migrations
from stockwright.store.dynamodb import codec as dynamodb_codec
from stockwright.store.dynamodb import faults as faults_store_dynamodb
from stockwright.store.dynamodb.calls import read_layout
from stockwright.store.dynamodb.connecting import format_of_mark
from stockwright.store.dynamodb.entries import OWN, delete_entries, image_with_entries, put_entries
from stockwright.store.dynamodb.layout import LAYOUT, body_of_layout
from stockwright.store.migrations import FORMAT, MARK, Progress, progress_of, too_new, upgrade
from stockwright.store.port import INDEXES, Put, body_of

if TYPE_CHECKING:
    from stockwright.store.dynamodb.engine import DynamoDbStore

ATTEMPTS_MAX: Final = 10
AT_ONCE: Final = 16
"""Items that are written at a time."""

_Wire = dict[str, Any]


class TableUpgrade:
    """The upgrade of one table; with `dry_run` it only counts."""

    total: int | None = None
    """How many items there are is not known before: DynamoDB's own count is hours old."""

    def __init__(self, store: DynamoDbStore, *, dry_run: bool = False) -> None:
        self._client, self._table = store.client, store.table
        self._dry_run = dry_run
        mark = self._call("get_item", Key=dynamodb_codec.key_image(MARK), ConsistentRead=True).get("Item")
        self.format = format_of_mark(mark)
        if self.format > FORMAT:
            raise Misconfigured(too_new(f"the table {self._table}", self.format))
        self.progress = progress_of(body_of(dynamodb_codec.row_of_image(mark).body)) if mark else Progress()
        self._layout = read_layout(self._client, self._table)
        self.done = self.format == FORMAT and self._layout.has_entries
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stockwright-upgrade")

    def step(self) -> None:
        """Upgrade the next page; the last one ends the upgrade."""
        progress = self.progress
        start = (
            {"ExclusiveStartKey": dynamodb_codec.key_image((progress.after[0], progress.after[1]))}
            if progress.after
            else {}
        )
        answer = self._call("scan", ConsistentRead=True, Limit=migrations.PAGE, **start)
        images = [each for each in answer["Items"] if dynamodb_codec.is_of_shop(each)]
        changed = [row for row in self._threads.map(self._upgrade, images) if row is not None]
        progress.count(len(images), changed)
        last = answer.get("LastEvaluatedKey")
        progress.after = [last["pk"]["S"], last["sk"]["S"]] if last else None
        self.done = last is None
        if not self._dry_run:
            body = {"format": FORMAT} if self.done else {"format": self.format, **msgspec.to_builtins(progress)}
            if self.done:
                shards = self._layout.read
                layout = body_of_layout(shards, shards, 0, entries=True)
                self._call("put_item", Item=dynamodb_codec.image_of_put(Put(LAYOUT, layout, 0)))
            self._call("put_item", Item=dynamodb_codec.image_of_put(Put(MARK, body, 0)))

    def _upgrade(self, image: _Wire) -> Put | None:
        """Write an item as it is in this format, unless it is that already; returns what was written."""
        key = {"pk": image["pk"], "sk": image["sk"]}
        for attempt in range(ATTEMPTS_MAX):
            row = dynamodb_codec.row_of_image(image)
            newer = upgrade(row) or row
            put, entries = image_with_entries(newer, self._layout, secrets.token_hex(4))
            if OWN in image:
                put[OWN], entries = image[OWN], []
            if newer is row and not entries:
                return None
            if self._dry_run:
                return newer
            put_entries(self._client, self._table, entries)
            try:
                self._call("update_item", Key=key, **_writing(image, put))
            except self._client.exceptions.ConditionalCheckFailedException:
                delete_entries(self._client, self._table, entries)
                _wait(attempt)
                found = self._call("get_item", Key=key, ConsistentRead=True).get("Item")
                if found is None:
                    return None
                image = found
            else:
                return newer
        raise Busy(f"{row.key[0]} {row.key[1]} changes all the time; run the upgrade again, it goes on where it was")

    def _call(self, name: str, **arguments: Any) -> _Wire:
        """Call DynamoDB, again where it was too busy."""
        for attempt in range(ATTEMPTS_MAX):
            try:
                answer: _Wire = getattr(self._client, name)(TableName=self._table, **arguments)
            except Exception as fault:
                if not faults_store_dynamodb.may_pass(fault):
                    raise
                _wait(attempt)
            else:
                return answer
        raise Busy("DynamoDB takes no more calls now; run the upgrade again, it goes on where it was")

    def close(self) -> None:
        """End the threads; what is not done goes on at the next time."""
        self._threads.shutdown()


def _writing(image: _Wire, put: _Wire) -> _Wire:
    """Write the update of an item that is still as it was read."""
    names = [f"{index}_{part}" for index in INDEXES for part in "ps"] + ["t", "ttl", OWN]
    sets = ["#b = :b", *[f"#{name} = :{name}" for name in names if name in put and put[name] != image.get(name)]]
    gone = [f"#{name}" for name in names if name in image and name not in put]
    written = {name: put[name] for name in names if f"#{name} = :{name}" in sets}
    used = [*written, *[name.removeprefix("#") for name in gone]]
    return {
        "UpdateExpression": f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(gone)}" if gone else ""),
        "ConditionExpression": "v = :v AND #b = :read",
        "ExpressionAttributeNames": {"#b": "b", **{f"#{name}": name for name in used}},
        "ExpressionAttributeValues": {
            ":b": put["b"],
            ":v": image["v"],
            ":read": image["b"],
            **{f":{name}": value for name, value in written.items()},
        },
    }


def _wait(attempt: int) -> None:
    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
