"""One list out of several that are kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class Named(Protocol):
    """What has an id that sorts by time."""

    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=Named)


def newest(pages: Iterable[tuple[list[Thing], str | None]], limit: int) -> tuple[list[Thing], str | None]:
    """Merge pages that each hold up to `limit + 1` things, newest first, into one of `limit`.

    What moved from one list to another while they were read is in two pages: as the later page has it, it is now.
    """
    merged = sorted({each.id: each for page, _ in pages for each in page}.values(), key=_id, reverse=True)
    page = merged[:limit]
    return page, page[-1].id if len(merged) > limit else None


def _id(thing: Named) -> str:
    return thing.id
