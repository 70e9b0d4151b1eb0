"""Reservations on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from stockwright.base.instant import iso
from stockwright.http.rules import Wire
from stockwright.http.wire import ListQuery, Versioned
from stockwright.products.wire import ChosenColor, ChosenOptions, Id, Reference, Sku
from stockwright.reservations.model import (
    ITEMS_MAX,
    MINUTES_DEFAULT,
    MINUTES_MAX,
    MINUTES_MIN,
    Reservation,
    ReservationStatus,
)
from stockwright.stock.wire import LocationId, NamedUnits, Units

Minutes = Annotated[int, Meta(ge=MINUTES_MIN, le=MINUTES_MAX)]


class ReserveBody(Wire):
    """A reservation of one product; `variantId`, `sku`, `options` or `color` choose one of its variants."""

    quantity: Units
    variant_id: Id | None = None
    sku: Sku | None = None
    options: ChosenOptions | None = None
    color: ChosenColor = None
    order_id: Reference = ""
    expiration_minutes: Minutes = MINUTES_DEFAULT
    location: LocationId | None = None


class ReserveItem(NamedUnits):
    """One item of a reservation of several products."""


class ReserveManyBody(Wire):
    """A reservation of several products, all or nothing."""

    items: Annotated[list[ReserveItem], Meta(min_length=1, max_length=ITEMS_MAX)]
    order_id: Reference = ""
    expiration_minutes: Minutes = MINUTES_DEFAULT


class ExtendBody(Versioned):
    """How long the reservation lasts, from now."""

    expiration_minutes: Minutes = MINUTES_DEFAULT


class ReservationItemView(Wire):
    """Units of one product, or of one of its variants, in a reservation."""

    product_id: str
    sku: str
    quantity: int
    locations: dict[str, int]
    variant_id: str | UnsetType = UNSET


class ReservationView(Wire):
    """A reservation. `productId` is set if it has one item; `quantity` is the sum of its items."""

    reservation_id: str
    id: str
    product_id: str | None
    order_id: str
    quantity: int
    items: list[ReservationItemView]
    status: ReservationStatus
    owner_id: str
    created_at: str
    expires_at: str
    updated_at: str
    version: int


class ReservationsQuery(ListQuery):
    """Filters of the reservations; `scope=all` is for admins."""

    status: ReservationStatus | None = None
    scope: Literal["own", "all"] = "own"


class CleanedView(Wire):
    """The number of expired reservations that were released."""

    cleaned: int


def reservation_view(held: Reservation, now: int) -> ReservationView:
    """Show a hold as of now: an expired one says so, swept or not."""
    only = held.items[0] if len(held.items) == 1 else None
    return ReservationView(
        reservation_id=held.id,
        id=held.id,
        product_id=only.product_id if only else None,
        order_id=held.order_id,
        quantity=sum(item.quantity for item in held.items),
        items=[
            ReservationItemView(
                product_id=item.product_id,
                sku=item.sku,
                quantity=item.quantity,
                locations=dict(item.allocation),
                variant_id=item.own_variant,
            )
            for item in held.items
        ],
        status=held.status_at(now),
        owner_id=held.owner_id,
        created_at=iso(held.created_at),
        expires_at=iso(held.expires_at),
        updated_at=iso(held.updated_at),
        version=held.version,
    )
