"""A person's saved addresses: one record beside the account, of at most ADDRESSES_MAX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.address import Address
from stockwright.base.errors import Conflict, NotFound
from stockwright.base.record import Record
from stockwright.store.find import find

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store

ADDRESSES_MAX: Final = 20


class SavedAddress(Struct, frozen=True, rename="camel"):
    """An address with an id; the times are in ms."""

    id: str
    address: Address
    created_at: int
    updated_at: int


class AddressBook(Record, frozen=True):
    """The addresses that a person has saved, the newest first."""

    KIND = "ADDRESSES"
    addresses: tuple[SavedAddress, ...] = ()

    def get(self, address_id: str) -> SavedAddress:
        """Get a saved address or refuse."""
        for each in self.addresses:
            if each.id == address_id:
                return each
        raise NotFound("Address not found")

    def adding(self, saved: SavedAddress) -> AddressBook:
        """Return the book with one more; raises Conflict where it is full."""
        if len(self.addresses) >= ADDRESSES_MAX:
            raise Conflict(f"At most {ADDRESSES_MAX} addresses can be saved; remove one first")
        return replace(self, addresses=(saved, *self.addresses))

    def changing(self, saved: SavedAddress) -> AddressBook:
        """Return the book with the address of this id as it is now."""
        return replace(self, addresses=tuple(saved if each.id == saved.id else each for each in self.addresses))

    def removing(self, address_id: str) -> AddressBook:
        """Return the book without an address."""
        return replace(self, addresses=tuple(each for each in self.addresses if each.id != address_id))


def address_book_key(account_id: str) -> Key:
    """The item beside the account."""
    return (f"ACCOUNT#{account_id}", "ADDRESSES")


async def load_address_book(store: Store, account_id: str) -> AddressBook:
    """Load a person's addresses; none where they never saved one."""
    return await find(store, address_book_key(account_id), AddressBook) or AddressBook()


def put_address_book(batch: Batch, account_id: str, book: AddressBook) -> None:
    """Write a person's addresses, expecting the version that was loaded."""
    batch.put(address_book_key(account_id), book, book.version)
