"""Access patterns of sessions: each sign-in begins a family of refresh tokens, of which one is good at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.accounts.model import Account
from stockwright.accounts.records import account_key
from stockwright.base.record import Record
from stockwright.store.find import find

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


class SpentToken(Struct, frozen=True):
    """A refresh token that was used: its hash, when (ms), and the hash of that request's Idempotency-Key ("": none)."""

    hash: str
    at: int
    key: str


class Family(Record, frozen=True):
    """The hash of its one good token, whose it is, and when it ends (ms); the newest of the spent tokens first.

    `auth_time` is when the account signed in (s), `generation` the account's then.
    """

    KIND = "FAMILY"
    account_id: str
    hash: str
    auth_time: int
    generation: int
    expires_at: int
    spent: tuple[SpentToken, ...] = ()


def family_key(family_id: str) -> Key:
    """The item of one family."""
    return (f"FAMILY#{family_id}", "FAMILY")


async def find_family(store: Store, family_id: str) -> Family | None:
    """Find the family of refresh tokens that one sign-in began."""
    return await find(store, family_key(family_id), Family)


async def page_of_families(store: Store, account_id: str) -> list[tuple[Key, int]]:
    """Read an account's families: key and version (at most 1000)."""
    page = await store.query(f"FAMILY#{account_id}", index="owner", limit=1000)
    return [(item.key, item.version) for item in page.items]


async def find_account_in_session(store: Store, account_id: str, family_id: str | None) -> tuple[Account | None, bool]:
    """Find an account and whether the family of a token exists, in one read; None: a token that names no family."""
    keys = [account_key(account_id)] if family_id is None else [account_key(account_id), family_key(family_id)]
    found = await store.get(keys)
    account = found.get(account_key(account_id))
    return account.read(Account) if account else None, len(keys) == 1 or keys[1] in found


def put_family(batch: Batch, family_id: str, family: Family) -> None:
    """Write a family, expecting the version that it was loaded with; it expires when it ends."""
    batch.put(
        family_key(family_id),
        family,
        family.version,
        {"owner": (f"FAMILY#{family.account_id}", family_id)},
        ttl=family.expires_at // 1000,
    )
