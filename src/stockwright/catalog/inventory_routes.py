"""Routes of the inventory."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from stockwright.base.instant import instant_of
from stockwright.catalog import availability as availability_catalog
from stockwright.catalog import explain as explain_catalog
from stockwright.catalog import inventory, inventory_views, ledger
from stockwright.catalog.availability import Availability
from stockwright.catalog.availability_wire import CheckBody, CheckView, availability_view
from stockwright.catalog.explain import Explanation
from stockwright.catalog.explain_wire import ExplanationView, explanation_view
from stockwright.catalog.inventory import ChangeStock, CountStock, Initialize, StockChange, Transfer
from stockwright.catalog.inventory_views import InventoryTotals, ListInventory
from stockwright.catalog.inventory_wire import (
    ChangeStockBody,
    CountBody,
    InitializeBody,
    InventoryQuery,
    InventoryRow,
    InventoryView,
    StockChangeView,
    StockView,
    TransferBody,
    change_view,
    inventory_row,
    stock_view,
    totals_view,
)
from stockwright.catalog.ledger import MovementFilter
from stockwright.catalog.ledger import MovementView as BalancedMovement
from stockwright.catalog.movement_wire import MovementsQuery, MovementView, balanced_view
from stockwright.catalog.stocked import StockedProduct
from stockwright.catalog.variant_wire import given_thresholds
from stockwright.http.cursor import seal
from stockwright.http.lists import show_list
from stockwright.http.route import PUBLIC_SECONDS, Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import first_given
from stockwright.http.wire import ListQuery, ListView
from stockwright.stock.lookup import Choice
from stockwright.stock.model import Wanted
from stockwright.stock.routes import KEY, TAG

Summary = tuple[list[StockedProduct], str | None, InventoryTotals]


def _show_stock(_: AnyCall, found: StockedProduct) -> Answer:
    # The sum of the variants' versions may come again when one of them was removed.
    version = f"{found.product.version}-{found.stock.version}" if found.of_variants else f"{found.stock.version}"
    return Answer(stock_view(found), etag=f'"{version}"')


def _variant(body: Any) -> Choice:
    """Read which of a product's variants a body means."""
    return Choice(body.variant_id, body.sku, body.options or {}, body.color)


def _show_change(_: AnyCall, change: StockChange) -> Answer:
    return Answer(change_view(change), etag=f'"{change.stock.version}"')


async def _summary(call: Call[None, InventoryQuery]) -> Summary:
    query = call.query
    rows, following = await inventory_views.list_inventory(
        call.app,
        ListInventory(
            query.search,
            query.status,
            query.location,
            query.limit,
            call.position(),
            on_sale=not call.request.actor.is_admin,
        ),
    )
    return rows, following, await inventory_views.total_inventory(call.app)


def _show_summary(call: AnyCall, found: Summary) -> InventoryView:
    rows, following, totals = found
    return InventoryView(
        items=[inventory_row(row, for_admin=call.request.actor.is_admin) for row in rows],
        count=len(rows),
        next_token=seal(call.app.signing_key, call.list_name(), following),
        totals=totals_view(totals),
    )


async def _initialize(call: Call[InitializeBody, NoQuery]) -> StockedProduct:
    body = call.body
    given = given_thresholds(body.low_stock_threshold, body.reorder_point, body.reorder_quantity)
    return await inventory.initialize(
        call.app,
        call.request,
        Initialize(body.product_id, body.sku, body.initial_stock, body.location, given),
    )


async def _by_product(call: PlainCall) -> StockedProduct:
    return await inventory_views.get_by_product(call.app, call.path["productId"])


async def _by_sku(call: PlainCall) -> StockedProduct:
    return await inventory_views.get_by_sku(call.app, call.path["sku"])


async def _check(call: Call[CheckBody, NoQuery]) -> list[Availability]:
    body = call.body
    named = [
        replace(_variant(item).of(item.product_id, f"items[{line}]."), line=line)
        for line, item in enumerate(body.items)
    ]
    wanted = [
        Wanted(each.id or each.sku or "", item.quantity, item.location)
        for each, item in zip(named, body.items, strict=True)
    ]
    return await availability_catalog.check_availability(call.app, wanted, named)


def _show_check(_: AnyCall, found: list[Availability]) -> CheckView:
    return CheckView(available=all(each.available for each in found), items=[availability_view(each) for each in found])


async def _change(call: Call[ChangeStockBody, NoQuery]) -> StockChange:
    body = call.body
    return await inventory.change_stock(
        call.app,
        call.request,
        ChangeStock(
            call.path["productId"],
            body.quantity,
            body.type,
            body.reference,
            body.reason,
            body.location,
            call.expected_stock_version(),
            _variant(body),
        ),
    )


async def _count(call: Call[CountBody, NoQuery]) -> StockChange:
    body = call.body
    count = first_given(body.quantity, body.stock_count)
    return await inventory.count_stock(
        call.app,
        call.request,
        CountStock(
            body.product_id,
            count,
            body.reason,
            body.location,
            call.expected_stock_version(),
            variant=_variant(body),
        ),
    )


async def _transfer(call: Call[TransferBody, NoQuery]) -> StockChange:
    body = call.body
    source, target = first_given(body.source, body.from_location), first_given(body.to, body.to_location)
    return await inventory.transfer(
        call.app,
        call.request,
        Transfer(
            body.product_id,
            body.quantity,
            source,
            target,
            body.reason,
            body.reference,
            call.expected_stock_version(),
            _variant(body),
        ),
    )


async def _low(call: Call[None, ListQuery]) -> tuple[list[StockedProduct], str | None]:
    return await inventory_views.list_low_stock(call.app, call.query.limit, call.position())


async def _movements(call: Call[None, MovementsQuery]) -> tuple[list[BalancedMovement], str | None]:
    query = call.query
    return await ledger.list_movements(
        call.app,
        MovementFilter(
            product_id=call.path.get("productId"),
            variant_id=query.variant_id,
            type=query.type,
            location=query.location,
            since=None if query.since is None else instant_of(query.since, "since"),
            until=None if query.until is None else instant_of(query.until, "until"),
            limit=query.limit,
            after=call.position(),
        ),
    )


async def _explain(call: PlainCall) -> Explanation:
    return await explain_catalog.explain(call.app, call.path["productId"])


def _rows(call: AnyCall, found: tuple[list[StockedProduct], str | None]) -> ListView[Any]:
    return show_list(call, found, inventory_row)


ROUTES = (
    route(
        "GET",
        "/inventory",
        _summary,
        "List the stock of every product, with totals",
        TAG,
        _show_summary,
        who="any",
        query=InventoryQuery,
        answer=InventoryView,
        cached=True,
    ),
    route(
        "POST",
        "/inventory/initialize",
        _initialize,
        "Create a stock level of a product at a location",
        TAG,
        _show_stock,
        scopes=KEY,
        body=InitializeBody,
        answer=StockView,
        status=201,
        errors=(404, 409),
    ),
    route(
        "GET",
        "/inventory/product/{productId}",
        _by_product,
        "Get a product's stock",
        TAG,
        _show_stock,
        who="public",
        answer=StockView,
        errors=(404,),
        cached=True,
        public_seconds=PUBLIC_SECONDS,
    ),
    route(
        "GET",
        "/inventory/sku/{sku}",
        _by_sku,
        "Get the stock of a SKU",
        TAG,
        _show_stock,
        who="public",
        answer=StockView,
        errors=(404,),
        cached=True,
        public_seconds=PUBLIC_SECONDS,
    ),
    route(
        "POST",
        "/inventory/check-availability",
        _check,
        "Check the availability of a cart's items",
        TAG,
        _show_check,
        who="public",
        body=CheckBody,
        answer=CheckView,
    ),
    route(
        "PATCH",
        "/inventory/product/{productId}/stock",
        _change,
        "Book a restock, sale, return or adjustment",
        TAG,
        _show_change,
        scopes=KEY,
        body=ChangeStockBody,
        answer=StockChangeView,
        errors=(404, 409, 412),
    ),
    route(
        "PUT",
        "/stock",
        _count,
        "Set the counted total; the difference is booked as an ADJUSTMENT",
        TAG,
        _show_change,
        scopes=KEY,
        body=CountBody,
        answer=StockChangeView,
        errors=(404, 409, 412),
    ),
    route(
        "POST",
        "/inventory/transfer",
        _transfer,
        "Move units between two locations",
        TAG,
        _show_change,
        scopes=KEY,
        body=TransferBody,
        answer=StockChangeView,
        errors=(404, 409, 412),
    ),
    route(
        "GET",
        "/inventory/low-stock",
        _low,
        "List the products below their threshold, with a suggested reorder quantity",
        TAG,
        _rows,
        query=ListQuery,
        answer=ListView[InventoryRow],
        cached=True,
    ),
    route(
        "GET",
        "/inventory/movements",
        _movements,
        "List the movements of the whole shop, newest first",
        TAG,
        lambda call, found: show_list(call, found, balanced_view),
        query=MovementsQuery,
        answer=ListView[MovementView],
    ),
    route(
        "GET",
        "/inventory/product/{productId}/movements",
        _movements,
        "List the movements of a product, newest first",
        TAG,
        lambda call, found: show_list(call, found, balanced_view),
        query=MovementsQuery,
        answer=ListView[MovementView],
        errors=(404,),
    ),
    route(
        "GET",
        "/inventory/product/{productId}/explain",
        _explain,
        "Explain the available quantity: the reservations and orders that hold units",
        TAG,
        lambda _, explanation: explanation_view(explanation),
        answer=ExplanationView,
        reads_much="report",
        errors=(404,),
    ),
)
