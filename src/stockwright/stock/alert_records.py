"""Access patterns of the marks that say whether a variant's shortage was alerted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


class AlertMark(Record, frozen=True):
    """Since when a variant is known as low, and as out (ms); None while it is not."""

    KIND = "ALERT"
    low_since: int | None = None
    out_since: int | None = None


def _key(variant_id: str) -> Key:
    return (f"PRODUCT#{variant_id}", "ALERT")


async def load_marks(store: Store, variant_ids: Iterable[str]) -> dict[str, AlertMark]:
    """Load the marks of many variants in one call; a variant without one has never been short."""
    ids = list(dict.fromkeys(variant_ids))
    found = await store.get([_key(each) for each in ids])
    items = {variant_id: found.get(_key(variant_id)) for variant_id in ids}
    return {variant_id: AlertMark() if item is None else item.read(AlertMark) for variant_id, item in items.items()}


def put_mark(batch: Batch, variant_id: str, mark: AlertMark) -> None:
    """Write a variant's mark, expecting the version that it was loaded with."""
    batch.put(_key(variant_id), mark, mark.version)
