"""What people do with their saved addresses. Each sees and changes their own alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from stockwright.accounts.address_book import SavedAddress, load_address_book, put_address_book
from stockwright.accounts.records import account_key
from stockwright.accounts.usecases import get_me
from stockwright.base.address import Address, check_parts, cleaned
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import AccountAddressesChanged
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.request import Request


async def list_addresses(app: App, request: Request) -> Sequence[SavedAddress]:
    """List the caller's addresses, the newest first."""
    account = await get_me(app, request)
    return (await load_address_book(app.store, account.id)).addresses


async def save_address(app: App, request: Request, address: Address) -> SavedAddress:
    """Save an address; raises Conflict where there are as many as can be saved."""
    checked = check_whole(address)
    address_id = app.ids.new("adr")

    async def attempt() -> SavedAddress:
        account = await get_me(app, request)
        book, now = await load_address_book(app.store, account.id), app.clock.now()
        saved = SavedAddress(address_id, checked, now, now)
        batch = Batch()
        # An account that is erased meanwhile has no addresses any more.
        batch.check(account_key(account.id), account.version)
        put_address_book(batch, account.id, book.adding(saved))
        batch.append(new_event(app, request, AccountAddressesChanged(), account.id))
        await commit(app, request, batch, saved)
        return saved

    return await retried(attempt)


async def change_address(app: App, request: Request, address_id: str, fields: Mapping[str, str]) -> SavedAddress:
    """Change the given fields of an address; what comes out is checked as a whole."""

    async def attempt() -> SavedAddress:
        account = await get_me(app, request)
        book = await load_address_book(app.store, account.id)
        before = book.get(address_id)
        address = check_whole(Address(**{**asdict(before.address), **fields}))
        if address == before.address:
            return await unchanged(app, request, before)
        after = replace(before, address=address, updated_at=app.clock.now())
        batch = Batch()
        batch.check(account_key(account.id), account.version)
        put_address_book(batch, account.id, book.changing(after))
        batch.append(new_event(app, request, AccountAddressesChanged(), account.id))
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def remove_address(app: App, request: Request, address_id: str) -> str:
    """Remove an address; orders keep theirs."""

    async def attempt() -> str:
        account = await get_me(app, request)
        book = await load_address_book(app.store, account.id)
        book.get(address_id)
        batch = Batch()
        put_address_book(batch, account.id, book.removing(address_id))
        batch.append(new_event(app, request, AccountAddressesChanged(), account.id))
        await commit(app, request, batch, address_id)
        return address_id

    return await retried(attempt)


def check_whole(address: Address) -> Address:
    """Return an address as it is stored, where its country has such addresses (Invalid)."""
    check_parts(address.country, address.city, address.postal_code, address.region)
    return cleaned(address)
