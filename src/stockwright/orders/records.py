"""Access patterns of orders: by id, by buyer, and by status."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stockwright.base.errors import NotFound, Permanent
from stockwright.orders.model import Order
from stockwright.orders.status import OPEN, STATUSES
from stockwright.store.find import find, load
from stockwright.store.paging import pages
from stockwright.store.port import COUNT_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from stockwright.base.event import Event
    from stockwright.orders.status import OrderStatus
    from stockwright.store.batch import Batch
    from stockwright.store.port import IndexName, Key, Store


def order_key(order_id: str) -> Key:
    """The order's item."""
    return (f"ORDER#{order_id}", "ORDER")


async def find_order(store: Store, order_id: str) -> Order | None:
    """Find an order; one that is still being placed is not shown."""
    order = await find(store, order_key(order_id), Order)
    return order if order is not None and order.row.is_shown else None


async def get_order(store: Store, order_id: str) -> Order:
    """Get an order or refuse (message: S2)."""
    order = await find_order(store, order_id)
    if order is None:
        raise NotFound("Order not found")
    return order


async def get_order_of(store: Store, event: Event) -> Order:
    """Get the order that an event is about; Permanent where it is gone."""
    order = await find_order(store, event.subject)
    if order is None:
        raise Permanent(f"the order {event.subject} is gone")
    return order


async def load_orders(store: Store, order_ids: Iterable[str]) -> dict[str, Order]:
    """Load many orders in one call, also those that are still being placed; what is not there is left out."""
    keys = [order_key(each) for each in dict.fromkeys(order_ids)]
    return {order.id: order for order in await load(store, keys, Order)}


async def page_of_orders(
    store: Store,
    *,
    user_id: str | None = None,
    status: OrderStatus | None = None,
    low: str = "",
    high: str = "",
    after: str | None = None,
    limit: int = 20,
    reverse: bool = True,
) -> tuple[list[Order], str | None]:
    """Read a buyer's orders (perhaps of one status), or everybody's of one status, newest first.

    `low` and `high` bound the ids, and so the time.
    """
    if user_id is not None:
        page = await store.query(
            f"ORDER#{user_id}",
            index="owner",
            where={"status": status} if status else None,
            low=low,
            high=high,
            after=after,
            limit=limit,
            reverse=reverse,
        )
    else:
        page = await store.query(
            f"ORDER#{status}", index="list", low=low, high=high, after=after, limit=limit, reverse=reverse
        )
    return [item.read(Order) for item in page.items], page.next


async def pages_of_every_order(
    store: Store, limit: int, *, low: str = "", high: str = ""
) -> AsyncIterator[list[Order]]:
    """Go through the orders by status, newest first within each, every order once.

    One that takes a step while this reads is in two statuses, and never in none: they are read from the
    first to the last, and it is returned as it was seen first. Going back in time comes to an end however
    fast new ones are placed. Memory grows with the orders that are open.
    """
    may_come_again: set[str] = set()
    for status in STATUSES:
        of_status = partial(page_of_orders, store, status=status, low=low, high=high, limit=limit)
        async for page in pages(of_status):
            yield [order for order in page if order.id not in may_come_again]
            if status in OPEN:
                may_come_again.update(order.id for order in page)


async def count_orders(store: Store, status: OrderStatus) -> int:
    """Count the orders of a status, as a recount of their rollup."""
    return await store.count(f"ORDER#{status}", index="list", limit=COUNT_MAX)


def put_order(batch: Batch, order: Order) -> None:
    """Write an order, expecting the version that it was loaded with; its buyer has it once it is placed."""
    indexes: dict[IndexName, tuple[str, str]] = {"list": (f"ORDER#{order.status}", order.id)}
    if order.row.is_shown:
        indexes["owner"] = (f"ORDER#{order.user_id}", order.id)
    batch.put(order_key(order.id), order, order.version, indexes)
