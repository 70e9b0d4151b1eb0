"""The file store of the embedded engine: a folder inside the data folder."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from typing import TYPE_CHECKING, Final

from stockwright.adapters.files import private_folder, sync_folder
from stockwright.base.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import IO

FOLDER: Final = "files"
PART_BYTES: Final = 256 * 1024
DRAFT_SECONDS: Final = 86_400
"""A draft as old as this was left behind by a process that ended: no file takes as long to come."""
_NAME: Final = re.compile(r"[a-z]+/[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_DRAFT: Final = "."


class FolderFiles:
    """Files of a folder that only its owner can read, each safe on the disk before it has its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, parts: AsyncIterator[bytes]) -> int:
        """Write a file part by part, in place of the one of that name; returns its size in bytes.

        Where `parts` raises, the file of that name stays as it was.
        """
        path = self._path(name)
        file, draft = await asyncio.to_thread(_open_draft, self._folder, path)
        size = 0
        try:
            async for part in parts:
                await asyncio.to_thread(file.write, part)
                size += len(part)
            await asyncio.to_thread(_finish, file, draft, path)
        except BaseException:
            file.close()
            draft.unlink(missing_ok=True)
            raise
        return size

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """Go through a file part by part; NotFound where there is none."""
        path = self._path(name)
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError:
            raise NotFound("There is no such file") from None
        try:
            while part := await asyncio.to_thread(file.read, PART_BYTES):
                yield part
        finally:
            file.close()

    async def size(self, name: str) -> int | None:
        """Return a file's size in bytes; None where there is none."""
        try:
            return (await asyncio.to_thread(self._path(name).stat)).st_size
        except FileNotFoundError:
            return None

    def path(self, name: str) -> Path | None:
        """Return where a file is, if it is there."""
        return self._path(name)

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is fine."""
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    async def names(self) -> AsyncIterator[str]:
        """Go through the names of all files."""
        for path in await asyncio.to_thread(files_in, self._folder):
            yield path.relative_to(self._folder).as_posix()

    async def address_to_put(self, name: str, size: int, seconds: int) -> str | None:  # noqa: ARG002 - the port's
        """Return None: the server's own route takes what is put."""
        return None

    def _path(self, name: str) -> Path:
        return self._folder / check_file_name(name)


def check_file_name(name: str) -> str:
    """Return a name that is one of ours (`media/…`, `uploads/…`); ValueError for any other."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of a file of the shop: {name!r}")
    return name


def files_in(folder: Path) -> list[Path]:
    """List the whole files of a file store's folder, in the order of their names."""
    return sorted(path for path in folder.glob("*/*") if path.is_file() and not path.name.startswith(_DRAFT))


def remove_old_drafts(folder: Path) -> None:
    """Remove what processes that have ended left half-written."""
    for path in folder.glob(f"*/{_DRAFT}*"):
        if path.stat().st_mtime < time.time() - DRAFT_SECONDS:
            path.unlink(missing_ok=True)


def _open_draft(folder: Path, path: Path) -> tuple[IO[bytes], Path]:
    for each in (folder, path.parent):
        if not each.is_dir():
            private_folder(each)
            sync_folder(each.parent)
    draft = path.with_name(f"{_DRAFT}{path.name}.{secrets.token_hex(4)}")
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"), draft


def _finish(file: IO[bytes], draft: Path, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
    draft.replace(path)
    sync_folder(path.parent)
