"""The engines that tests run on, each a real one: a file, AWS's own DynamoDB engine, or MiniStack's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stockwright.store.port import Store
from stockwright.store.sqlite.engine import SqliteStore

ENGINES = ("sqlite", "dynamodb")
ALL_ENGINES = (*ENGINES, "ministack")
"""MiniStack's table is the one that the deployed stack is tried on; it is held to the same contract."""


def open_store(engine: str, folder: Path, **options: Any) -> Store:
    """Open an empty store; a second one on the same folder sees the same."""
    if engine == "sqlite":
        return SqliteStore(folder / "stockwright.db")
    if engine == "ministack":
        from tests.aws.ministack import open_table
    else:
        from tests.aws.dynamodb_local import open_table
    return open_table(str(folder), **options)


def need(engine: str) -> None:
    """Skip where the engine cannot be had, before anything is made that would have to be cleared away."""
    if engine == "dynamodb":
        from tests.aws.dynamodb_local import address

        address()


def everything_stored(store: Any) -> bytes:
    """Return all that an engine has written, as it is there."""
    if isinstance(store, SqliteStore):
        return store.path.read_bytes() + store.path.with_name(f"{store.path.name}-wal").read_bytes()
    pages = store.client.get_paginator("scan").paginate(TableName=store.table)
    return repr([page["Items"] for page in pages]).encode()
