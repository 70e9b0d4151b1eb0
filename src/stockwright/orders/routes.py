"""Orders from placing to delivery, and sales at the till (S0, S1, S2, S3)."""

from __future__ import annotations

from typing import Any

from stockwright.base.errors import Forbidden
from stockwright.http.lists import show_list
from stockwright.http.route import Answer, Call, Route
from stockwright.http.rules import first_given
from stockwright.http.wire import ListView, Versioned
from stockwright.orders import usecases as orders
from stockwright.orders.model import Order
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import ListOrders, PlaceOrder, ReturnOrder
from stockwright.orders.wire import CancelBody, OrdersQuery, OrderView, PlaceOrderBody, ReturnBody, order_view
from stockwright.sales.routes import lines_wanted, look_up_lines

TAG = "Orders"


def _show(_: Call, order: Order) -> Answer:
    return Answer(order_view(order), etag=f'"{order.version}"')


async def _place(call: Call) -> Order:
    order = await orders.place_order(call.app, call.request, PlaceOrder(lines_wanted(call.body), call.body.reference))
    # The product is that of an order of one line, as in the answer (S2).
    only = order.lines[0] if len(order.lines) == 1 else None
    product = {"product_id": only.product_id, "product_name": only.name} if only else {}
    call.log("Order created", order_id=order.id, lines=len(order.lines), total_amount=order.total_cents, **product)
    return order


async def _get(call: Call) -> Order:
    return await orders.get_order(call.app, call.request, call.path["id"])


async def _list(call: Call) -> tuple[list[Order], str | None]:
    query: OrdersQuery = call.query
    if query.scope == "all" and not call.request.actor.is_admin:
        raise Forbidden("Only an admin can list everybody's orders")
    return await orders.list_orders(
        call.app, call.request, ListOrders(query.status, query.scope == "all", query.limit, call.position())
    )


async def _cancel(call: Call) -> Order:
    return await orders.cancel_order(call.app, call.request, call.path["id"], call.body.reason, call.expected_version())


async def _pack(call: Call) -> Order:
    return await orders.pack_order(call.app, call.request, call.path["id"], call.expected_version())


async def _deliver(call: Call) -> Order:
    return await orders.deliver_order(call.app, call.request, call.path["id"], call.expected_version())


async def _return(call: Call) -> Order:
    body: ReturnBody = call.body
    items = [
        ReturnItem(line.quantity, first_given(line.product_id, line.id, line.sku), line.line_id, line.options)
        for line in body.items
    ]
    return await orders.return_order(
        call.app, call.request, ReturnOrder(call.path["id"], items, body.restock, body.reason, call.expected_version())
    )


_ORDER: dict[str, Any] = {"show": _show, "answer": OrderView, "tag": TAG}
_LIST: dict[str, Any] = {
    "run": _list,
    "show": lambda call, found: show_list(call, found, order_view),
    "tag": TAG,
    "who": "any",
    "query": OrdersQuery,
    "answer": ListView[OrderView],
    "summary": "List orders, newest first",
    "errors": (403,),
}
_GET: dict[str, Any] = {
    "run": _get, "who": "any", "summary": "Get an order", "errors": (403, 404), **_ORDER
}  # fmt: skip
_PACKED: dict[str, Any] = {
    "run": _pack,
    "scopes": frozenset({"orders:pack"}),
    "body": Versioned,
    "summary": "Mark an order as packed; a PENDING one is confirmed too",
    "errors": (404, 409, 412),
    **_ORDER,
}
_DELIVERED: dict[str, Any] = {
    "run": _deliver,
    "scopes": frozenset({"orders:deliver"}),
    "body": Versioned,
    "summary": "Mark a packed order as delivered",
    "errors": (404, 409, 412),
    **_ORDER,
}
ROUTES = (
    Route(
        "POST",
        "/orders",
        _place,
        "Place an order: every line, or nothing",
        who="any",
        body=PlaceOrderBody,
        status=201,
        errors=(404, 409),
        look_up=look_up_lines,
        **_ORDER,
    ),
    Route("GET", "/orders", **_LIST),
    Route("GET", "/orderslist", **_LIST),
    Route("GET", "/orders/{id}", **_GET),
    Route("GET", "/order/{id}", **_GET),
    Route(
        "POST",
        "/orders/{id}/cancel",
        _cancel,
        "Cancel an order; the stock comes back",
        who="any",
        body=CancelBody,
        errors=(403, 404, 409, 412),
        **_ORDER,
    ),
    Route("POST", "/orders/{id}/pack", **_PACKED),
    Route("POST", "/orderpacked/{id}", **_PACKED),
    Route("POST", "/orders/{id}/deliver", **_DELIVERED),
    Route("POST", "/orderdelivered/{id}", **_DELIVERED),
    Route(
        "POST",
        "/orders/{id}/returns",
        _return,
        "Book units of a shipped order as returned",
        body=ReturnBody,
        errors=(404, 409, 412),
        **_ORDER,
    ),
)
