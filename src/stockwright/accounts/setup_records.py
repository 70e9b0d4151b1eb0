"""Access patterns of the set-up link: the one-time token that makes the first admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.record import Record
from stockwright.store.find import find
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


SETUP_KEY: Final[Key] = ("SETUP", "SETUP")


class SetupToken(Record, frozen=True):
    """The hash of the one-time token, and when it ends (ms)."""

    KIND = "SETUP"
    PARTITION = SETUP_KEY[0]
    hash: str
    expires_at: int


async def find_setup(store: Store) -> SetupToken | None:
    """Find the set-up token."""
    return await find(store, SETUP_KEY, SetupToken)


async def put_setup(store: Store, batch: Batch, token: SetupToken) -> None:
    """Write the token instead of an earlier one; it expires when it ends."""
    found = await find_setup(store)
    batch.put(SETUP_KEY, token, found.version if found else ABSENT, ttl=token.expires_at // 1000)


def delete_setup(batch: Batch, held: SetupToken) -> None:
    """Delete the token that was loaded: of two commits that use it one is Stale."""
    batch.delete(SETUP_KEY, held.version)


async def end_setup(store: Store, batch: Batch) -> None:
    """Delete the token in this commit; where there is none, Stale if one is made meanwhile."""
    found = await find_setup(store)
    if found is None:
        batch.check(SETUP_KEY, ABSENT)
    else:
        delete_setup(batch, found)
