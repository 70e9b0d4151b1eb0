"""Access patterns of known origins: the addresses and devices that an account signed in from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Key, Store


PAGE: Final = 1000
OriginKind = Literal["address", "device"]


def origin_key(email: str, kind: OriginKind, digest: str) -> Key:
    """The item of one origin of the account that has this address; a device's or address's hash names it."""
    return (_partition(email), f"{kind}#{digest}")


async def find_origins(store: Store, keys: Sequence[Key]) -> dict[Key, Item]:
    """Find those of these origins that are on record."""
    return await store.get(keys)


async def list_origins(store: Store, email: str) -> list[Item]:
    """List the origins of an account; the writer limits their number."""
    return list((await store.query(_partition(email), limit=PAGE)).items)


def put_origin(batch: Batch, key: Key, expect: int, expires_at: int, *, seen_again: bool) -> None:
    """Write an origin; `seen_again`: it was known before at a sign-in."""
    batch.put(key, {"expiresAt": expires_at, "seenAgain": seen_again}, expect, ttl=expires_at // 1000)


def _partition(email: str) -> str:
    return f"ORIGINS#{hashlib.sha256(email.encode()).hexdigest()}"
