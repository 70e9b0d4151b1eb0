"""The file store in the data folder: whole files or none, that only their owner can read."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stockwright.adapters.folder_files import FolderFiles, check_file_name, remove_old_drafts
from stockwright.base.errors import NotFound, PayloadTooLarge


async def parts(*contents: bytes) -> AsyncIterator[bytes]:
    for content in contents:
        yield content


async def whole(files: FolderFiles, name: str) -> bytes:
    return b"".join([part async for part in files.read(name)])


async def test_a_file_is_written_read_replaced_and_removed(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "files")
    assert await files.put("uploads/upl_1", parts(b"one", b"", b"two")) == 6
    assert (await whole(files, "uploads/upl_1"), await files.size("uploads/upl_1")) == (b"onetwo", 6)
    await files.put("uploads/upl_1", parts(b"x" * 1_000_000))
    assert await files.size("uploads/upl_1") == 1_000_000
    assert len(await whole(files, "uploads/upl_1")) == 1_000_000
    await files.put("media/img_1-0a-320.webp", parts(b"picture"))
    assert [name async for name in files.names()] == ["media/img_1-0a-320.webp", "uploads/upl_1"]
    await files.delete("uploads/upl_1")
    await files.delete("uploads/upl_1")
    assert await files.size("uploads/upl_1") is None
    with pytest.raises(NotFound):
        await whole(files, "uploads/upl_1")


async def test_only_its_owner_can_read_a_file(tmp_path: Path) -> None:
    await FolderFiles(tmp_path / "files").put("uploads/upl_1", parts(b"secret"))
    for path in (tmp_path / "files").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (tmp_path / "files").stat().st_mode & 0o077 == 0


async def test_what_fails_half_way_leaves_the_former_file_and_no_draft(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "files")
    await files.put("uploads/upl_1", parts(b"former"))

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise PayloadTooLarge

    with pytest.raises(PayloadTooLarge):
        await files.put("uploads/upl_1", broken())
    assert await whole(files, "uploads/upl_1") == b"former"
    assert [path.name for path in (tmp_path / "files" / "uploads").iterdir()] == ["upl_1"]


async def test_old_drafts_are_removed_and_new_ones_are_not(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "files")
    await files.put("uploads/upl_1", parts(b"whole"))
    folder = tmp_path / "files" / "uploads"
    for name, age in ((".upl_2.aa", 2 * 86_400), (".upl_3.bb", 60)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age, time.time() - age))
    remove_old_drafts(tmp_path / "files")
    assert sorted(path.name for path in folder.iterdir()) == [".upl_3.bb", "upl_1"]
    assert [name async for name in files.names()] == ["uploads/upl_1"]


@pytest.mark.parametrize(
    "name", ["", "uploads", "uploads/", "/etc/passwd", "uploads/../x", "../x", "a/b/c", "uploads/.x", "Up/x", "a/x\n"]
)
def test_a_name_that_is_not_ours_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        check_file_name(name)
