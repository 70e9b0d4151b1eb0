"""Access patterns of erasures: what is still to be replaced of a person, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import Struct

from stockwright.store.paging import whole
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store

PARTITION: Final = "ERASURES"
Stage = Literal["account", "items", "events", "archives"]


class Erasure(Struct, frozen=True):
    """A person whose name and address are being replaced: items up to `after`, then events up to `position`.

    `found` says whether this pass through the items has replaced something.
    """

    account_id: str
    email: str
    name: str
    stage: Stage = "account"
    after: list[str] | None = None
    found: bool = False
    position: str = ""
    version: int = ABSENT


def erasure_key(account_id: str) -> Key:
    """The item of one person's erasure, as long as it is not done."""
    return (PARTITION, account_id)


async def list_erasures(store: Store) -> list[Erasure]:
    """List what is not done."""
    return [
        msgspec.structs.replace(msgspec.convert(item.body, Erasure), version=item.version)
        for item in await whole(store, PARTITION)
    ]


def put_erasure(batch: Batch, erasure: Erasure) -> None:
    """Write how far an erasure is, expecting the version that it was loaded with."""
    body = msgspec.to_builtins(erasure)
    del body["version"]
    batch.put(erasure_key(erasure.account_id), body, erasure.version)


def delete_erasure(batch: Batch, erasure: Erasure) -> None:
    """End an erasure: nothing of the person is left."""
    batch.delete(erasure_key(erasure.account_id), erasure.version)
