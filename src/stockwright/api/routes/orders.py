"""Orders from placing to delivery, and sales at the till (S0, S1, S2, S3)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from stockwright.api.route import Answer, Call, Route
from stockwright.api.routes.catalog import show_list
from stockwright.api.rules import MALFORMED, first_given, well_formed
from stockwright.api.schemas.common import ListQuery, ListView, Versioned
from stockwright.api.schemas.orders import (
    CancelBody,
    LineBody,
    OrdersQuery,
    OrderView,
    PlaceOrderBody,
    ReturnBody,
    SaleBody,
    SaleView,
    order_view,
    sale_view,
)
from stockwright.domain.errors import Forbidden
from stockwright.domain.order import Order
from stockwright.domain.returns import ReturnItem
from stockwright.domain.sale import Sale
from stockwright.usecases import orders, sales
from stockwright.usecases.lines import LineWanted, check_known
from stockwright.usecases.orders import ListOrders, PlaceOrder, ReturnOrder
from stockwright.usecases.sales import Sell

TAG, SALES = "Orders", "Sales"


def _show(_: Call, order: Order) -> Answer:
    return Answer(order_view(order), etag=f'"{order.version}"')


def _show_sale(_: Call, sale: Sale) -> Answer:
    # A sale never changes, so its first version is its only one.
    return Answer(sale_view(sale), etag='"1"')


def _wanted(body: Any) -> list[LineWanted]:
    """Read the lines of a body, in whichever form they come (S0 and S2, S1, S3); what is malformed is left out."""
    if body.items is not None:
        return [_line(line, f"items[{number}].") for number, line in enumerate(body.items) if line is not MALFORMED]
    product_ids = getattr(body, "product_ids", None)
    if product_ids is None:
        return [_line(body, "")]
    options, color = well_formed(body.options) or {}, well_formed(body.color)
    return [
        LineWanted(body.quantity, product_id, None, options, color, at="", product_field=f"productIds[{number}]")
        for number, product_id in enumerate(product_ids)
        if product_id is not MALFORMED
    ]


def _line(line: Any, at: str) -> LineWanted:
    """Read one line; a body of one product has not all of a line's fields."""
    given = SimpleNamespace(**{name: well_formed(getattr(line, name, None)) for name in LineBody.__struct_fields__})
    quantity = first_given(given.quantity, given.count)
    product_id = first_given(given.product_id, given.id)
    return LineWanted(quantity, product_id, given.sku, given.options or {}, given.color, at=at)


async def _look_up_lines(call: Call) -> None:
    if MALFORMED in (call.body.items, getattr(call.body, "product_ids", None)):
        return
    lines = enumerate(_wanted(call.body))
    await check_known(call.app, [each.named(number) for number, each in lines if each.product_id or each.sku])


async def _place(call: Call) -> Order:
    order = await orders.place_order(call.app, call.request, PlaceOrder(_wanted(call.body), call.body.reference))
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


async def _sell(call: Call) -> Sale:
    body: SaleBody = call.body
    return await sales.record_sale(call.app, call.request, Sell(_wanted(body), body.location, body.reference))


async def _sale(call: Call) -> Sale:
    return await sales.get_sale(call.app, call.path["id"])


async def _sales(call: Call) -> tuple[list[Sale], str | None]:
    return await sales.list_sales(call.app, call.query.limit, call.position())


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
    Route("POST", "/orders", _place, "Place an order: every line, or nothing", who="any", body=PlaceOrderBody,
          status=201, errors=(404, 409), look_up=_look_up_lines, **_ORDER),
    Route("GET", "/orders", **_LIST),
    Route("GET", "/orderslist", **_LIST),
    Route("GET", "/orders/{id}", **_GET),
    Route("GET", "/order/{id}", **_GET),
    Route("POST", "/orders/{id}/cancel", _cancel, "Cancel an order; the stock comes back", who="any", body=CancelBody,
          errors=(403, 404, 409, 412), **_ORDER),
    Route("POST", "/orders/{id}/pack", **_PACKED),
    Route("POST", "/orderpacked/{id}", **_PACKED),
    Route("POST", "/orders/{id}/deliver", **_DELIVERED),
    Route("POST", "/orderdelivered/{id}", **_DELIVERED),
    Route("POST", "/orders/{id}/returns", _return, "Book units of a shipped order as returned", body=ReturnBody,
          errors=(404, 409, 412), **_ORDER),
    Route("POST", "/sales", _sell, "Record a sale at the till: the stock leaves at once", SALES, _show_sale,
          scopes=frozenset({"sales"}), body=SaleBody, answer=SaleView, status=201, errors=(404, 409),
          look_up=_look_up_lines),
    Route("GET", "/sales", _sales, "List sales, newest first", SALES,
          lambda call, found: show_list(call, found, sale_view), scopes=frozenset({"sales"}), query=ListQuery,
          answer=ListView[SaleView]),
    Route("GET", "/sales/{id}", _sale, "Get a sale", SALES, _show_sale, scopes=frozenset({"sales"}),
          answer=SaleView, errors=(404,)),
)  # fmt: skip
