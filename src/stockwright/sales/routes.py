"""Routes of the sales."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import MALFORMED, first_given, well_formed
from stockwright.http.wire import ListQuery, ListView
from stockwright.sales import usecases as sales
from stockwright.sales.line_wire import LineBody
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.model import Sale
from stockwright.sales.records import load_sales
from stockwright.sales.usecases import Sell
from stockwright.sales.wire import SaleBody, SaleView, sale_view
from stockwright.stock.lookup import check_known
from stockwright.store.idempotency import Recall, Reference
from stockwright.store.port import Store

SALES = "Sales"


def _show_sale(call: AnyCall, sale: Sale) -> Answer:
    # A sale never changes, so its first version is its only one.
    return Answer(sale_view(sale, costs=call.request.actor.sees_costs), etag='"1"')


def lines_wanted(body: Any) -> list[LineWanted]:
    """Read the lines of a body, in whichever form they come (S0 and S2, S1, S3); what is malformed is left out."""
    if body.items is not None:
        return [
            line_wanted(line, f"items[{number}].") for number, line in enumerate(body.items) if line is not MALFORMED
        ]
    product_ids = getattr(body, "product_ids", None)
    if product_ids is None:
        return [line_wanted(body, "")]
    options, color = well_formed(body.options) or {}, well_formed(body.color)
    return [
        LineWanted(body.quantity, product_id, None, options, color, at="", product_field=f"productIds[{number}]")
        for number, product_id in enumerate(product_ids)
        if product_id is not MALFORMED
    ]


def line_wanted(line: Any, at: str) -> LineWanted:
    """Read one line; a body of one product has not all of a line's fields."""
    given = SimpleNamespace(**{name: well_formed(getattr(line, name, None)) for name in LineBody.__struct_fields__})
    quantity = first_given(given.quantity, given.count)
    product_id = first_given(given.product_id, given.id)
    return LineWanted(
        quantity,
        product_id,
        given.sku,
        given.options or {},
        given.color,
        at=at,
        variant_id=given.variant_id,
        code=given.code,
    )


async def look_up_lines(call: AnyCall) -> None:
    """Refuse products that do not exist together with the other faults of a body."""
    if MALFORMED in (call.body.items, getattr(call.body, "product_ids", None)):
        return
    lines = enumerate(lines_wanted(call.body))
    await check_known(call.app, [each.named(number) for number, each in lines if each.is_named])


async def _sell(call: Call[SaleBody, NoQuery]) -> Sale:
    body = call.body
    return await sales.record_sale(call.app, call.request, Sell(lines_wanted(body), body.location, body.reference))


async def _sale(call: PlainCall) -> Sale:
    return await sales.get_sale(call.app, call.path["id"])


async def _sales(call: Call[None, ListQuery]) -> tuple[list[Sale], str | None]:
    return await sales.list_sales(call.app, call.query.limit, call.position())


async def _find_sale(store: Store, reference: Reference) -> Sale | None:
    sale_id = str(reference[0])
    return (await load_sales(store, [sale_id])).get(sale_id)


ROUTES = (
    route(
        "POST",
        "/sales",
        _sell,
        "Record a sale at the till; it takes the stock at once",
        SALES,
        _show_sale,
        scopes=frozenset({"sales"}),
        body=SaleBody,
        answer=SaleView,
        recall=Recall(lambda sale: (sale.id,), _find_sale),
        status=201,
        errors=(404, 409),
        look_up=look_up_lines,
    ),
    route(
        "GET",
        "/sales",
        _sales,
        "List sales, newest first",
        SALES,
        lambda call, found: show_list(call, found, partial(sale_view, costs=call.request.actor.sees_costs)),
        scopes=frozenset({"sales"}),
        query=ListQuery,
        answer=ListView[SaleView],
    ),
    route(
        "GET",
        "/sales/{id}",
        _sale,
        "Get a sale",
        SALES,
        _show_sale,
        scopes=frozenset({"sales"}),
        answer=SaleView,
        errors=(404,),
    ),
)
