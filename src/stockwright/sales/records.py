"""Access patterns of sales at the till."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.errors import NotFound
from stockwright.sales.model import Sale
from stockwright.store.find import find, load
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


def sale_key(sale_id: str) -> Key:
    """The sale's item."""
    return (f"SALE#{sale_id}", "SALE")


async def get_sale(store: Store, sale_id: str) -> Sale:
    """Get a sale or refuse."""
    sale = await find(store, sale_key(sale_id), Sale)
    if sale is None:
        raise NotFound("Sale not found")
    return sale


async def load_sales(store: Store, sale_ids: Iterable[str]) -> dict[str, Sale]:
    """Load many sales in one call; what is not there is left out."""
    return {sale.id: sale for sale in await load(store, [sale_key(each) for each in dict.fromkeys(sale_ids)], Sale)}


async def page_of_sales(
    store: Store, *, low: str = "", high: str = "", after: str | None = None, limit: int = 20, reverse: bool = True
) -> tuple[list[Sale], str | None]:
    """Read sales, newest first; `low` and `high` bound their ids, and so the time."""
    page = await store.query("SALE", index="list", low=low, high=high, after=after, limit=limit, reverse=reverse)
    return [item.read(Sale) for item in page.items], page.next


def put_sale(batch: Batch, sale: Sale) -> None:
    """Write a sale; it never changes."""
    batch.put(
        sale_key(sale.id),
        sale,
        ABSENT,
        {"list": ("SALE", sale.id)},
    )
