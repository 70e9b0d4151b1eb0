"""Access patterns of sales at the till."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.errors import NotFound
from stockwright.sales.lines import line_body, line_of
from stockwright.sales.model import Sale
from stockwright.store.parsing import reads
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Key, Store


def sale_key(sale_id: str) -> Key:
    """The sale's item."""
    return (f"SALE#{sale_id}", "SALE")


async def get_sale(store: Store, sale_id: str) -> Sale:
    """Get a sale or refuse."""
    item = (await store.get([sale_key(sale_id)])).get(sale_key(sale_id))
    if item is None:
        raise NotFound("Sale not found")
    return sale_of(item)


async def page_of_sales(
    store: Store, *, low: str = "", high: str = "", after: str | None = None, limit: int = 20, reverse: bool = True
) -> tuple[list[Sale], str | None]:
    """Read sales, newest first; `low` and `high` bound their ids, and so the time."""
    page = await store.query("SALE", index="list", low=low, high=high, after=after, limit=limit, reverse=reverse)
    return [sale_of(item) for item in page.items], page.next


def put_sale(batch: Batch, sale: Sale) -> None:
    """Write a sale; it never changes."""
    batch.put(
        sale_key(sale.id),
        {
            "id": sale.id,
            "lines": [line_body(line) for line in sale.lines],
            "draws": sale.draws,
            "currency": sale.currency,
            "total": sale.total_cents,
            "soldBy": sale.sold_by,
            "createdAt": sale.created_at,
            "reference": sale.reference,
        },
        ABSENT,
        {"list": ("SALE", sale.id)},
    )


@reads("SALE")
def sale_of(item: Item) -> Sale:
    """Read a sale from its item."""
    body = item.body
    return Sale(
        id=body["id"],
        lines=tuple(line_of(line) for line in body["lines"]),
        draws=body["draws"],
        currency=body["currency"],
        total_cents=body["total"],
        sold_by=body["soldBy"],
        created_at=body["createdAt"],
        reference=body["reference"],
    )
