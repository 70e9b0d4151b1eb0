"""Access patterns of accounts, failed attempts at signing in, and API keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stockwright.accounts.api_key import ApiKey
from stockwright.accounts.attempts import FORGOTTEN_AFTER_MS, Attempts
from stockwright.accounts.model import Account
from stockwright.base.email import email_spellings
from stockwright.base.errors import NotFound
from stockwright.base.hashing import sha256
from stockwright.base.record import Record
from stockwright.store.find import find
from stockwright.store.paging import every
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


ADMINS_PAGE: Final = 100


class EmailClaim(Record, frozen=True):
    """That an address is this account's own."""

    KIND = "EMAIL"
    account_id: str


def account_key(account_id: str) -> Key:
    """The account's item."""
    return (f"ACCOUNT#{account_id}", "ACCOUNT")


def email_key(email: str) -> Key:
    """The claim that makes an address one account's own."""
    return (f"EMAIL#{email}", "EMAIL")


async def find_account(store: Store, account_id: str) -> Account | None:
    """Find an account by its id."""
    return await find(store, account_key(account_id), Account)


async def get_account(store: Store, account_id: str) -> Account:
    """Get an account or refuse."""
    account = await find_account(store, account_id)
    if account is None:
        raise NotFound("User not found")
    return account


async def find_account_by_email(store: Store, email: str) -> Account | None:
    """Find an account by its address in normal form, or by a claim under its former spelling.

    Two reads either way, so that the time reveals nothing.
    """
    keys = [email_key(each) for each in email_spellings(email)]
    found = await store.get(keys)
    claim = next((found[key] for key in keys if key in found), None)
    return await find_account(store, claim.read(EmailClaim).account_id if claim else "-")


async def page_of_accounts(
    store: Store, *, role: str | None = None, after: str | None = None, limit: int = 20, reverse: bool = True
) -> tuple[list[Account], str | None]:
    """Read accounts, newest first."""
    where = {"role": role} if role else None
    page = await store.query("ACCOUNT", index="list", where=where, after=after, limit=limit, reverse=reverse)
    return [item.read(Account) for item in page.items], page.next


async def every_admin(store: Store) -> AsyncIterator[Account]:
    """Read the admins who can sign in, newest first, on however many pages."""
    async for each in every(partial(page_of_accounts, store, role="admin", limit=ADMINS_PAGE)):
        if each.administers:
            yield each


def put_account(batch: Batch, account: Account) -> None:
    """Write an account, expecting the version that it was loaded with."""
    batch.put(account_key(account.id), account, account.version, {"list": ("ACCOUNT", account.id)})


def claim_email(batch: Batch, email: str, account_id: str) -> None:
    """Make an address this account's own; Stale where somebody has it."""
    batch.put(email_key(email), EmailClaim(account_id), ABSENT)


async def release_email(store: Store, batch: Batch, email: str, account_id: str) -> None:
    """Let somebody else have the address of this account, however it was spelled."""
    keys = [email_key(each) for each in dict.fromkeys((email, *email_spellings(email)))]
    found = await store.get(keys)
    for key in keys:
        if key in found and found[key].read(EmailClaim).account_id == account_id:
            batch.delete(key, found[key].version)


# ---- attempts --------------------------------------------------------------------------------


def _attempts_key(attempts_id: str) -> Key:
    return (f"ATTEMPTS#{sha256(attempts_id)}", "ATTEMPTS")


async def load_attempts(store: Store, attempts_id: str) -> Attempts:
    """Load the failures at one thing; none where it was never tried."""
    return await find(store, _attempts_key(attempts_id), Attempts) or Attempts()


def put_attempts(batch: Batch, attempts_id: str, attempts: Attempts, now: int) -> None:
    """Write the failures at one thing, expecting the version that was loaded; they expire when they are forgotten."""
    batch.put(_attempts_key(attempts_id), attempts, attempts.version, ttl=(now + FORGOTTEN_AFTER_MS) // 1000)


# ---- API keys --------------------------------------------------------------------------------


def api_key_key(digest: str) -> Key:
    """The key's item, found by the SHA-256 of what the machine shows."""
    return (f"APIKEY#{digest}", "APIKEY")


async def find_api_key(store: Store, digest: str) -> ApiKey | None:
    """Find a key by its SHA-256."""
    return await find(store, api_key_key(digest), ApiKey)


async def page_of_api_keys(
    store: Store, *, after: str | None = None, limit: int = 20
) -> tuple[list[ApiKey], str | None]:
    """Read the keys, newest first."""
    page = await store.query("APIKEY", index="list", after=after, limit=limit, reverse=True)
    return [item.read(ApiKey) for item in page.items], page.next


async def get_api_key(store: Store, key_id: str) -> ApiKey:
    """Get a key by its id, or refuse."""
    page = await store.query("APIKEY", index="list", low=key_id, high=key_id + "\x00", limit=1)
    if not page.items:
        raise NotFound("API key not found")
    return page.items[0].read(ApiKey)


def put_api_key(batch: Batch, key: ApiKey) -> None:
    """Write a key, expecting the version that it was loaded with."""
    batch.put(
        api_key_key(key.hash),
        key,
        key.version,
        {"list": ("APIKEY", key.id)},
    )
