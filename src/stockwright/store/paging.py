"""A list from its first page to its last."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from stockwright.store.port import Item, Store

WHOLE: Final = 500

Thing = TypeVar("Thing")


class ReadsPage(Protocol[Thing]):
    """Reads the page that comes after a position; None: the first, or that there is no other."""

    def __call__(self, *, after: str | None) -> Awaitable[tuple[list[Thing], str | None]]: ...


async def pages(read: ReadsPage[Thing], after: str | None = None) -> AsyncIterator[list[Thing]]:
    """Read page after page, to the last."""
    while True:
        page, after = await read(after=after)
        yield page
        if after is None:
            return
        # Reading from the store may never suspend: let a serving process serve.
        await asyncio.sleep(0)


async def every(read: ReadsPage[Thing], after: str | None = None) -> AsyncIterator[Thing]:
    """Read page after page, and give what is on them one by one."""
    async for page in pages(read, after):
        for each in page:
            yield each


async def whole(store: Store, partition: str) -> list[Item]:
    """Read a partition that is small, and always wanted whole, in the order of its items."""

    async def read(*, after: str | None) -> tuple[list[Item], str | None]:
        page = await store.query(partition, limit=WHOLE, after=after)
        return list(page.items), page.next

    return [item async for item in every(read)]
