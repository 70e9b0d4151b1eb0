"""Copies of an embedded store's file, and whether one can be read: a copy whole, a served file a little at a time."""

from __future__ import annotations

from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import apsw
import msgspec

from stockwright.base.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path


STEP_ROWS: Final = 200
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
WALKS: Final = (
    "SELECT rowid, NULL, body FROM item WHERE rowid>?1 AND ?2 IS NULL ORDER BY rowid LIMIT ?3",
    "SELECT position, NULL, body FROM event WHERE position>?1 AND ?2 IS NULL ORDER BY position LIMIT ?3",
    *(
        f"SELECT {p}, {s}, NULL FROM item WHERE {p} IS NOT NULL AND ({p}, {s})>(?1, ?2) "  # noqa: S608 - our columns
        f"ORDER BY {p}, {s} LIMIT ?3"
        for p, s in (("pk", "sk"), ("owner_p", "owner_s"), ("list_p", "list_s"), ("due_p", "due_s"))
    ),
)
"""The tables by their rows, and each index in its own order: together they touch every page of what is stored."""
_STARTS: Final[tuple[tuple[Any, Any], ...]] = (*[(-1, None)] * 2, *[("", "")] * 4)


class Checker:
    """Reads through a file in bounded steps, round and round, from any thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._lock = Lock()
        self._walk = 0
        self._after = _STARTS[0]

    def step(self, rows: int = STEP_ROWS) -> bool:
        """Read the next rows; returns whether a round is complete. Raises what the engine raises."""
        with self._lock:
            return self._step(rows)

    def _step(self, rows: int) -> bool:
        found: list[Any] = self._connection.execute(WALKS[self._walk], (*self._after, rows)).fetchall()
        for _, _, body in found:
            if body is not None:
                _RAW.decode(body)
        if len(found) == rows:
            self._after = found[-1][:2]
            return False
        self._walk = (self._walk + 1) % len(WALKS)
        self._after = _STARTS[self._walk]
        return self._walk == 0

    def close(self) -> None:
        """Close the file, after the step under way."""
        with self._lock:
            self._connection.close()


def count(connection: apsw.Connection) -> tuple[int, int]:
    """Count the items, and find the last event."""
    rows: list[Any] = connection.execute(
        "SELECT (SELECT count(*) FROM item), (SELECT coalesce(max(position), 0) FROM event)"
    ).fetchall()
    items, last = rows[0]
    return items, last


def check_file(path: Path, expected: tuple[int, int] | None = None) -> None:
    """Read a whole file, as a copy leaves it: its structure, every body, what it counts. Raises Misconfigured."""
    try:
        connection = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro&immutable=1", flags=_READ_URI)
    except apsw.Error as fault:
        raise Misconfigured(f"{path.name} cannot be opened: {fault}") from fault
    checker = Checker(connection)
    try:
        problems: list[Any] = connection.execute("PRAGMA integrity_check(1)").fetchall()
        if problems != [("ok",)]:
            raise Misconfigured(f"{path.name} is damaged: {problems[0][0].splitlines()[-1]}")
        while not checker.step(5000):
            pass
        found = count(connection)
        if expected is not None and found != expected:
            raise Misconfigured(f"{path.name} holds {found} items and events, not {expected}")
    except (apsw.Error, msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise Misconfigured(f"{path.name} is damaged: {fault}") from fault
    finally:
        checker.close()


_READ_URI: Final = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def copy_file(source: apsw.Connection, target: Path) -> None:
    """Copy a whole file, as the connection sees it, into a new one that needs no other file beside it.

    Raises apsw.Error, also where SQLite itself goes on after a fault and leaves the copy in WAL mode.
    """
    with closing(apsw.Connection(str(target))) as copied:
        with copied.backup("main", source, "main") as copy:
            copy.step(-1)
        mode = copied.execute("PRAGMA journal_mode=DELETE").get
        if mode != "delete":
            raise apsw.IOError(f"the copy is still in the mode {mode!r}; the disk may be full or failing")
