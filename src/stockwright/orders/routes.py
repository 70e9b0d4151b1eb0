"""Orders from placing to delivery, and sales at the till (S0, S1, S2, S3)."""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import UNSET

from stockwright.accounts.address_wire import address_of
from stockwright.base.errors import Forbidden
from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import first_given
from stockwright.http.wire import ListView, Versioned
from stockwright.orders import usecases as orders
from stockwright.orders.amounts import Discount
from stockwright.orders.buyer import find_buyer
from stockwright.orders.changing import ChangeOrder, change_order
from stockwright.orders.details import NOTHING, OrderDetails, clean_note, clean_tags
from stockwright.orders.model import Order
from stockwright.orders.recall import find_as_it_was, refer
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import ListOrders, PlaceOrder, ReturnOrder
from stockwright.orders.wire import (
    CancelBody,
    OrderPatch,
    OrdersQuery,
    OrderView,
    PlaceOrderBody,
    ReturnBody,
    order_view,
)
from stockwright.sales.routes import lines_wanted, look_up_lines
from stockwright.store.idempotency import Recall

TAG = "Orders"
_RECALL: Final = Recall(refer, find_as_it_was)


def _view(call: AnyCall, order: Order) -> OrderView:
    actor = call.request.actor
    return order_view(order, for_staff=actor.is_admin, costs=actor.sees_costs)


def _show(call: AnyCall, order: Order) -> Answer:
    return Answer(_view(call, order), etag=f'"{order.version}"')


def _details_of(body: PlaceOrderBody) -> OrderDetails:
    if not (body.note or body.locale or body.shipping_address or body.billing_address):
        return NOTHING
    return OrderDetails(
        address_of(body.shipping_address),
        address_of(body.billing_address),
        clean_note(body.note),
        body.locale or "",
    )


def _discount_of(body: PlaceOrderBody) -> Discount | None:
    given = body.discount
    return None if given is None else Discount(given.reason.strip(), given.amount, given.percent)


async def _place(call: Call[PlaceOrderBody, NoQuery]) -> Order:
    body = call.body
    buyer = await find_buyer(call.app, call.request, body.email)
    command = PlaceOrder(
        lines_wanted(body),
        body.reference,
        buyer,
        details=_details_of(body),
        expected_total=body.expected_total,
        discount=_discount_of(body),
        shipping_method=body.shipping_method,
        placed_by="" if buyer is None else call.request.actor.id,
    )
    order = await orders.place_order(call.app, call.request, command)
    # The product is that of an order of one line, as in the answer (S2).
    only = order.lines[0] if len(order.lines) == 1 else None
    product = {"product_id": only.product_id, "product_name": only.name} if only else {}
    call.log("Order created", order_id=order.id, lines=len(order.lines), total_amount=order.total_cents, **product)
    return order


async def _get(call: PlainCall) -> Order:
    return await orders.get_order(call.app, call.request, call.path["id"])


async def _list(call: Call[None, OrdersQuery]) -> tuple[list[Order], str | None]:
    query = call.query
    if query.scope == "all" and not call.request.actor.is_admin:
        raise Forbidden("Only an admin can list all customers' orders")
    return await orders.list_orders(
        call.app,
        call.request,
        ListOrders(query.status, query.scope == "all", query.limit, call.position(), query.search),
    )


async def _cancel(call: Call[CancelBody, NoQuery]) -> Order:
    return await orders.cancel_order(call.app, call.request, call.path["id"], call.body.reason, call.expected_version())


async def _change(call: Call[OrderPatch, NoQuery]) -> Order:
    body = call.body
    command = ChangeOrder(
        call.path["id"],
        UNSET if body.note is None else clean_note(body.note),
        UNSET if body.shipping_address is UNSET else address_of(body.shipping_address),
        UNSET if body.billing_address is UNSET else address_of(body.billing_address),
        UNSET if body.tags is None else clean_tags(body.tags),
        call.expected_version(),
    )
    return await change_order(call.app, call.request, command)


async def _pack(call: Call[Versioned, NoQuery]) -> Order:
    return await orders.pack_order(call.app, call.request, call.path["id"], call.expected_version())


async def _deliver(call: Call[Versioned, NoQuery]) -> Order:
    return await orders.deliver_order(call.app, call.request, call.path["id"], call.expected_version())


async def _return(call: Call[ReturnBody, NoQuery]) -> Order:
    body = call.body
    items = [
        ReturnItem(
            line.quantity, first_given(line.variant_id, line.product_id, line.id, line.sku), line.line_id, line.options
        )
        for line in body.items
    ]
    return await orders.return_order(
        call.app, call.request, ReturnOrder(call.path["id"], items, body.restock, body.reason, call.expected_version())
    )


_LIST = route("GET", "/orders", _list, "List orders, newest first", TAG,
              lambda call, found: show_list(call, found, partial(_view, call)), who="any", query=OrdersQuery,
              answer=ListView[OrderView], errors=(403,))  # fmt: skip
_GET = route("GET", "/orders/{id}", _get, "Get an order", TAG, _show, who="any", answer=OrderView,
             errors=(403, 404))  # fmt: skip
_PACK = route("POST", "/orders/{id}/pack", _pack, "Mark an order as packed; a PENDING one is confirmed too", TAG,
              _show, scopes=frozenset({"orders:pack"}), body=Versioned, answer=OrderView, recall=_RECALL,
              errors=(404, 409, 412))  # fmt: skip
_DELIVER = route("POST", "/orders/{id}/deliver", _deliver, "Mark a packed order as delivered", TAG, _show,
                 scopes=frozenset({"orders:deliver"}), body=Versioned, answer=OrderView, recall=_RECALL,
                 errors=(404, 409, 412))  # fmt: skip
ROUTES = (
    route(
        "POST",
        "/orders",
        _place,
        "Place an order: every line, or nothing",
        TAG,
        _show,
        who="any",
        body=PlaceOrderBody,
        answer=OrderView,
        recall=_RECALL,
        status=201,
        errors=(404, 409),
        look_up=look_up_lines,
    ),
    _LIST,
    _LIST.at("/orderslist"),
    _GET,
    _GET.at("/order/{id}"),
    route(
        "PATCH",
        "/orders/{id}",
        _change,
        "Change an order's note, tags, and until it is packed its addresses",
        TAG,
        _show,
        body=OrderPatch,
        answer=OrderView,
        errors=(404, 409, 412),
    ),
    route(
        "POST",
        "/orders/{id}/cancel",
        _cancel,
        "Cancel an order; its units are available again",
        TAG,
        _show,
        who="any",
        body=CancelBody,
        answer=OrderView,
        recall=_RECALL,
        errors=(403, 404, 409, 412),
    ),
    _PACK,
    _PACK.at("/orderpacked/{id}"),
    _DELIVER,
    _DELIVER.at("/orderdelivered/{id}"),
    route(
        "POST",
        "/orders/{id}/returns",
        _return,
        "Book returned units of a packed or delivered order",
        TAG,
        _show,
        body=ReturnBody,
        answer=OrderView,
        recall=_RECALL,
        errors=(404, 409, 412),
    ),
)
