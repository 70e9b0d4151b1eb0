"""Routes of the reservations."""

from __future__ import annotations

from typing import Any, Final

from stockwright.base.actor import Scope
from stockwright.base.errors import Forbidden
from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import well_formed
from stockwright.http.wire import Empty, ListView, Versioned
from stockwright.reservations import usecases as reservations
from stockwright.reservations.model import Reservation
from stockwright.reservations.wire import (
    CleanedView,
    ExtendBody,
    ReservationsQuery,
    ReservationView,
    ReserveBody,
    ReserveManyBody,
    reservation_view,
)
from stockwright.stock.lookup import Named, check_known
from stockwright.stock.model import Wanted
from stockwright.stock.routes import TAG

HOLDS = "Reservations"
HOLD_KEY: Final[frozenset[Scope]] = frozenset({"reservations"})


def _show_hold(call: AnyCall, held: Reservation) -> Answer:
    view = reservation_view(held, call.app.clock.now())
    return Answer(view, etag=f'"{held.version}-{view.status}"')


async def _reserve(call: Call[ReserveBody, NoQuery]) -> Reservation:
    body = call.body
    product_id = call.path["productId"]
    wanted = [Wanted(product_id, body.quantity, body.location)]
    named = [Named(product_id, body.sku, 0, "productId", body.variant_id, body.options or {}, body.color)]
    return await reservations.reserve_stock(
        call.app, call.request, reservations.Reserve(wanted, body.order_id, body.expiration_minutes, named)
    )


def _named(items: list[Any]) -> list[Named]:
    """Return the products and variants that the well-formed items of a hold name."""
    named = []
    for line, item in enumerate(items):
        product_id, variant_id, sku, options, color = (
            well_formed(getattr(item, name, None)) for name in ("product_id", "variant_id", "sku", "options", "color")
        )
        name = "productId" if product_id else "variantId" if variant_id else "sku"
        if product_id or variant_id or sku:
            path = f"items[{line}]."
            named.append(Named(product_id, sku, line, f"{path}{name}", variant_id, options or {}, color, path))
    return named


async def _look_up_items(call: AnyCall) -> None:
    await check_known(call.app, _named(well_formed(call.body.items) or []))


async def _reserve_many(call: Call[ReserveManyBody, NoQuery]) -> Reservation:
    body = call.body
    named = _named(body.items)
    wanted = [Wanted(each.id or "", item.quantity, item.location) for each, item in zip(named, body.items, strict=True)]
    return await reservations.reserve_stock(
        call.app, call.request, reservations.Reserve(wanted, body.order_id, body.expiration_minutes, named)
    )


async def _reservation(call: PlainCall) -> Reservation:
    return await reservations.get_reservation(call.app, call.request, call.path["id"])


async def _reservations(call: Call[None, ReservationsQuery]) -> tuple[list[Reservation], str | None]:
    query = call.query
    if query.scope == "all" and not (call.request.actor.is_admin or call.request.actor.scopes & HOLD_KEY):
        raise Forbidden("Only an admin can list all customers' reservations")
    return await reservations.list_reservations(
        call.app,
        call.request,
        reservations.ListReservations(query.status, query.scope == "all", query.limit, call.position()),
    )


async def _confirm(call: Call[Versioned, NoQuery]) -> Reservation:
    return await reservations.confirm_reservation(call.app, call.request, call.path["id"], call.expected_version())


async def _cancel(call: Call[Versioned, NoQuery]) -> Reservation:
    return await reservations.cancel_reservation(call.app, call.request, call.path["id"], call.expected_version())


async def _extend(call: Call[ExtendBody, NoQuery]) -> Reservation:
    return await reservations.extend_reservation(
        call.app, call.request, call.path["id"], call.body.expiration_minutes, call.expected_version()
    )


async def _clean(call: Call[Empty, NoQuery]) -> int:
    return await reservations.clean_up(call.app, call.request)


ROUTES = (
    route(
        "POST",
        "/inventory/cleanup-expired",
        _clean,
        "Release every expired reservation now",
        TAG,
        lambda _, cleaned: CleanedView(cleaned=cleaned),
        body=Empty,
        answer=CleanedView,
    ),
    route(
        "POST",
        "/inventory/product/{productId}/reserve",
        _reserve,
        "Reserve units of a product",
        HOLDS,
        _show_hold,
        who="any",
        scopes=HOLD_KEY,
        body=ReserveBody,
        answer=ReservationView,
        status=201,
        errors=(403, 404, 409),
    ),
    route(
        "POST",
        "/reservations",
        _reserve_many,
        "Reserve units of several products, all or nothing",
        HOLDS,
        _show_hold,
        who="any",
        scopes=HOLD_KEY,
        body=ReserveManyBody,
        answer=ReservationView,
        status=201,
        errors=(403, 404, 409),
        look_up=_look_up_items,
    ),
    route(
        "GET",
        "/reservations",
        _reservations,
        "List reservations",
        HOLDS,
        lambda call, found: show_list(call, found, lambda held: reservation_view(held, call.app.clock.now())),
        who="any",
        scopes=HOLD_KEY,
        query=ReservationsQuery,
        answer=ListView[ReservationView],
        errors=(403,),
    ),
    route(
        "GET",
        "/reservations/{id}",
        _reservation,
        "Get a reservation",
        HOLDS,
        _show_hold,
        who="any",
        scopes=HOLD_KEY,
        answer=ReservationView,
        errors=(403, 404, 409),
    ),
    route(
        "POST",
        "/reservations/{id}/extend",
        _extend,
        "Extend a reservation",
        HOLDS,
        _show_hold,
        who="any",
        scopes=HOLD_KEY,
        body=ExtendBody,
        answer=ReservationView,
        errors=(403, 404, 409, 412),
    ),
    route(
        "POST",
        "/inventory/reservation/{id}/confirm",
        _confirm,
        "Confirm a reservation: its units are sold",
        HOLDS,
        _show_hold,
        who="any",
        scopes=HOLD_KEY,
        body=Versioned,
        answer=ReservationView,
        errors=(403, 404, 409, 412),
    ),
    route(
        "POST",
        "/inventory/reservation/{id}/cancel",
        _cancel,
        "Cancel a reservation: its units are available again",
        HOLDS,
        _show_hold,
        who="any",
        scopes=HOLD_KEY,
        body=Versioned,
        answer=ReservationView,
        errors=(403, 404, 409, 412),
    ),
)
