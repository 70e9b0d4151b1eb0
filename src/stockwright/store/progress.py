"""Access patterns of backfills: how far what a newer release keeps beside each product is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from stockwright.base.record import Record
from stockwright.store.find import find

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


Backfill = Literal["products", "stocks"]
"""The entries by which products are sorted; what is counted of their stock."""
FORMAT: Final[dict[Backfill, int]] = {"products": 1, "stocks": 1}
"""Raised where a release writes more, or otherwise: everything is then rewritten, in steps."""


class Progress(Record, frozen=True):
    """How far a backfill of a format is: the position after which it goes on, and whether it is done."""

    KIND = "BACKFILL"
    PARTITION = "BACKFILL"
    after: str | None = None
    done: bool = False
    format: int = 0


def _key(name: Backfill) -> Key:
    return (Progress.PARTITION, name)


async def load_progress(store: Store, name: Backfill) -> Progress:
    """Load how far a backfill of this release's format is."""
    progress = await find(store, _key(name), Progress) or Progress()
    return progress if progress.format == FORMAT[name] else Progress(version=progress.version)


def put_progress(batch: Batch, name: Backfill, progress: Progress) -> None:
    """Write how far a backfill is, expecting the version that was loaded."""
    batch.put(_key(name), replace(progress, format=FORMAT[name]), progress.version)
