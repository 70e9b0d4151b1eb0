"""Routes of the count sessions."""

from __future__ import annotations

from stockwright.base.instant import instant_of
from stockwright.counts import posting
from stockwright.counts import usecases as counts
from stockwright.counts.usecases import CountState, NamedLine, OpenCount, Scan, SheetRow
from stockwright.counts.wire import (
    CountLineView,
    CountView,
    LinesQuery,
    OpenCountBody,
    PostCountBody,
    ScanBody,
    SheetRowView,
    count_view,
    line_view,
    row_view,
)
from stockwright.http.lists import show_list
from stockwright.http.route import AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.wire import Empty, ListQuery, ListView
from stockwright.stock.routes import KEY

TAG = "Counts"


def _show(_: AnyCall, state: CountState) -> CountView:
    return count_view(state)


def _show_line(_: AnyCall, line: NamedLine) -> CountLineView:
    return line_view(line)


async def _open(call: Call[OpenCountBody, NoQuery]) -> CountState:
    body = call.body
    return await counts.open_count(
        call.app, call.request, OpenCount(body.location, body.name, body.category, tuple(body.skus))
    )


async def _list(call: Call[None, ListQuery]) -> tuple[list[CountState], str | None]:
    return await counts.list_counts(call.app, call.query.limit, call.position())


async def _get(call: PlainCall) -> CountState:
    return await counts.get_count(call.app, call.path["id"])


async def _scan(call: Call[ScanBody, NoQuery]) -> NamedLine:
    body = call.body
    at = None if body.at is None else instant_of(body.at, "at")
    return await counts.scan(call.app, call.request, Scan(call.path["id"], body.code, body.quantity, at, body.recount))


async def _lines(call: Call[None, LinesQuery]) -> tuple[list[NamedLine], str | None]:
    query = call.query
    return await counts.list_lines(
        call.app, call.path["id"], limit=query.limit, after=call.position(), differing=query.differing
    )


async def _sheet(call: Call[None, ListQuery]) -> tuple[list[SheetRow], str | None]:
    return await counts.list_sheet(call.app, call.path["id"], limit=call.query.limit, after=call.position())


async def _post(call: Call[PostCountBody, NoQuery]) -> CountState:
    return await posting.post_count(call.app, call.request, call.path["id"], call.body.not_scanned)


async def _discard(call: Call[Empty, NoQuery]) -> CountState:
    return await counts.discard_count(call.app, call.request, call.path["id"])


ROUTES = (
    route(
        "POST",
        "/inventory/counts",
        _open,
        "Open a count of a location",
        TAG,
        _show,
        scopes=KEY,
        body=OpenCountBody,
        answer=CountView,
        status=201,
        description="Of the products with these `skus`, of a `category`, or of everything that the shop lists.",
        errors=(404,),
    ),
    route(
        "GET",
        "/inventory/counts",
        _list,
        "List the counts, newest first",
        TAG,
        lambda call, found: show_list(call, found, count_view),
        scopes=KEY,
        query=ListQuery,
        answer=ListView[CountView],
    ),
    route(
        "GET",
        "/inventory/counts/{id}",
        _get,
        "Get a count with its sums and its first 100 differences",
        TAG,
        _show,
        scopes=KEY,
        answer=CountView,
        errors=(404,),
    ),
    route(
        "POST",
        "/inventory/counts/{id}/scans",
        _scan,
        "Count units of a product, by its SKU or id",
        TAG,
        _show_line,
        scopes=KEY,
        body=ScanBody,
        answer=CountLineView,
        status=201,
        description=(
            "The units are added to what was counted of the product; a negative `quantity` takes a scan back, and "
            "`recount` begins the product again. What the books say is taken of the moment of the scan (`at`), so that "
            "sales before and after it are no differences. `movedMeanwhile` is what came or left between the first "
            "scan of the product and the last: where it is not 0, count the product again."
        ),
        errors=(404, 409),
    ),
    route(
        "GET",
        "/inventory/counts/{id}/lines",
        _lines,
        "List what was counted, or what differs from the books",
        TAG,
        lambda call, found: show_list(call, found, line_view),
        scopes=KEY,
        query=LinesQuery,
        answer=ListView[CountLineView],
        errors=(404,),
    ),
    route(
        "GET",
        "/inventory/counts/{id}/sheet",
        _sheet,
        "List the products to count, without what the books say",
        TAG,
        lambda call, found: show_list(call, found, row_view),
        scopes=KEY,
        query=ListQuery,
        answer=ListView[SheetRowView],
        errors=(404,),
    ),
    route(
        "POST",
        "/inventory/counts/{id}/post",
        _post,
        "Book the differences of a count",
        TAG,
        _show,
        scopes=KEY,
        body=PostCountBody,
        answer=CountView,
        description=(
            "Each difference becomes an ADJUSTMENT with the count's id as its reference. With `notScanned` `zero`, "
            "products that nobody scanned are taken for not there. A difference that cannot be booked, since its units "
            "were promised or sold meanwhile, stays on its line with the reason (`refused`). After 20 seconds the "
            "answer's status is still POSTING: ask again to go on."
        ),
        errors=(404, 409),
    ),
    route(
        "POST",
        "/inventory/counts/{id}/discard",
        _discard,
        "Discard a count: nothing of it is booked",
        TAG,
        _show,
        scopes=KEY,
        body=Empty,
        answer=CountView,
        errors=(404, 409),
    ),
)
