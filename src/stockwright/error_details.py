"""The current state in the details of an error, converted for the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stockwright.accounts.model import Account
from stockwright.accounts.wire import user_view
from stockwright.base.actor import Actor
from stockwright.catalog.inventory_wire import variant_view
from stockwright.catalog.stocked import StockedProduct
from stockwright.catalog.wire import product_view
from stockwright.orders.model import Order
from stockwright.orders.wire import order_view
from stockwright.reservations.model import Reservation
from stockwright.reservations.wire import reservation_view
from stockwright.settings.usecases import SettingsInEffect
from stockwright.settings.wire import settings_view
from stockwright.stock.model import Location, Stock
from stockwright.stock.wire import location_view

_VIEWS: dict[type, Callable[[Any, int, Actor], object]] = {
    StockedProduct: lambda found, _, actor: product_view(found, costs=actor.sees_costs),
    Stock: lambda stock, *_: variant_view(stock),
    Location: lambda location, *_: location_view(location),
    Order: lambda order, _, actor: order_view(order, for_staff=actor.is_admin, costs=actor.sees_costs),
    Account: lambda account, *_: user_view(account),
    SettingsInEffect: lambda settings, *_: settings_view(settings),
    Reservation: lambda reservation, now, _: reservation_view(reservation, now),
}


def wire_of(details: Any, now: int, actor: Actor) -> Any:
    """Show the domain things that an error's details hold to somebody, as of now (ms)."""
    if isinstance(details, Mapping):
        return {name: wire_of(value, now, actor) for name, value in details.items()}
    if isinstance(details, Sequence) and not isinstance(details, str):
        return [wire_of(each, now, actor) for each in details]
    view = _VIEWS.get(type(details))
    if view is not None:
        return view(details, now, actor)
    # What has no view stays inside: an account, for one, holds a password's hash.
    return details if isinstance(details, str | int | float | None) else None
