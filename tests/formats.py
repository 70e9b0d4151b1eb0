"""Shops in former formats, each written by a release that used the format: a folder, and a table (`data/formats`)."""

from __future__ import annotations

import json
import lzma
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import apsw

from stockwright.store.dynamodb.engine import DynamoDbStore

FORMATS = Path(__file__).parent / "data" / "formats"
WRITES_MAX = 25
"""What DynamoDB takes in one batch."""
FORMER = sorted(each.name for each in FORMATS.iterdir() if each.is_dir() and each.name.isdecimal())


def unpack(number: str, folder: Path) -> Path:
    """Put the data folder of a format there; returns the database's path."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(FORMATS / number / "shop.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return folder / "stockwright.db"


def load_table(number: str, store: DynamoDbStore) -> int:
    """Write the table of a format into an empty one, item by item; returns their number."""
    items = [json.loads(line) for line in lzma.decompress((FORMATS / number / "table.xz").read_bytes()).splitlines()]
    for start in range(0, len(items), WRITES_MAX):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + WRITES_MAX]]
        while requests:
            answer = store.client.batch_write_item(RequestItems={store.table: requests})
            requests = answer["UnprocessedItems"].get(store.table, [])
    return len(items)


@cache
def known(number: str) -> dict[str, Any]:
    """Return what is known of that shop: passwords, keys, ids."""
    found: dict[str, Any] = json.loads((FORMATS / number / "known.json").read_bytes())
    return found


def all_rows(path: Path) -> tuple[list[Any], list[Any], int]:
    """Read everything that a file holds."""
    connection = apsw.Connection(str(path))
    try:
        items = connection.execute("SELECT * FROM item ORDER BY pk, sk").fetchall()
        events = connection.execute("SELECT * FROM event ORDER BY position").fetchall()
        return items, events, connection.pragma("user_version")
    finally:
        connection.close()


def all_bytes(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder."""
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
