"""An embedded store's file is upgraded in place, page after page, by the one process that has it open.

Each page is one transaction that holds its items and how far the upgrade is, so an end at any instant leaves a file
that the next start goes on with. The items keep their versions: for their readers nothing has changed. The last
transaction sets the file's format.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import apsw
import msgspec

from stockwright.base.errors import Misconfigured
from stockwright.store import migrations
from stockwright.store.migrations import FIRST, FORMAT, MARK, Progress, progress_of, too_new, upgrade
from stockwright.store.port import Put
from stockwright.store.sqlite.checking import check_file, copy_file, count
from stockwright.store.sqlite.codec import columns, encode, row_of
from stockwright.store.sqlite.schema import CHANGED, ROWS, SEARCH, UPSERT

if TYPE_CHECKING:
    from pathlib import Path


def format_of(path: Path) -> int:
    """Return the format of a store's file, and change nothing; 0 where there is no file, or none of ours."""
    try:
        with closing(open_unchanged(path)) as connection:
            found: int = connection.pragma("user_version")
    except apsw.Error:
        # Opening it as a store reports what is wrong with it.
        return 0
    return found


def open_unchanged(path: Path) -> apsw.Connection:
    """Open a store's file so that no byte in its folder changes."""
    log = path.with_name(f"{path.name}-wal")
    address = f"{path.absolute().as_uri()}?mode=ro{'' if log.exists() else '&immutable=1'}"
    connection = apsw.Connection(address, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    connection.set_busy_timeout(5000)
    return connection


class FileUpgrade:
    """The upgrade of one file, which nobody else has open meanwhile; with `dry_run` it only counts."""

    def __init__(self, path: Path, *, dry_run: bool = False) -> None:
        self.path = path
        self.progress = Progress()
        self.done = False
        self._dry_run = dry_run
        try:
            self._file = open_unchanged(path) if dry_run else _open_alone(path)
        except apsw.BusyError as busy:
            raise Misconfigured(
                f"another program has {path} open: end it first, then upgrade the data (stockwright migrate)"
            ) from busy
        self.format: int = self._file.pragma("user_version")
        if not FIRST <= self.format <= FORMAT:
            self._file.close()
            raise Misconfigured(too_new(path, self.format) if self.format else f"{path} is not a Stockwright store")
        counted: list[Any] = self._file.execute("SELECT count(*) FROM item WHERE pk<>?", MARK[:1]).fetchall()
        self.total: int = counted[0][0]
        found: list[Any] = self._file.execute("SELECT body FROM item WHERE pk=? AND sk=?", MARK).fetchall()
        if found:
            self.progress = progress_of(msgspec.json.decode(found[0][0]))
        self.done = self.format == FORMAT

    def step(self) -> None:
        """Upgrade the next page; the last one ends the upgrade."""
        progress = self.progress
        read: list[Any] = self._file.execute(ROWS, (*(progress.after or ["", ""]), migrations.PAGE)).fetchall()
        rows = [row_of(each) for each in read]
        changed = [newer for row in rows if (newer := upgrade(row)) is not None]
        progress.count(sum(row.key != MARK for row in rows), changed)
        if rows:
            progress.after = list(rows[-1].key)
        self.done = len(rows) < migrations.PAGE
        if self._dry_run:
            return
        with self._file:
            for row in changed:
                self._write(row)
            if self.done:
                self._end()
            else:
                self._mark()

    def backup(self, target: Path) -> None:
        """Copy the file as it is before the upgrade, and check the copy."""
        counted = count(self._file)
        copy_file(self._file, target)
        check_file(target, counted)

    def note_backup(self, name: str) -> None:
        """Remember the archive that was written, for who goes on after an interruption."""
        self.progress.backup = name
        with self._file:
            self._mark()

    def _write(self, row: Put) -> None:
        self._file.execute(UPSERT, (*row.key, row.expect + 1, encode(row.body), *columns(row)))

    def _mark(self) -> None:
        self._write(Put(MARK, msgspec.to_builtins(self.progress), 0))

    def _end(self) -> None:
        self._file.execute("DELETE FROM item WHERE pk=? AND sk=?", MARK)
        [(searchable,)] = self._file.execute("SELECT count(*) FROM sqlite_schema WHERE name='searched_text'").fetchall()
        if not searchable:
            self._file.execute(SEARCH)
        self._file.execute(CHANGED)
        self._file.execute(f"PRAGMA user_version={FORMAT}")

    def close(self) -> None:
        """Let go of the file; what is not done goes on at the next time."""
        self._file.close()


def _open_alone(path: Path) -> apsw.Connection:
    """Open a file and keep everybody else from opening it, also a former release."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        # Before the first read: the lock is then taken for as long as the file is open.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL").fetchall()
        connection.execute("PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON").fetchall()
        connection.execute("BEGIN EXCLUSIVE; COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection
