"""Writing the entries by which products are found: the new ones before the commit, the former ones away after it.

So at every instant the item's entries are there, however the process ends. Each commit's entries have a key of
their own (`nonce`), so that no commit touches those of another; the item names its own in `e`. Entries of a commit
that failed or was interrupted lead to an item that does not fit them any more, and are passed over in reading.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stockwright.base.errors import Busy
from stockwright.store.dynamodb.calls import ATTEMPTS_MAX, pause
from stockwright.store.dynamodb.codec import (
    Wire,
    image_of_put,
    key_image,
    key_of_image,
    row_of_image,
    to_attribute,
)
from stockwright.store.dynamodb.terms import ENTRY, Terms, entry_partition, may_have_entries, terms_of
from stockwright.store.port import ABSENT, Delete, Put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.dynamodb.layout import Layout
    from stockwright.store.port import Key, Write

BATCH_ITEMS: Final = 25
OWN: Final = "e"
"""The attribute of an item that names its entries: their nonce and terms."""


class Plan(Struct, frozen=True):
    """What a commit does to entries: the attribute of each item it puts, by position; what comes and what goes."""

    own: Mapping[int, Wire]
    new: list[Wire]
    former: list[Wire]


NOTHING: Final = Plan({}, [], [])


def plan_of(calls: Calls, writes: Sequence[Write], layout: Layout) -> Plan:
    """Read what the items that are written over have, and plan the difference (in a thread)."""
    ours = {
        position: write
        for position, write in enumerate(writes)
        if isinstance(write, Put | Delete) and may_have_entries(write.key)
    }
    if not ours:
        return NOTHING
    former = _read(calls, [write.key for write in ours.values() if write.expect != ABSENT])
    own: dict[int, Wire] = {}
    new: list[Wire] = []
    gone: list[Wire] = []
    for position, write in ours.items():
        image = former.get(write.key)
        if image is not None and int(image["v"]["N"]) != write.expect:
            # It has changed since: the commit will be refused.
            continue
        after = terms_of(write) if isinstance(write, Put) else None
        before = terms_of(row_of_image(image)) if image is not None and OWN in image else None
        if image is not None and OWN in image:
            if after is not None and after == before:
                own[position] = image[OWN]
                continue
            gone += keys_of(write.key, image[OWN])
        if after is not None and after.terms:
            own[position], entries = entries_of(write.key, after, layout)
            new += entries
    return Plan(own, new, gone)


def entries_of(key: Key, terms: Terms, layout: Layout, nonce: str = "") -> tuple[Wire, list[Wire]]:
    """Return the attribute that names an item's entries, and the entries."""
    nonce = nonce or secrets.token_hex(4)
    shared = {
        "v": {"N": "1"},
        "b": to_attribute(terms.fields),
        "t": {"S": f"{terms.text} "},
        "list_s": {"S": terms.position},
    }
    names = sorted(terms.terms)
    images = []
    for name in names:
        at = (f"{ENTRY}{key[0]}", f"{nonce}#{name}")
        listed = layout.partition_of("list", entry_partition(terms.listed, name), at)
        images.append(key_image(at) | shared | {"list_p": {"S": listed}})
    return {"L": [{"S": nonce}, *[{"S": name} for name in names]]}, images


def image_with_entries(put: Put, layout: Layout, nonce: str) -> tuple[Wire, list[Wire]]:
    """Return an item as it is written whole, and the entries that it names."""
    image, terms = image_of_put(put, layout), terms_of(put)
    if terms is None or not terms.terms:
        return image, []
    image[OWN], entries = entries_of(put.key, terms, layout, nonce)
    return image, entries


def keys_of(key: Key, own: Wire) -> list[Wire]:
    """Return the keys of the entries that an item's attribute names."""
    nonce, *names = [each["S"] for each in own["L"]]
    return [key_image((f"{ENTRY}{key[0]}", f"{nonce}#{name}")) for name in names]


def put_entries(client: Any, table: str, images: Sequence[Wire]) -> None:
    """Write entries (in a thread)."""
    _send(client, table, [{"PutRequest": {"Item": image}} for image in images])


def delete_entries(client: Any, table: str, keys: Sequence[Wire]) -> None:
    """Remove entries (in a thread)."""
    _send(client, table, [{"DeleteRequest": {"Key": key_of_image(key)}} for key in keys])


def _send(client: Any, table: str, requests: list[Wire]) -> None:
    for start in range(0, len(requests), BATCH_ITEMS):
        left = {table: requests[start : start + BATCH_ITEMS]}
        for attempt in range(ATTEMPTS_MAX):
            left = client.batch_write_item(RequestItems=left).get("UnprocessedItems") or {}
            if not left:
                break
            time.sleep(pause(attempt))
        else:
            raise Busy


def _read(calls: Calls, keys: list[Key]) -> dict[Key, Wire]:
    found: dict[Key, Wire] = {}
    for key in keys:
        answer = calls.client.get_item(TableName=calls.table, Key=key_image(key), ConsistentRead=True)
        if "Item" in answer:
            found[key] = answer["Item"]
    return found
