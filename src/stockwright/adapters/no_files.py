"""The file store of a shop that has none: a table without a bucket beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

WHY: Final = "This shop has no store for files: its server needs STOCKWRIGHT_FILES_BUCKET"


class NoFiles:
    """Refuses to keep files, and has none."""

    async def put(self, name: str, parts: AsyncIterator[bytes]) -> int:  # noqa: ARG002
        """Refuse."""
        raise Conflict(WHY)

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """Find nothing."""
        if name:
            raise NotFound("There is no such file")
        yield b""

    async def size(self, name: str) -> int | None:  # noqa: ARG002
        """Find nothing."""
        return None

    def path(self, name: str) -> Path | None:  # noqa: ARG002
        """Find nothing."""
        return None

    async def delete(self, name: str) -> None:
        """Have nothing to remove."""

    async def names(self) -> AsyncIterator[str]:
        """Find nothing."""
        nothing: tuple[str, ...] = ()
        for name in nothing:
            yield name

    async def address_to_put(self, name: str, size: int, seconds: int) -> str | None:  # noqa: ARG002
        """Refuse."""
        raise Conflict(WHY)
