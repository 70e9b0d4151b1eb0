"""Availability checks on the wire (S4)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from stockwright.catalog.availability import Availability
from stockwright.http.rules import Wire
from stockwright.stock.model import CHECK_ITEMS_MAX
from stockwright.stock.wire import NamedUnits


class CheckItem(NamedUnits):
    """One line of an availability check: a product or variant."""


class CheckBody(Wire):
    """The items of a cart whose availability is checked."""

    items: Annotated[list[CheckItem], Meta(min_length=1, max_length=CHECK_ITEMS_MAX)]


class AvailabilityView(Wire):
    """Whether the requested units are available now."""

    product_id: str
    sku: str
    requested: int
    available_stock: int
    available: bool
    variant_id: str | UnsetType = UNSET


class CheckView(Wire):
    """The answer for each item, and for all of them together."""

    available: bool
    items: list[AvailabilityView]


def availability_view(availability: Availability) -> AvailabilityView:
    """Show one answered line."""
    return AvailabilityView(
        product_id=availability.product_id,
        sku=availability.sku,
        requested=availability.requested,
        available_stock=availability.available_stock,
        available=availability.available,
        variant_id=availability.own_variant,
    )
