"""Files that must be safe on the disk, and that only their owner can read."""

from __future__ import annotations

import gzip
import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SUFFIX: Final = ".ndjson.gz"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe on the disk, where the system has that."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner can read, or close the one that is there to everybody else."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def archive_file(folder: Path, stem: str, known: str, written: int) -> tuple[str, int]:
    """Return the file that the next lines of `stem` go to, and behind how many bytes.

    That is the file `known`, of which `written` bytes count, if it is of this stem and still whole. Otherwise it is a
    new one: named `stem`, or with a number where a file has that name.
    """
    is_of_stem = re.fullmatch(re.escape(stem) + r"(-[0-9]+)?" + re.escape(SUFFIX), known) is not None
    path = folder / known
    if is_of_stem and (path.stat().st_size if path.is_file() else 0) >= written:
        return known, written
    name, number = f"{stem}{SUFFIX}", 1
    while (folder / name).exists():
        number += 1
        name = f"{stem}-{number}{SUFFIX}"
    return name, 0


def append_lines(path: Path, written: int, lines: Sequence[bytes]) -> int:
    """Write lines behind the first `written` bytes of an archive file (gzip) and read them back; returns its new size.

    Whatever else stood behind them is dropped. The lines are safe on the disk when this returns; raises OSError.
    """
    text = b"".join(line + b"\n" for line in lines)
    is_new = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.truncate(written)
        file.seek(written)
        file.write(gzip.compress(text, compresslevel=6, mtime=0))
        file.flush()
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    if is_new:
        sync_folder(path.parent)
    with path.open("rb") as file:
        file.seek(written)
        if gzip.decompress(file.read()) != text:
            raise OSError(None, "what was read back differs from what was written", str(path))
    return size


def rewrite_lines(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change each line of an archive file, where that changes any; safe on the disk when this returns."""
    draft = path.with_suffix(".draft")
    changed = False
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with gzip.open(path) as source, os.fdopen(opened, "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as target:
            for line in source:
                after = change(line.rstrip(b"\n"))
                changed = changed or after != line.rstrip(b"\n")
                target.write(after + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if changed:
        draft.replace(path)
        sync_folder(path.parent)
    else:
        draft.unlink()
