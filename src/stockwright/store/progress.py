"""Access patterns of backfills: how far what a newer release keeps beside each product is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


Backfill = Literal["products", "stocks"]
"""The entries by which products are sorted; what is counted of their stock."""
FORMAT: Final[dict[Backfill, int]] = {"products": 1, "stocks": 1}
"""Raised where a release writes more, or otherwise: everything is then rewritten, in steps."""


class Progress(Struct, frozen=True):
    """How far a backfill is: behind which place it goes on, and whether it is done."""

    after: str | None = None
    done: bool = False
    version: int = 0


def _key(name: Backfill) -> Key:
    return ("BACKFILL", name)


async def load_progress(store: Store, name: Backfill) -> Progress:
    """Load how far a backfill of this release's format is."""
    item = (await store.get([_key(name)])).get(_key(name))
    if item is None:
        return Progress()
    if item.body["format"] != FORMAT[name]:
        return Progress(version=item.version)
    return Progress(item.body["after"], item.body["done"], item.version)


def put_progress(batch: Batch, name: Backfill, progress: Progress) -> None:
    """Write how far a backfill is, expecting the version that was loaded."""
    body = {"format": FORMAT[name], "after": progress.after, "done": progress.done}
    batch.put(_key(name), body, progress.version)
