"""Access patterns of erasures: what is still to be replaced of a person, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from stockwright.base.record import Record
from stockwright.store.paging import whole

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store

PARTITION: Final = "ERASURES"
Stage = Literal["account", "items", "events", "archives"]


class Erasure(Record, frozen=True):
    """A person whose name and address are being replaced: items up to `after`, then events up to `position`.

    `found` says whether this pass through the items has replaced something.
    """

    KIND = "ERASURE"
    PARTITION = PARTITION
    account_id: str
    email: str
    name: str
    stage: Stage = "account"
    after: list[str] | None = None
    found: bool = False
    position: str = ""


def erasure_key(account_id: str) -> Key:
    """The item of one person's erasure, as long as it is not done."""
    return (PARTITION, account_id)


async def list_erasures(store: Store) -> list[Erasure]:
    """List what is not done."""
    return [item.read(Erasure) for item in await whole(store, PARTITION)]


def put_erasure(batch: Batch, erasure: Erasure) -> None:
    """Write how far an erasure is, expecting the version that it was loaded with."""
    batch.put(erasure_key(erasure.account_id), erasure, erasure.version)


def delete_erasure(batch: Batch, erasure: Erasure) -> None:
    """End an erasure: nothing of the person is left."""
    batch.delete(erasure_key(erasure.account_id), erasure.version)
