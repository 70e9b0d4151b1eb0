"""Reading what must add up with a stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from stockwright.base.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stockwright.stock.model import Stock


LOOKS_MAX: Final = 10
Found = TypeVar("Found")


async def while_still(load: Callable[[], Awaitable[Stock]], read: Callable[[Stock], Awaitable[Found]]) -> Found:
    """Read beside a stock, which must not change meanwhile: else both are read again, at last Busy."""
    for _ in range(LOOKS_MAX):
        stock = await load()
        found = await read(stock)
        if (await load()).version == stock.version:
            return found
    raise Busy("The stock changed at each of several reads, so no consistent result was found; try again shortly")
