"""A file, read whole once: what it is, and by which profile its rows are to be understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.errors import PayloadTooLarge
from stockwright.base.long_work import in_steps
from stockwright.imports.booking import content_hash
from stockwright.imports.profiles import candidates, find_profile, profiles_of, wanted_headings
from stockwright.imports.reader import BYTES_MAX, Table, read_steps

if TYPE_CHECKING:
    from stockwright.imports.model import Import, ImportKind, Mode
    from stockwright.imports.profile import Profile


class ReadFile(Struct, frozen=True):
    """A file whose headings are those of a profile."""

    table: Table
    profile: Profile
    content: str
    """The hash of the file, by which the first version named its rows."""


async def read_file(content: bytes, importing: Import) -> ReadFile:
    """Read an import's file in steps; raises Invalid or PayloadTooLarge."""
    if len(content) > BYTES_MAX:
        raise PayloadTooLarge(f"The file is larger than {BYTES_MAX // 1024 // 1024} MiB; split it")
    profiles = candidates(importing)
    table = await in_steps(read_steps(content, wanted_headings(profiles)))
    hashed = content_hash(content) if importing.kind == "stock" else ""
    return ReadFile(table, find_profile(table, profiles) or profiles[-1], hashed)


async def read_any(content: bytes, kind: ImportKind, mode: Mode) -> tuple[Table, Profile | None]:
    """Read a file with whatever headings, and find its profile; raises Invalid or PayloadTooLarge."""
    profiles = profiles_of(kind, mode)
    table = await in_steps(read_steps(content, wanted_headings(profiles), any_headings=True))
    return table, find_profile(table, profiles)
