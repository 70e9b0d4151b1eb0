"""Inventory: levels, the ledger, locations and reservations (S0, S4)."""

from __future__ import annotations

from typing import Any

from stockwright.api.cursor import seal
from stockwright.api.route import Answer, Call, Route
from stockwright.api.routes.catalog import show_list
from stockwright.api.rules import first_given, well_formed
from stockwright.api.schemas.common import Empty, ListQuery, ListView, Versioned
from stockwright.api.schemas.inventory import (
    ChangeStockBody,
    CheckBody,
    CheckView,
    CleanedView,
    CountBody,
    ExplanationView,
    ExtendBody,
    InitializeBody,
    InventoryQuery,
    InventoryRow,
    InventoryView,
    LocationBody,
    LocationPatch,
    LocationView,
    MovementsQuery,
    MovementView,
    ReservationsQuery,
    ReservationView,
    ReserveBody,
    ReserveManyBody,
    StockChangeView,
    StockView,
    TransferBody,
    availability_view,
    balanced_view,
    change_view,
    explanation_view,
    inventory_row,
    location_view,
    reservation_view,
    stock_view,
    totals_view,
)
from stockwright.domain.errors import Forbidden
from stockwright.domain.instant import instant_of
from stockwright.domain.reservation import Reservation
from stockwright.domain.stock import Location, Wanted
from stockwright.usecases import inventory, inventory_views, ledger, lines, locations, reservations
from stockwright.usecases.catalog import StockedProduct
from stockwright.usecases.inventory import (
    ChangeStock,
    CountStock,
    Initialize,
    StockChange,
    Transfer,
)
from stockwright.usecases.inventory_views import (
    Availability,
    Explanation,
    InventoryTotals,
    ListInventory,
    MovementFilter,
)
from stockwright.usecases.inventory_views import MovementView as BalancedMovement
from stockwright.usecases.lines import Named

TAG, HOLDS = "Inventory", "Reservations"
KEY = frozenset({"inventory"})
HOLD_KEY = frozenset({"reservations"})
Summary = tuple[list[StockedProduct], str | None, InventoryTotals]


def _show_stock(_: Call, found: StockedProduct) -> Answer:
    return Answer(stock_view(found.stock), etag=f'"{found.stock.version}"')


def _show_change(_: Call, change: StockChange) -> Answer:
    return Answer(change_view(change), etag=f'"{change.stock.version}"')


def _show_hold(call: Call, held: Reservation) -> Answer:
    view = reservation_view(held, call.app.clock.now())
    return Answer(view, etag=f'"{held.version}-{view.status}"')


def _show_location(_: Call, location: Location) -> Answer:
    return Answer(location_view(location), etag=f'"{location.version}"')


async def _summary(call: Call) -> Summary:
    query: InventoryQuery = call.query
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


def _show_summary(call: Call, found: Summary) -> InventoryView:
    rows, following, totals = found
    return InventoryView(
        items=[inventory_row(row, for_admin=call.request.actor.is_admin) for row in rows],
        count=len(rows),
        next_token=seal(call.app.signing_key, call.list_name(), following),
        totals=totals_view(totals),
    )


async def _initialize(call: Call) -> StockedProduct:
    body: InitializeBody = call.body
    thresholds = {
        "low_stock": body.low_stock_threshold,
        "reorder_point": body.reorder_point,
        "reorder_quantity": body.reorder_quantity,
    }
    given = {name: value for name, value in thresholds.items() if value is not None}
    return await inventory.initialize(
        call.app,
        call.request,
        Initialize(body.product_id, body.sku, body.initial_stock, body.location, given),
    )


async def _by_product(call: Call) -> StockedProduct:
    return await inventory_views.get_by_product(call.app, call.path["productId"])


async def _by_sku(call: Call) -> StockedProduct:
    return await inventory_views.get_by_sku(call.app, call.path["sku"])


async def _check(call: Call) -> list[Availability]:
    body: CheckBody = call.body
    wanted = [Wanted(item.product_id, item.quantity, item.location) for item in body.items]
    return await inventory_views.check_availability(call.app, wanted)


def _show_check(_: Call, told: list[Availability]) -> CheckView:
    return CheckView(available=all(each.available for each in told), items=[availability_view(each) for each in told])


async def _change(call: Call) -> StockChange:
    body: ChangeStockBody = call.body
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
        ),
    )


async def _count(call: Call) -> StockChange:
    body: CountBody = call.body
    count = first_given(body.quantity, body.stock_count)
    return await inventory.count_stock(
        call.app,
        call.request,
        CountStock(body.product_id, count, body.reason, body.location, call.expected_stock_version()),
    )


async def _transfer(call: Call) -> StockChange:
    body: TransferBody = call.body
    source, target = first_given(body.source, body.from_location), first_given(body.to, body.to_location)
    return await inventory.transfer(
        call.app,
        call.request,
        Transfer(
            body.product_id, body.quantity, source, target, body.reason, body.reference, call.expected_stock_version()
        ),
    )


async def _low(call: Call) -> tuple[list[StockedProduct], str | None]:
    return await inventory_views.list_low_stock(call.app, call.query.limit, call.position())


async def _movements(call: Call) -> tuple[list[BalancedMovement], str | None]:
    query: MovementsQuery = call.query
    return await ledger.list_movements(
        call.app,
        MovementFilter(
            product_id=call.path.get("productId"),
            type=query.type,
            location=query.location,
            since=None if query.since is None else instant_of(query.since, "since"),
            until=None if query.until is None else instant_of(query.until, "until"),
            limit=query.limit,
            after=call.position(),
        ),
    )


async def _explain(call: Call) -> Explanation:
    return await inventory_views.explain(call.app, call.path["productId"])


async def _locations(call: Call) -> tuple[list[Location], None]:
    return await locations.list_locations(call.app), None


async def _add_location(call: Call) -> Location:
    body: LocationBody = call.body
    location_id = first_given(body.id, body.name)
    return await locations.add_location(call.app, call.request, location_id, body.name, body.priority)


async def _change_location(call: Call) -> Location:
    body: LocationPatch = call.body
    return await locations.change_location(
        call.app,
        call.request,
        locations.ChangeLocation(call.path["id"], body.name, body.priority, body.active, call.expected_version()),
    )


async def _reserve(call: Call) -> Reservation:
    body: ReserveBody = call.body
    wanted = [Wanted(call.path["productId"], body.quantity, body.location)]
    return await reservations.reserve_stock(
        call.app, call.request, reservations.Reserve(wanted, body.order_id, body.expiration_minutes, ["productId"])
    )


def _named(items: list[Any]) -> list[Named]:
    """Return the products that the well-formed items of a hold name."""
    named = []
    for line, item in enumerate(items):
        product_id, sku = (well_formed(getattr(item, name, None)) for name in ("product_id", "sku"))
        if product_id or sku:
            named.append(Named(product_id, sku, line, f"items[{line}].{'productId' if product_id else 'sku'}"))
    return named


async def _look_up_items(call: Call) -> None:
    await lines.check_known(call.app, _named(well_formed(call.body.items) or []))


async def _reserve_many(call: Call) -> Reservation:
    body: ReserveManyBody = call.body
    named = _named(body.items)
    products: list[Any] = [each.product_id for each in named]
    if None in products:
        products = [product.id for product in await lines.load_named(call.app, named)]
    wanted = [Wanted(each, item.quantity, item.location) for each, item in zip(products, body.items, strict=True)]
    fields = [each.field for each in named]
    return await reservations.reserve_stock(
        call.app, call.request, reservations.Reserve(wanted, body.order_id, body.expiration_minutes, fields)
    )


async def _reservation(call: Call) -> Reservation:
    return await reservations.get_reservation(call.app, call.request, call.path["id"])


async def _reservations(call: Call) -> tuple[list[Reservation], str | None]:
    query: ReservationsQuery = call.query
    if query.scope == "all" and not (call.request.actor.is_admin or call.request.actor.scopes & HOLD_KEY):
        raise Forbidden("Only an admin can list everybody's reservations")
    return await reservations.list_reservations(
        call.app,
        call.request,
        reservations.ListReservations(query.status, query.scope == "all", query.limit, call.position()),
    )


async def _confirm(call: Call) -> Reservation:
    return await reservations.confirm_reservation(call.app, call.request, call.path["id"], call.expected_version())


async def _cancel(call: Call) -> Reservation:
    return await reservations.cancel_reservation(call.app, call.request, call.path["id"], call.expected_version())


async def _extend(call: Call) -> Reservation:
    return await reservations.extend_reservation(
        call.app, call.request, call.path["id"], call.body.expiration_minutes, call.expected_version()
    )


async def _clean(call: Call) -> int:
    return await reservations.clean_up(call.app, call.request)


def _rows(call: Call, found: tuple[list[StockedProduct], str | None]) -> ListView[Any]:
    return show_list(call, found, inventory_row)


_HOLD: dict[str, Any] = {
    "show": _show_hold,
    "tag": HOLDS,
    "who": "any",
    "scopes": HOLD_KEY,
    "answer": ReservationView,
    "errors": (403, 404, 409),
}
_SETTLE: dict[str, Any] = {**_HOLD, "errors": (403, 404, 409, 412)}

ROUTES = (
    Route("GET", "/inventory", _summary, "Summary of every product's stock, with the totals", TAG, _show_summary,
          who="any", query=InventoryQuery, answer=InventoryView),
    Route("POST", "/inventory/initialize", _initialize, "Open a product's stock at a location", TAG, _show_stock,
          scopes=KEY, body=InitializeBody, answer=StockView, status=201, errors=(404, 409)),
    Route("GET", "/inventory/product/{productId}", _by_product, "Get a product's stock", TAG, _show_stock,
          who="public", answer=StockView, errors=(404,)),
    Route("GET", "/inventory/sku/{sku}", _by_sku, "Get the stock of a SKU", TAG, _show_stock,
          who="public", answer=StockView, errors=(404,)),
    Route("POST", "/inventory/check-availability", _check, "Check whether a cart can be bought", TAG, _show_check,
          who="public", body=CheckBody, answer=CheckView),
    Route("PATCH", "/inventory/product/{productId}/stock", _change, "Book a restock, sale, return or adjustment", TAG,
          _show_change, scopes=KEY, body=ChangeStockBody, answer=StockChangeView, errors=(404, 409, 412)),
    Route("PUT", "/stock", _count, "Set the counted total; the difference is booked as an ADJUSTMENT", TAG,
          _show_change, scopes=KEY, body=CountBody, answer=StockChangeView, errors=(404, 409, 412)),
    Route("POST", "/inventory/transfer", _transfer, "Move units between two locations", TAG, _show_change,
          scopes=KEY, body=TransferBody, answer=StockChangeView, errors=(404, 409, 412)),
    Route("GET", "/inventory/low-stock", _low, "Products below their threshold, with a suggested reorder", TAG, _rows,
          query=ListQuery, answer=ListView[InventoryRow]),
    Route("GET", "/inventory/movements", _movements, "The ledger of the whole shop, newest first", TAG,
          lambda call, found: show_list(call, found, balanced_view), query=MovementsQuery,
          answer=ListView[MovementView]),
    Route("GET", "/inventory/product/{productId}/movements", _movements, "A product's ledger, newest first", TAG,
          lambda call, found: show_list(call, found, balanced_view), query=MovementsQuery,
          answer=ListView[MovementView], errors=(404,)),
    Route("GET", "/inventory/product/{productId}/explain", _explain, "Why available is what it is", TAG,
          lambda _, told: explanation_view(told),
          answer=ExplanationView, reads_much="report", errors=(404,)),
    Route("POST", "/inventory/cleanup-expired", _clean, "End every expired hold now", TAG,
          lambda _, cleaned: CleanedView(cleaned=cleaned), body=Empty, answer=CleanedView),
    Route("GET", "/locations", _locations, "List the locations", TAG,
          lambda call, found: show_list(call, found, location_view), who="any", answer=ListView[LocationView]),
    Route("POST", "/locations", _add_location, "Add a location", TAG, _show_location, body=LocationBody,
          answer=LocationView, status=201, errors=(409,)),
    Route("PATCH", "/locations/{id}", _change_location, "Change a location", TAG, _show_location, body=LocationPatch,
          answer=LocationView, errors=(404, 409, 412)),
    Route("POST", "/inventory/product/{productId}/reserve", _reserve, "Hold units of a product", body=ReserveBody,
          status=201, **_HOLD),
    Route("POST", "/reservations", _reserve_many, "Hold units of many products, all or nothing", body=ReserveManyBody,
          status=201, look_up=_look_up_items, **_HOLD),
    Route("GET", "/reservations", _reservations, "List reservations", HOLDS,
          lambda call, found: show_list(call, found, lambda held: reservation_view(held, call.app.clock.now())),
          who="any", scopes=HOLD_KEY, query=ReservationsQuery, answer=ListView[ReservationView], errors=(403,)),
    Route("GET", "/reservations/{id}", _reservation, "Get a reservation", **_HOLD),
    Route("POST", "/reservations/{id}/extend", _extend, "Hold on for longer", body=ExtendBody, **_SETTLE),
    Route("POST", "/inventory/reservation/{id}/confirm", _confirm, "Use a hold: its units leave as a sale",
          body=Versioned, **_SETTLE),
    Route("POST", "/inventory/reservation/{id}/cancel", _cancel, "Give a hold up", body=Versioned, **_SETTLE),
)  # fmt: skip
