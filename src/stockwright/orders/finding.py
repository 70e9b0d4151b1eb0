"""Orders found by what people know of them: the number, the id, or the customer's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.email import normal_email
from stockwright.base.errors import Invalid
from stockwright.base.ids import ids_of_number
from stockwright.orders.buyer import buyer_of
from stockwright.orders.records import find_order, page_of_orders
from stockwright.orders.status import STATUSES

if TYPE_CHECKING:
    from stockwright.orders.model import Order
    from stockwright.orders.status import PlacedStatus
    from stockwright.store.port import Store

PREFIX: Final = "ord"
"""Of the ids of orders."""
SAME_NUMBER_MAX: Final = 20


async def find_orders(
    store: Store,
    text: str,
    *,
    user_id: str | None,
    status: PlacedStatus | None,
    limit: int,
    after: str | None,
) -> tuple[list[Order], str | None]:
    """Find orders by number or id, or all of a customer's by their whole address, newest first.

    Only `user_id`'s where one is given, and only those in `status`. What is none of these finds nothing.
    """
    text = text.strip()
    if "@" in text:
        return await _of_customer(store, text, user_id, status, limit, after)
    found = await _named(store, text)
    return [
        order
        for order in found
        if (user_id is None or order.user_id == user_id) and (status is None or order.status == status)
    ], None


async def _named(store: Store, text: str) -> list[Order]:
    """Find the order of an id, or those of a number: one, but for numbers that two former orders may share."""
    if text.startswith(f"{PREFIX}_"):
        order = await find_order(store, text)
        return [] if order is None else [order]
    ids = ids_of_number(PREFIX, text)
    if ids is None:
        return []
    order_id, begin = ids
    order = await find_order(store, order_id) if order_id else None
    if order is not None:
        return [order]
    found: dict[str, Order] = {}
    for each in STATUSES:
        page, _ = await page_of_orders(store, status=each, low=begin, high=f"{begin}~", limit=SAME_NUMBER_MAX)
        found.update((order.id, order) for order in page)
    return sorted(found.values(), key=lambda order: order.id, reverse=True)


async def _of_customer(
    store: Store, text: str, user_id: str | None, status: PlacedStatus | None, limit: int, after: str | None
) -> tuple[list[Order], str | None]:
    try:
        buyer_id, _ = await buyer_of(store, normal_email(text))
    except Invalid:
        return [], None
    if user_id not in {None, buyer_id}:
        return [], None
    return await page_of_orders(store, user_id=buyer_id, status=status, after=after, limit=limit)
