"""Changes of an order that are no step of it: its note, its addresses, its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from stockwright.commit import commit, insist, new_event, unchanged
from stockwright.events.catalogue import OrderChanged
from stockwright.orders import records
from stockwright.orders.details import changed_fields, with_details
from stockwright.orders.large import get_resumed_order
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.base.address import Address
    from stockwright.context import App
    from stockwright.orders.model import Order
    from stockwright.request import Request


class ChangeOrder(Struct, frozen=True):
    """What staff change of an order; only what is given (an address of None is taken away)."""

    order_id: str
    note: str | UnsetType = UNSET
    shipping_address: Address | UnsetType | None = UNSET
    billing_address: Address | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    expected_version: int | None = None


async def change_order(app: App, request: Request, command: ChangeOrder) -> Order:
    """Change an order's details; its addresses only until it is packed (Conflict)."""
    names = ("note", "shipping_address", "billing_address", "tags")
    given = {name: value for name in names if (value := getattr(command, name)) is not UNSET}

    async def attempt() -> Order:
        order = await get_resumed_order(app, request, command.order_id)
        insist(command.expected_version, order)
        before = order.known_details
        details = replace(before, **given)
        if details == before:
            return await unchanged(app, request, order)
        after = with_details(order, details, app.clock.now())
        batch = Batch()
        records.put_order(batch, after)
        fields = changed_fields(before, details)
        batch.append(new_event(app, request, OrderChanged(user_id=order.user_id, fields=fields), order.id))
        after = replace(after, version=order.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)
