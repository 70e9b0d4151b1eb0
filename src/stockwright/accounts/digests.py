"""Access patterns of grouped alerts: what waits to be sent to one recipient, and which events are in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from stockwright.base.hashing import sha256
from stockwright.base.record import Record
from stockwright.notifications.records import Channel
from stockwright.store.batch import Batch
from stockwright.store.find import find
from stockwright.store.port import ABSENT, Key, Store

PREFIX: Final = "DIGEST#"
ENTRIES_MAX: Final = 20
"""Alerts that are written out in one message; of the others it says how many there are."""
ALERTED_SECONDS: Final = 14 * 86_400
"""How long it is known that an event is in a digest: as long as any queue may deliver it again."""


class Address(Struct, frozen=True):
    """Where alerts go: a mail address, a phone number or a topic."""

    channel: Channel
    to: str


class Entry(Struct, frozen=True, array_like=True):
    """One alert: its line, its whole text, and what it is about."""

    line: str
    text: str
    about: str


class Part(Struct, frozen=True):
    """Some alerts: how many, and the first ENTRIES_MAX of them."""

    count: int = 0
    entries: tuple[Entry, ...] = ()

    def plus(self, other: Part) -> Part:
        """Return both together."""
        return Part(self.count + other.count, (*self.entries, *other.entries)[:ENTRIES_MAX])


class Digest(Record, frozen=True):
    """The alerts of one kind to one address that are not sent yet.

    `id` is the notification that they will be. `sending` is in the message that is tried now, `waiting`
    came since. `owner` is the event whose handler sends it, when `due_at` (ms) has come.
    """

    KIND = "DIGEST"
    PARTITION = PREFIX
    id: str
    kind: str
    address: Address
    owner: str
    due_at: int
    waiting: Part = Part()
    sending: Part = Part()


def digest_key(kind: str, address: Address) -> Key:
    """The one digest of a kind to an address."""
    return (f"{PREFIX}{kind}", sort_of(address))


def sort_of(address: Address) -> str:
    """Name the digests to an address, among those of their kind."""
    return f"{address.channel}#{sha256(address.to)[:32]}"


class Alerted(Record, frozen=True):
    """That an event was put into the digests to these addresses."""

    KIND = "ALERTED"
    PARTITION = "ALERTED#"
    to: tuple[Address, ...]


def _alerted_key(kind: str, event_id: str) -> Key:
    return (f"{Alerted.PARTITION}{event_id}", kind)


async def find_alerted(store: Store, kind: str, event_id: str) -> tuple[Address, ...] | None:
    """Return to whom an event was put into a digest; None where it was not yet."""
    alerted = await find(store, _alerted_key(kind, event_id), Alerted)
    return None if alerted is None else alerted.to


def put_alerted(batch: Batch, kind: str, event_id: str, addresses: Sequence[Address], now: int) -> None:
    """Remember that an event is in the digests of these addresses; Stale where it is known."""
    alerted = Alerted(tuple(addresses))
    batch.put(_alerted_key(kind, event_id), alerted, ABSENT, ttl=now // 1000 + ALERTED_SECONDS)


async def load_digests(store: Store, kind: str, addresses: Iterable[Address]) -> list[Digest]:
    """Load the digests that there are to some addresses, in one call."""
    keys = [digest_key(kind, address) for address in addresses]
    found = await store.get(keys)
    return [found[key].read(Digest) for key in keys if key in found]


def put_digest(batch: Batch, digest: Digest) -> None:
    """Write a digest, expecting the version that it was loaded with."""
    batch.put(
        digest_key(digest.kind, digest.address),
        digest,
        digest.version,
    )


def delete_digest(batch: Batch, digest: Digest) -> None:
    """End a digest, expecting the version that it was loaded with."""
    batch.delete(digest_key(digest.kind, digest.address), digest.version)
