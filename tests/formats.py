"""Data folders of former formats, each written by the release that was the first or last with it (`data/formats`)."""

from __future__ import annotations

import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import apsw

FORMATS = Path(__file__).parent / "data" / "formats"
FORMER = sorted(each.name for each in FORMATS.iterdir() if each.is_dir() and each.name.isdecimal())


def unpack(number: str, folder: Path) -> Path:
    """Put the data folder of a format there; returns the database's path."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(FORMATS / number / "shop.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return folder / "stockwright.db"


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
