"""The warehouse and the delivery service: what they must do, POSTed as JSON (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from stockwright.base.errors import Permanent, TryLater
from stockwright.base.instant import iso
from stockwright.events.catalogue import OrderChanged, OrderPacked, OrderPlaced
from stockwright.orders.records import get_order_of
from stockwright.sales.lines import line_id
from stockwright.stock.model import named_details

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.orders.model import Order


CHANGED_SENT: Final = frozenset({"shippingAddress", "note"})
"""What the warehouse is sent of an order that staff may change afterwards."""
_RETRIED = frozenset({408, 409, 425})


async def call_warehouse(app: App, event: Event, data: OrderPlaced | OrderChanged) -> None:
    """Send the warehouse a pick list, or what was changed of it; nothing if no warehouse is configured."""
    settings = app.settings
    if settings.warehouse_url is None:
        return
    if isinstance(data, OrderChanged) and not CHANGED_SENT.intersection(data.fields):
        return
    order = await get_order_of(app.store, event)
    if order.row.waits_for != "warehouse":
        # Packed or cancelled meanwhile: there is nothing left to pick.
        return
    body = _change(order) if isinstance(data, OrderChanged) else _pick_list(order)
    await _post(app, event, settings.warehouse_url, settings.warehouse_api_key, body)


def _pick_list(order: Order) -> dict[str, Any]:
    return {
        "type": "pick_list",
        "orderId": order.id,
        "orderNumber": order.number,
        "createdAt": iso(order.created_at),
        "items": [
            {"lineId": line_id(number), **named_details(line), "name": line.name, "quantity": line.quantity,
             "options": line.options}
            for number, line in enumerate(order.lines)
        ],
        "locations": order.allocations,
        **_contact(order),
    }  # fmt: skip


def _change(order: Order) -> dict[str, Any]:
    return {"type": "order_changed", "orderId": order.id, "orderNumber": order.number, **_contact(order)}


def _contact(order: Order) -> dict[str, Any]:
    """Return where the order goes and whom to ask, as far as it was said."""
    details, contact = order.known_details, {"email": order.user_email} if order.user_email else {}
    found: dict[str, Any] = {"note": details.note} if details.note else {}
    if details.shipping_address is not None:
        address = details.shipping_address
        found["shippingAddress"] = msgspec.to_builtins(address)
        contact |= {"name": address.name} | ({"phone": address.phone} if address.phone else {})
    return found | ({"contact": contact} if contact else {})


async def request_delivery(app: App, event: Event, _: OrderPacked) -> None:
    """Send the delivery service a request for an order; nothing if none is configured."""
    settings = app.settings
    if settings.delivery_url is None:
        return
    order = await get_order_of(app.store, event)
    if order.row.waits_for != "delivery service":
        return
    body = {
        "type": "delivery_request",
        "orderId": order.id,
        "orderNumber": order.number,
        "customerEmail": order.user_email,
        "items": [
            {"lineId": line_id(number), "sku": line.sku, "name": line.name, "quantity": line.quantity,
             "options": line.options}
            for number, line in enumerate(order.lines)
        ],
        **_contact(order),
    }  # fmt: skip
    await _post(app, event, settings.delivery_url, settings.delivery_api_key, body)


async def _post(app: App, event: Event, url: str, api_key: str | None, body: dict[str, Any]) -> None:
    """POST with the event's id as Idempotency-Key, so that a second try is known as one."""
    headers = {"content-type": "application/json", "idempotency-key": event.id}
    if api_key:
        headers |= {"authorization": api_key, "x-api-key": api_key}
    reply = await app.outbound.post(url, msgspec.json.encode(body), headers)
    status, after = reply.status, reply.retry_after_seconds
    if 200 <= status < 300:  # noqa: PLR2004
        return
    if status == 429 or (status == 503 and after is not None):  # noqa: PLR2004
        seconds = app.settings.retry_delay_seconds if after is None else after
        raise TryLater(f"the receiver answered with status {status}: it limits our calls", after_seconds=seconds)
    if 400 <= status < 500 and status not in _RETRIED:  # noqa: PLR2004
        raise Permanent(f"the receiver refused it with status {status}")
    raise RuntimeError(f"the receiver answered with status {status}")
