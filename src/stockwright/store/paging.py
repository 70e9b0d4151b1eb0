"""A list from its first page to its last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from stockwright.base.long_work import STEP_ROWS, give_way

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from stockwright.store.port import Item, Store

Thing = TypeVar("Thing")


class ReadsPage(Protocol[Thing]):
    """Reads the page that comes after a position; None: the first, or that there is no other."""

    def __call__(self, *, after: str | None) -> Awaitable[tuple[list[Thing], str | None]]: ...


async def pages(read: ReadsPage[Thing], after: str | None = None) -> AsyncIterator[list[Thing]]:
    """Read page after page, to the last; a page is a step, of at most STEP_ROWS things."""
    while True:
        page, after = await read(after=after)
        yield page
        if after is None:
            return
        await give_way()


async def every(read: ReadsPage[Thing], after: str | None = None) -> AsyncIterator[Thing]:
    """Read page after page, and give what is on them one by one."""
    async for page in pages(read, after):
        for each in page:
            yield each


async def whole(store: Store, partition: str) -> list[Item]:
    """Read a partition that is small, and always wanted whole, in the order of its items."""

    async def read(*, after: str | None) -> tuple[list[Item], str | None]:
        page = await store.query(partition, limit=STEP_ROWS, after=after)
        return list(page.items), page.next

    return [item async for item in every(read)]


CALLS_MAX: Final = 5
"""How many pages one request reads at most to fill a page of its own."""

Row = TypeVar("Row")
Positioned = tuple[list[tuple[str, Thing]], str | None]
"""A page of a list: each thing with its position, and where to go on."""


class ReadsPositions(Protocol[Thing]):
    """Reads at most `limit` things after a position."""

    def __call__(self, *, after: str | None, limit: int) -> Awaitable[Positioned[Thing]]: ...


async def fill(
    read: ReadsPositions[Thing],
    choose: Callable[[list[Thing]], Awaitable[list[Row | None]]],
    limit: int,
    after: str | None,
    at_once: int | None = None,
) -> tuple[list[Row], str | None]:
    """Fill a page with what `choose` makes of the things of a list (None: left out).

    Reads `at_once` things in a call, CALLS_MAX times at most: the page may be short, or empty, though
    more follow. The position to go on from is the list's own, so any order of the list will do.
    """
    rows: list[Row] = []
    for _ in range(CALLS_MAX):
        found, following = await read(after=after, limit=at_once or limit)
        chosen = await choose([thing for _, thing in found])
        for number, ((position, _), row) in enumerate(zip(found, chosen, strict=True), 1):
            if row is None:
                continue
            rows.append(row)
            if len(rows) == limit:
                is_last = following is None and all(each is None for each in chosen[number:])
                return rows, None if is_last else position
        after = following
        if after is None:
            break
        await give_way()
    return rows, after
