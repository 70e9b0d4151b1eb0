"""Access patterns of uploads, and of files that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.uploads.model import LASTS_MS, UnusedFiles

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


def unused_key(files_id: str) -> Key:
    """The item of files that nothing uses."""
    return (f"FILES#{files_id}", "UNUSEDFILES")


async def find_unused(store: Store, files_id: str) -> UnusedFiles | None:
    """Find files that nothing uses by the id of their upload or picture."""
    key = unused_key(files_id)
    item = (await store.get([key])).get(key)
    return None if item is None else item.read(UnusedFiles)


async def due_files(store: Store, now: int, limit: int) -> list[UnusedFiles]:
    """Read the files whose time is over, the oldest first."""
    page = await store.query("UNUSEDFILES", index="due", high=_due(now - LASTS_MS + 1), limit=limit)
    return [item.read(UnusedFiles) for item in page.items]


def put_unused(batch: Batch, files: UnusedFiles) -> None:
    """Write down files that nothing uses, expecting the version that they were loaded with."""
    key = unused_key(files.id)
    batch.put(key, files, files.version, {"due": ("UNUSEDFILES", f"{_due(files.at)}#{files.id}")})


def delete_unused(batch: Batch, files: UnusedFiles) -> None:
    """Note that the files are used, or removed."""
    batch.delete(unused_key(files.id), files.version)


def _due(at: int) -> str:
    return f"{at:015d}"
