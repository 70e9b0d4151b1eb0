"""The stream's function: what was appended to the log, and what an admin redrives → EventBridge, and none lost.

Entries that the bus does not take are sent again a few times; what is still refused is reported to
Lambda by its sequence number, and the stream goes on from there. Sent twice does no harm. What Lambda
gives up in the end becomes a dead letter that names the records (`dead_letters.py`);
redriven, they are read from the stream again, which keeps them for a day.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stockwright.adapters import aws
from stockwright.base.errors import Misconfigured
from stockwright.cloud.metrics import count
from stockwright.cloud.routing import SOURCE, STREAM, redrive_of
from stockwright.cloud.runtime import Event, Function
from stockwright.events.catalogue import MessageUnreadable
from stockwright.events.records import Retry
from stockwright.store.dynamodb.codec import event_of_image, item_of_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stockwright.base.event import Event as Fact


ENTRIES_MAX: Final = 10
BYTES_MAX: Final = 256 * 1024
"""Of one PutEvents, and of each event."""
ATTEMPTS_MAX: Final = 4
BACKOFF_SECONDS: Final = 0.1
RETRIES: Final = "RETRY#"
PAGES_MAX: Final = 20
"""Of the stream, to find again what was given up: a batch is 100 records, a page up to 1000."""


class Entry(Struct, frozen=True):
    """What is put on the bus for one record of the stream."""

    sequence: str
    fields: Mapping[str, Any]
    bytes: int


_function = Function("stream", with_shop=False)
if _function.settings.event_bus is None:
    raise Misconfigured("STOCKWRIGHT_EVENT_BUS is not set")
_bus: Final = _function.settings.event_bus


def handler(event: Event, context: Any) -> dict[str, list[dict[str, str]]]:
    """Publish a batch; returns the records from which the stream must come again."""
    _function.begin(context)
    entries, failed = list[Entry](), list[str]()
    for record in event["Records"]:
        sequence: str = record["dynamodb"]["SequenceNumber"]
        try:
            entries += _function.run(entries_of(record))
        except Exception as wrong:
            _function.log.exception("record unreadable", sequence=sequence, error=repr(wrong))
            failed.append(sequence)
    unsent = _function.run(publish(entries))
    failed += unsent
    count("PublishedEvents", len(entries) - len(unsent))
    count("PublishFailures", len(failed))
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}


async def entries_of(record: Mapping[str, Any]) -> list[Entry]:
    """Read a record of the stream: an event of the log, what an admin redrives or has waited its time, or nothing."""
    sequence, image = record["dynamodb"]["SequenceNumber"], record["dynamodb"].get("NewImage")
    if image is None:
        return []
    fact = event_of_image(image) if record["eventName"] == "INSERT" else None
    if fact is not None:
        return [_entry(sequence, fact, fact.name)]
    if not image["pk"]["S"].startswith(RETRIES):
        return []
    retry = item_of_image(image).read(Retry)
    if retry.waiting:
        # Until the sweep says that its time is over.
        return []
    if retry.handler != STREAM:
        return [_entry(sequence, retry.event, redrive_of(retry.handler))]
    again = await _read_again(retry.event)
    entries = [entry for each in again for entry in await entries_of(each)]
    return [replace(entry, sequence=sequence) for entry in entries]


async def _read_again(given_up: Fact) -> list[Mapping[str, Any]]:
    """Read the records from the stream that Lambda gave up."""
    batch = msgspec.json.decode(given_up.read(MessageUnreadable).body)["DDBStreamBatchInfo"]
    last = int(batch["endSequenceNumber"])
    found: list[Mapping[str, Any]] = []
    begun = await aws.call(
        "dynamodbstreams",
        "get_shard_iterator",
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    )
    iterator = begun["ShardIterator"]
    for _ in range(PAGES_MAX):
        page = await aws.call("dynamodbstreams", "get_records", ShardIterator=iterator)
        found += [each for each in page["Records"] if int(each["dynamodb"]["SequenceNumber"]) <= last]
        iterator = page.get("NextShardIterator")
        ended = any(int(each["dynamodb"]["SequenceNumber"]) >= last for each in page["Records"])
        if ended or iterator is None:
            return found
    raise TimeoutError("the records that were given up are not found in the stream")


def _entry(sequence: str, fact: Fact, detail_type: str) -> Entry:
    detail = msgspec.json.encode(fact.as_dict()).decode()
    fields = {
        "EventBusName": _bus,
        "Source": SOURCE,
        "DetailType": detail_type,
        "Detail": detail,
        "Time": datetime.fromtimestamp(fact.at / 1000, UTC),
    }
    # As PutEvents counts: its time 14 bytes, and the bytes of the texts.
    size = 14 + len(SOURCE) + len(detail_type.encode()) + len(detail.encode())
    return Entry(sequence, fields, size)


async def publish(entries: list[Entry]) -> list[str]:
    """Put entries on the bus; returns the sequence numbers of those that it does not take."""
    left = entries
    for attempt in range(ATTEMPTS_MAX):
        if attempt:
            await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311
        left = [entry for part in _parts(left) for entry in await _put(part)]
        if not left:
            return []
    return [entry.sequence for entry in left]


def _parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Part entries so that each call holds as many as it may."""
    part, size = list[Entry](), 0
    for entry in entries:
        if part and (len(part) == ENTRIES_MAX or size + entry.bytes > BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(entry)
        size += entry.bytes
    if part:
        yield part


async def _put(part: list[Entry]) -> list[Entry]:
    """Send some entries; returns those that were not taken."""
    try:
        answer = await aws.call("events", "put_events", Entries=[dict(entry.fields) for entry in part])
    except Exception as fault:  # noqa: BLE001 - whatever it was, nothing says that the bus has them
        _function.log.warning("bus not reached", entries=len(part), error=f"{type(fault).__name__}: {fault}")
        return part
    refused = [
        (entry, fields) for entry, fields in zip(part, answer["Entries"], strict=True) if fields.get("ErrorCode")
    ]
    for _, fields in refused:
        _function.log.warning("entry refused", error=f"{fields['ErrorCode']}: {fields.get('ErrorMessage', '')}")
    return [entry for entry, _ in refused]
