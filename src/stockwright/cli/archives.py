"""The archive of an embedded shop: its database and its keys, as `backup` writes it and `restore` reads it."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from io import BytesIO
from pathlib import Path
from typing import IO

from stockwright.adapters.files import private_folder, sync_folder
from stockwright.adapters.folder_files import FOLDER as FILES
from stockwright.adapters.folder_files import check_file_name, files_in
from stockwright.app import DATABASE

SECRETS = ("token-key.pem", "signing-key", "demo-passwords")
"""Those that the data folder may hold: a user pool, Secrets Manager and a shop that is no demo have fewer."""
READ_BYTES = 1 << 20
DAMAGED = (tarfile.TarError, OSError, EOFError, zlib.error)
"""What reading or writing an archive raises where the file or the disk is at fault."""


def write_archive(target: Path, files: Sequence[Path], stored: Sequence[Path] = ()) -> None:
    """Write files into an archive that only its owner can read, and read it back; then it has its name.

    `stored` are those of the file store, which keep their folder in the archive. One that the sweeper removes
    meanwhile is left out: nothing has used it for a day.
    """
    draft = files[0].with_name("archive")
    names = {**{file: file.name for file in files}, **{file: _stored_name(file) for file in stored}}
    _compare(draft, _pack(draft, names, frozenset(stored)))
    draft.rename(target)
    sync_folder(target.parent)


def secrets_in(folder: Path) -> list[Path]:
    """List the keys that a data folder holds."""
    return [folder / name for name in SECRETS if (folder / name).is_file()]


def stored_in(folder: Path) -> list[Path]:
    """List the files of a data folder's file store."""
    return files_in(folder / FILES)


def _stored_name(file: Path) -> str:
    return "/".join((FILES, *file.parts[-2:]))


def _pack(archive: Path, names: Mapping[Path, str], stored: AbstractSet[Path]) -> dict[str, bytes]:
    """Write files into an archive, safe on the disk, that only its owner can read; returns their digests by name."""
    digests = {}
    with os.fdopen(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        with tarfile.open(fileobj=target, mode="w:gz", compresslevel=3) as packed:
            for file, name in names.items():
                try:
                    digest = _digest(file.open("rb"))
                    packed.add(file, name)
                except FileNotFoundError:
                    if file not in stored:
                        raise
                else:
                    digests[name] = digest
        target.flush()
        os.fsync(target.fileno())
    return digests


def _compare(archive: Path, digests: Mapping[str, bytes]) -> None:
    """Read an archive back: every file must come out as it went in."""
    with gzip.open(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as packed:
        found = {member.name: _digest(packed.extractfile(member) or BytesIO()) for member in packed}
        _read_out(stream)
    if found != digests:
        raise tarfile.ReadError("what was read back differs from what was written")


def _digest(content: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    with content:
        while part := content.read(READ_BYTES):
            digest.update(part)
    return digest.digest()


def unpack(archive: Path, folder: Path) -> None:
    """Write what a backup holds into a folder, safe on the disk; read to the end, where its checksum is."""
    with gzip.open(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as packed:
        for member in packed:
            if member.name in {DATABASE, *SECRETS} or _is_stored(member.name):
                _write(folder / member.name, packed.extractfile(member) or BytesIO())
        _read_out(stream)
    if not (folder / DATABASE).is_file():
        raise tarfile.ReadError(f"there is no {DATABASE} in it")


def _is_stored(name: str) -> bool:
    """Whether a member of an archive is a file of the file store; one of any other name is not written."""
    begin, _, rest = name.partition("/")
    try:
        return begin == FILES and bool(check_file_name(rest))
    except ValueError:
        return False


def _read_out(stream: gzip.GzipFile) -> None:
    """Read to the end, where the checksum is."""
    while stream.read(READ_BYTES):
        pass


def _write(file: Path, content: IO[bytes]) -> None:
    for folder in reversed(file.parents):
        if not folder.is_dir():
            private_folder(folder)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        shutil.copyfileobj(content, target)
        target.flush()
        os.fsync(target.fileno())
