"""Reading what must add up with a variant's stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from stockwright.base.errors import Busy
from stockwright.stock.records import get_stock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stockwright.context import App
    from stockwright.stock.model import Stock


LOOKS_MAX: Final = 10
Found = TypeVar("Found")


async def while_still(app: App, variant_id: str, read: Callable[[Stock], Awaitable[Found]]) -> Found:
    """Read beside a variant's stock, which must not change meanwhile: else it is read again, at last Busy."""
    for _ in range(LOOKS_MAX):
        stock = await get_stock(app.store, variant_id)
        found = await read(stock)
        if (await get_stock(app.store, variant_id)).version == stock.version:
            return found
    raise Busy("The stock changed at each of several reads, so no consistent result was found; try again shortly")
