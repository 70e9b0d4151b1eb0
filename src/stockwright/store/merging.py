"""One list out of several that are stored apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence


class Named(Protocol):
    """What has an id that sorts by time."""

    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=Named)
Status = TypeVar("Status", bound=str)


async def list_newest(
    read: Callable[[str | None, Status | None, int], Awaitable[tuple[list[Thing], str | None]]],
    owner: str | None,
    status: Status | None,
    statuses: Sequence[Status],
    limit: int,
) -> tuple[list[Thing], str | None]:
    """List what is stored by owner and by status: an owner's, everybody's of one status, or everybody's of all.

    `read` returns a page of an owner's (perhaps of one status) or, without an owner, of one status.
    """
    if owner is not None or status:
        return await read(owner, status, limit)
    return newest([await read(None, each, limit + 1) for each in statuses], limit)


def newest(pages: Iterable[tuple[list[Thing], str | None]], limit: int) -> tuple[list[Thing], str | None]:
    """Merge pages that each hold up to `limit + 1` things, newest first, into one of `limit`.

    What moved from one list to another while they were read is in two pages: as the later page has it, it is now.
    """
    merged = sorted({each.id: each for page, _ in pages for each in page}.values(), key=_id, reverse=True)
    page = merged[:limit]
    return page, page[-1].id if len(merged) > limit else None


def _id(thing: Named) -> str:
    return thing.id
