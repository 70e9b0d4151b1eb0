"""The archive of an embedded shop: its database and its keys, as `backup` writes it and `restore` reads it."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

from stockwright.adapters.files import sync_folder
from stockwright.app import DATABASE

SECRETS = ("token-key.pem", "signing-key", "demo-passwords")
"""Those that the data folder may hold: a user pool, Secrets Manager and a shop that is no demo have fewer."""
READ_BYTES = 1 << 20
DAMAGED = (tarfile.TarError, OSError, EOFError, zlib.error)
"""What reading or writing an archive raises where the file or the disk is at fault."""


def write_archive(target: Path, files: Sequence[Path]) -> None:
    """Write files into an archive that only its owner can read, and read it back; then it has its name."""
    draft = files[0].with_name("archive")
    _pack(draft, files)
    _compare(draft, files)
    draft.rename(target)
    sync_folder(target.parent)


def secrets_in(folder: Path) -> list[Path]:
    """List the keys that a data folder holds."""
    return [folder / name for name in SECRETS if (folder / name).is_file()]


def _pack(archive: Path, files: Sequence[Path]) -> None:
    """Write files into an archive, safe on the disk, that only its owner can read."""
    with os.fdopen(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        with tarfile.open(fileobj=target, mode="w:gz", compresslevel=3) as packed:
            for file in files:
                packed.add(file, file.name)
        target.flush()
        os.fsync(target.fileno())


def _compare(archive: Path, files: Sequence[Path]) -> None:
    """Read an archive back: every file must come out as it went in."""
    digests = {file.name: _digest(file.open("rb")) for file in files}
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
            if member.name in {DATABASE, *SECRETS}:
                _write(folder / member.name, packed.extractfile(member) or BytesIO())
        _read_out(stream)
    if not (folder / DATABASE).is_file():
        raise tarfile.ReadError(f"there is no {DATABASE} in it")


def _read_out(stream: gzip.GzipFile) -> None:
    """Read to the end, where the checksum is."""
    while stream.read(READ_BYTES):
        pass


def _write(file: Path, content: IO[bytes]) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        shutil.copyfileobj(content, target)
        target.flush()
        os.fsync(target.fileno())
