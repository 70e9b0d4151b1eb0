"""Access patterns of the set-up link: the one-time token that makes the first admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Key, Store


SETUP_KEY: Final[Key] = ("SETUP", "SETUP")


async def find_setup(store: Store) -> Item | None:
    """Find the set-up token's record."""
    return (await store.get([SETUP_KEY])).get(SETUP_KEY)


async def put_setup(store: Store, batch: Batch, token_hash: str, expires_at: int) -> None:
    """Write the token's hash in the place of an earlier one; it ends at `expires_at` (ms)."""
    found = await find_setup(store)
    body = {"hash": token_hash, "expiresAt": expires_at}
    batch.put(SETUP_KEY, body, found.version if found else ABSENT, ttl=expires_at // 1000)


def use_setup(batch: Batch, held: Item) -> None:
    """Delete the token that was checked: of two commits that use it one is Stale."""
    batch.delete(held.key, held.version)


async def end_setup(store: Store, batch: Batch) -> None:
    """Delete the token in this commit; where there is none, the commit stands only while none is made."""
    found = await find_setup(store)
    if found is None:
        batch.check(SETUP_KEY, ABSENT)
    else:
        batch.delete(SETUP_KEY, found.version)
