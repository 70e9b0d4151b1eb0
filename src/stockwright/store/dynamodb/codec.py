"""Items, keys and events as DynamoDB writes them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from msgspec.structs import replace

from stockwright.base.event import Event
from stockwright.store.dynamodb.layout import LAYOUT, LEDGER, SEPARATOR, SPLITS, Layout, home, whole_name
from stockwright.store.dynamodb.terms import ENTRY
from stockwright.store.migrations import MARK, upgrade
from stockwright.store.port import (
    INDEXES,
    Item,
    Put,
    body_of,
)

if TYPE_CHECKING:
    from stockwright.store.port import IndexName, Key


PK_BYTES_MAX: Final = 2048
SK_BYTES_MAX: Final = 1024
DAY_MS: Final = 86_400_000
DAYS: Final = "LOG"
HANDLED_BEFORE: Final = "told"
"""Marks an event that a copied shop's handlers have had already."""
_OWN: Final = frozenset({DAYS, LAYOUT[0], MARK[0], SPLITS})
"""The partitions of what the engine has for itself."""
Wire = dict[str, Any]


def item_of_image(image: Wire) -> Item:
    """Read an item as DynamoDB writes it (in an answer, or in a record of the stream), in this release's format."""
    row = row_of_image(image)
    return Item(row.key, row.expect + 1, (upgrade(row) or row).body)


def event_of_image(image: Wire) -> Event | None:
    """Read an event of the log from a record of the stream; None where the item is none, or an old story."""
    is_news = image["pk"]["S"].startswith(f"{DAYS}#") and HANDLED_BEFORE not in image
    return event_of(item_of_image(image)) if is_news else None


def is_of_shop(image: Wire) -> bool:
    """Return whether an item is one of the shop's: not of the log, and none that the engine has for itself."""
    pk: str = image["pk"]["S"]
    is_part = SEPARATOR in pk and not image["sk"]["S"].startswith(LEDGER)
    return not (is_part or pk.startswith((f"{DAYS}#", ENTRY)) or pk in _OWN)


def put_of_image(image: Wire) -> Put:
    """Read an item as the write that makes it what it is in this release's format."""
    row = row_of_image(image)
    return upgrade(row) or row


def row_of_image(image: Wire) -> Put:
    """Read an item as it is stored, in whatever format, as the write that makes it that."""
    key, version, body = _key_of(image), int(image["v"]["N"]), from_attribute(image["b"])
    indexes: dict[IndexName, tuple[str, str]] = {
        index: (whole_name(image[f"{index}_p"]["S"]), image[f"{index}_s"]["S"])
        for index in INDEXES
        if f"{index}_p" in image
    }
    ttl = int(image["ttl"]["N"]) if "ttl" in image else None
    return Put(key, body, version - 1, indexes, image.get("t", {}).get("S", ""), ttl)


def _key_of(image: Wire) -> Key:
    pk, sk = image["pk"]["S"], image["sk"]["S"]
    return (whole_name(pk) if sk.startswith(LEDGER) else pk), sk


# ---- as DynamoDB writes it -------------------------------------------------------------------


LAST_CHARACTER: Final = "\U0010ffff"


def is_possible_key(key: Key) -> bool:
    """Return whether DynamoDB takes such a key; what it does not take is not there."""
    pk, sk = len(key[0].encode()), len(key[1].encode())
    return 0 < pk <= PK_BYTES_MAX and 0 < sk <= SK_BYTES_MAX


def key_image(key: Key) -> Wire:
    """Write a key."""
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def to_attribute(value: Any) -> Wire:
    """Write a value as an attribute."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, dict):
        return {"M": {str(name): to_attribute(each) for name, each in value.items()}}
    return {"L": [to_attribute(each) for each in value]}


def from_attribute(attribute: Wire) -> Any:
    """Read the value of an attribute."""
    ((kind, value),) = attribute.items()
    if kind == "M":
        return {name: from_attribute(each) for name, each in value.items()}
    if kind == "L":
        return [from_attribute(each) for each in value]
    if kind == "N":
        return int(value) if value.lstrip("-").isdecimal() else float(value)
    return None if kind == "NULL" else value


def key_of_image(image: Wire) -> Wire:
    """Take the key out of an item."""
    return {"pk": image["pk"], "sk": image["sk"]}


def is_same(found: Wire | None, put: Wire) -> bool:
    """Compare what is there with what was put, as values: DynamoDB writes numbers in its own way."""
    if found is None:
        return False
    there, sent = item_of_image(found), item_of_image(put)
    return (there.version, there.body) == (sent.version, sent.body)


def image_of_put(put: Put, layout: Layout = Layout()) -> Wire:  # noqa: B008 - it is immutable
    """Write an item whole."""
    image = key_image(home(put.key)) | {"v": {"N": str(put.expect + 1)}, "b": to_attribute(body_of(put.body))}
    for index, (partition, sort) in put.indexes.items():
        listed = layout.partition_of(index, partition, put.key)
        image |= {f"{index}_p": {"S": listed}, f"{index}_s": {"S": sort}}
    if put.text:
        image["t"] = {"S": put.text}
    if put.ttl is not None:
        image["ttl"] = {"N": str(put.ttl)}
    return image


# ---- the log ---------------------------------------------------------------------------------


def now_ms() -> int:
    """Return the time now (ms): the log is ordered by it."""
    return time.time_ns() // 1_000_000


def day_of(at: int) -> str:
    """Name the day of an instant (ms), as the log does."""
    return f"{at // DAY_MS:06d}"


def shard_key(day: str, shard: int) -> str:
    """Name the partition of one shard of a day of the log."""
    return f"{DAYS}#{day}#{shard}"


def day_image(day: str) -> Wire:
    """Write a day's entry in the list of the log's days."""
    return key_image((DAYS, day)) | {"v": {"N": "1"}, "b": {"M": {}}}


def event_image(event: Event, at: int, position: str, shards: int) -> Wire:
    """Write an event into one of the shards of its day, at its position."""
    body = event.as_dict()
    del body["position"]
    key = (shard_key(day_of(at), crc32(event.id.encode()) % shards), position)
    return key_image(key) | {"v": {"N": "1"}, "b": to_attribute(body)}


def event_of(item: Item) -> Event:
    """Read an event of the log, with its position."""
    return replace(Event(**item.body), position=item.key[1])
