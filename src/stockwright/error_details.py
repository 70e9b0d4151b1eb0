"""The current state in the details of an error, converted for the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stockwright.accounts.model import Account
from stockwright.accounts.wire import user_view
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

_VIEWS: dict[type, Any] = {
    StockedProduct: product_view,
    Stock: variant_view,
    Location: location_view,
    Order: order_view,
    Account: user_view,
    SettingsInEffect: settings_view,
}


def wire_of(details: Any, now: int) -> Any:
    """Show the domain things that an error's details hold, as of now (ms)."""
    if isinstance(details, Mapping):
        return {name: wire_of(value, now) for name, value in details.items()}
    if isinstance(details, Sequence) and not isinstance(details, str):
        return [wire_of(each, now) for each in details]
    if isinstance(details, Reservation):
        return reservation_view(details, now)
    view = _VIEWS.get(type(details))
    if view is not None:
        return view(details)
    # What has no view stays inside: an account, for one, holds a password's hash.
    return details if isinstance(details, str | int | float | None) else None
