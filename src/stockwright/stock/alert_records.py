"""Access patterns of the marks that say whether a product's shortage was alerted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


class AlertMark(Struct, frozen=True):
    """Since when a product is known as low, and as out (ms); None while it is not."""

    product_id: str
    low_since: int | None = None
    out_since: int | None = None
    version: int = 0


def _key(product_id: str) -> Key:
    return (f"PRODUCT#{product_id}", "ALERT")


async def load_marks(store: Store, product_ids: Iterable[str]) -> dict[str, AlertMark]:
    """Load the marks of many products in one call; a product without one has never been short."""
    ids = list(dict.fromkeys(product_ids))
    found = await store.get([_key(each) for each in ids])
    marks = {}
    for product_id in ids:
        item = found.get(_key(product_id))
        marks[product_id] = (
            AlertMark(product_id)
            if item is None
            else AlertMark(product_id, item.body["lowSince"], item.body["outSince"], item.version)
        )
    return marks


def put_mark(batch: Batch, mark: AlertMark) -> None:
    """Write a mark, expecting the version that it was loaded with."""
    batch.put(_key(mark.product_id), {"lowSince": mark.low_since, "outSince": mark.out_since}, mark.version)
