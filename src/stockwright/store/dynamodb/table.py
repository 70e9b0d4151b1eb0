"""The definition of the table, and whether a table is as it must be."""

from __future__ import annotations

from typing import Any

from stockwright.base.errors import Misconfigured
from stockwright.store.dynamodb.codec import Wire, from_attribute, image_of_put, key_image
from stockwright.store.dynamodb.layout import LAYOUT, SHARDS_DEFAULT, SHARDS_MAX, Layout, body_of_layout
from stockwright.store.port import ABSENT, INDEXES, Put


def table_definition(table: str) -> Wire:
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


def raise_shards(client: Any, table: str, shards: int, now: int) -> int:
    """Spread the shared lists over more partitions from SWITCH_MS after now (ms) on; returns over how many till then.

    Raises Misconfigured where it is not more, since what is in a shard stays there, or where the last change is not
    yet in use.
    """
    item = client.get_item(TableName=table, Key=key_image(LAYOUT), ConsistentRead=True).get("Item")
    body = from_attribute(item["b"]) if item else body_of_layout(SHARDS_DEFAULT, SHARDS_DEFAULT, 0, entries=False)
    before = Layout.of(body, now)
    if not before.read < shards <= SHARDS_MAX:
        raise Misconfigured(
            f"the lists of {table} have {before.read} shards; their number can only be raised, to {SHARDS_MAX} at most"
        )
    if before.written != before.read:
        raise Misconfigured(f"the number of shards of {table} was raised a moment ago; try again in two minutes")
    after = body_of_layout(shards, before.written, now, entries=before.has_entries)
    client.put_item(TableName=table, Item=image_of_put(Put(LAYOUT, after, ABSENT)))
    return before.written


def _keys(schema: Wire) -> str:
    return " + ".join(each["AttributeName"] for each in schema["KeySchema"])


def _key_schema(partition: str, sort: str) -> list[Wire]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
