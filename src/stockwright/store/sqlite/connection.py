"""Connections to the file: the writer, the readers, and a file that cannot be written."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path as FilePath
from typing import Final

import apsw

from stockwright.base.errors import Misconfigured
from stockwright.store.sqlite.schema import check_format, prepare_schema

PAGE_CACHE_KIB: Final = 16 * 1024
"""Of each connection's pages; `cache.py` has decoded items, and the operating system the file's pages."""
MAPPED_BYTES: Final = 64 * 1024 * 1024


def connect_file(path: FilePath, *, readonly: bool = False) -> apsw.Connection:
    """Open a connection; a reader waits up to 5 s for a lock, the writer does its own waiting."""
    flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=200)
    connection.set_busy_timeout(0 if not readonly else 5000)
    connection.execute(
        f"PRAGMA cache_size=-{PAGE_CACHE_KIB}; PRAGMA temp_store=MEMORY; PRAGMA mmap_size={MAPPED_BYTES}"
    )
    return connection


class ReadOnlyFile:
    """A file in a folder, or on a disk, that cannot be written: how to read it all the same.

    A log beside the file needs SQLite's index of it; where that is missing and cannot be made, both are copied.
    """

    def __init__(self, path: FilePath) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        log = path.with_name(f"{path.name}-wal")
        self._address = f"{path.absolute().as_uri()}?mode=ro"
        try:
            if log.exists() and log.stat().st_size:
                try:
                    self.connect().close()
                except apsw.Error:
                    self._folder = tempfile.TemporaryDirectory(prefix="stockwright-")
                    for each in (path, log):
                        shutil.copyfile(each, FilePath(self._folder.name) / each.name)
                    self._address = f"{(FilePath(self._folder.name) / path.name).as_uri()}?mode=rw"
            else:
                self._address += "&immutable=1"
            with closing(self.connect()) as connection:
                check_format(connection, path)
        except BaseException as fault:
            self.close()
            refuse(path, fault)
            raise

    def connect(self) -> apsw.Connection:
        """Open the file."""
        connection = apsw.Connection(self._address, flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI)
        connection.set_busy_timeout(5000)
        # Opening reads nothing yet.
        connection.execute("PRAGMA query_only=ON; SELECT count(*) FROM sqlite_schema").fetchall()
        return connection

    def close(self) -> None:
        """Remove the copy, if one was made."""
        if self._folder is not None:
            self._folder.cleanup()


def refuse(path: FilePath, fault: BaseException) -> None:
    """Say in one line why a file cannot be opened."""
    if isinstance(fault, apsw.NotADBError | apsw.CorruptError):
        raise Misconfigured(f"{path} is not a Stockwright store, or it is damaged: {fault}") from fault
    if isinstance(fault, apsw.FullError):
        raise Misconfigured(f"cannot open {path}: the disk is full; make room first") from fault
    if isinstance(fault, apsw.BusyError | apsw.LockedError):
        raise Misconfigured(f"cannot open {path}: another program holds it; try again") from fault
    if isinstance(fault, OSError | apsw.Error):
        raise Misconfigured(f"cannot open {path}: is the folder there, and writable? ({fault})") from fault


def open_writer(path: FilePath) -> apsw.Connection:
    """Open the file, or refuse one that is not ours."""
    try:
        _keep_from_others(path)
        connection = connect_file(path)
        try:
            prepare_schema(connection, path)
        except BaseException:
            connection.close()
            raise
    except (OSError, apsw.Error) as fault:
        refuse(path, fault)
        raise
    return connection


def _keep_from_others(path: FilePath) -> None:
    """Make the file, or close it to everybody but its owner; SQLite gives the mode on to the files beside it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for each in (
        path,
        path.with_name(f"{path.name}-wal"),
        path.with_name(f"{path.name}-shm"),
        path.with_name(f"{path.name}-queue"),
    ):
        if each.exists() and each.stat().st_mode & 0o077:
            each.chmod(0o600)
