"""Access patterns of the marks that say whether a product's shortage was alerted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


class AlertMark(Record, frozen=True):
    """Since when a product is known as low, and as out (ms); None while it is not."""

    KIND = "ALERT"
    low_since: int | None = None
    out_since: int | None = None


def _key(product_id: str) -> Key:
    return (f"PRODUCT#{product_id}", "ALERT")


async def load_marks(store: Store, product_ids: Iterable[str]) -> dict[str, AlertMark]:
    """Load the marks of many products in one call; a product without one has never been short."""
    ids = list(dict.fromkeys(product_ids))
    found = await store.get([_key(each) for each in ids])
    items = {product_id: found.get(_key(product_id)) for product_id in ids}
    return {product_id: AlertMark() if item is None else item.read(AlertMark) for product_id, item in items.items()}


def put_mark(batch: Batch, product_id: str, mark: AlertMark) -> None:
    """Write a product's mark, expecting the version that it was loaded with."""
    batch.put(_key(product_id), mark, mark.version)
