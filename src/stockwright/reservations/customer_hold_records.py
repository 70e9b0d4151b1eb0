"""Access patterns of what counts towards customers' limits on holds: one record per customer who holds something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.reservations.hold_limits import CountedHold, CustomerHolds, UsedUnits
from stockwright.store.parsing import once

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Key, Store


def customer_holds_key(owner_id: str) -> Key:
    """The record of one customer."""
    return (f"HOLDS#{owner_id}", "HOLDS")


async def load_customer_holds(store: Store, owner_id: str) -> CustomerHolds:
    """Load what a customer holds; nothing where there is no record."""
    key = customer_holds_key(owner_id)
    item = (await store.get([key])).get(key)
    return CustomerHolds(owner_id) if item is None else customer_holds_of(item)


async def page_of_customer_holds(
    store: Store, *, after: str | None = None, limit: int = 100
) -> tuple[list[CustomerHolds], str | None]:
    """Read the records of all customers."""
    page = await store.query("HOLDS", index="list", after=after, limit=limit)
    return [customer_holds_of(item) for item in page.items], page.next


def put_customer_holds(batch: Batch, holds: CustomerHolds) -> None:
    """Write a customer's record, expecting the version that it was loaded with; rubbish when nothing of it counts."""
    batch.put(
        customer_holds_key(holds.owner_id),
        {
            "ownerId": holds.owner_id,
            "active": {
                name: {"expiresAt": hold.expires_at, "units": dict(hold.units)} for name, hold in holds.active.items()
            },
            "used": [[each.product_id, each.at, each.units] for each in holds.used],
        },
        holds.version,
        {"list": ("HOLDS", holds.owner_id)},
        ttl=holds.counts_until() // 1000 + 1,
    )


@once("HOLDS")
def customer_holds_of(item: Item) -> CustomerHolds:
    """Read a customer's record from its item."""
    body = item.body
    return CustomerHolds(
        owner_id=body["ownerId"],
        active={name: CountedHold(each["expiresAt"], each["units"]) for name, each in body["active"].items()},
        used=tuple(UsedUnits(product_id, at, units) for product_id, at, units in body["used"]),
        version=item.version,
    )
