"""Access patterns of known origins: the addresses and devices that an account signed in from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from stockwright.base.hashing import sha256
from stockwright.base.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


PAGE: Final = 1000
OriginKind = Literal["address", "device"]


class KnownOrigin(Record, frozen=True):
    """Until when an origin is known (ms); `seen_again`: it was known before at a sign-in."""

    KIND = "ORIGIN"
    PARTITION = "ORIGINS#"
    expires_at: int
    seen_again: bool = False


def origin_key(email: str, kind: OriginKind, digest: str) -> Key:
    """The item of one origin of the account that has this address; a device's or address's hash names it."""
    return (_partition(email), f"{kind}#{digest}")


async def find_origins(store: Store, keys: Sequence[Key]) -> dict[Key, KnownOrigin]:
    """Find those of these origins that are on record."""
    return {key: item.read(KnownOrigin) for key, item in (await store.get(keys)).items()}


async def list_origins(store: Store, email: str) -> dict[Key, KnownOrigin]:
    """List the origins of an account by their keys; the writer limits their number."""
    items = (await store.query(_partition(email), limit=PAGE)).items
    return {item.key: item.read(KnownOrigin) for item in items}


def put_origin(batch: Batch, key: Key, origin: KnownOrigin) -> None:
    """Write an origin, expecting the version that it was loaded with; it expires when it is not known any more."""
    batch.put(key, origin, origin.version, ttl=origin.expires_at // 1000)


def _partition(email: str) -> str:
    return f"{KnownOrigin.PARTITION}{sha256(email)}"
