"""Access patterns of what counts towards customers' limits on holds: one record per customer who holds something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.reservations.hold_limits import CustomerHolds
from stockwright.store.find import find

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


def customer_holds_key(owner_id: str) -> Key:
    """The record of one customer."""
    return (f"HOLDS#{owner_id}", "HOLDS")


async def load_customer_holds(store: Store, owner_id: str) -> CustomerHolds:
    """Load what a customer holds; nothing where there is no record."""
    return await find(store, customer_holds_key(owner_id), CustomerHolds) or CustomerHolds(owner_id)


async def page_of_customer_holds(
    store: Store, *, after: str | None = None, limit: int = 100
) -> tuple[list[CustomerHolds], str | None]:
    """Read the records of all customers."""
    page = await store.query("HOLDS", index="list", after=after, limit=limit)
    return [item.read(CustomerHolds) for item in page.items], page.next


def put_customer_holds(batch: Batch, holds: CustomerHolds) -> None:
    """Write a customer's record, expecting the version that it was loaded with; it expires with what counts."""
    batch.put(
        customer_holds_key(holds.owner_id),
        holds,
        holds.version,
        {"list": ("HOLDS", holds.owner_id)},
        ttl=holds.counts_until() // 1000 + 1,
    )
