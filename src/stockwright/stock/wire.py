"""Quantities and locations on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from stockwright.base.instant import iso
from stockwright.http.rules import Check, Wire, rule
from stockwright.http.wire import Version
from stockwright.products.wire import ChosenColor, ChosenOptions, Id, Sku
from stockwright.stock.model import (
    LOCATION_ID_MAX,
    LOCATION_NAME_MAX,
    PRIORITY_DEFAULT,
    PRIORITY_MAX,
    QUANTITY_MAX,
    Location,
    check_location_id,
    check_location_name,
    check_new_location_id,
)

Quantity = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]
Units = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
LocationId = Annotated[str, Meta(min_length=1, max_length=LOCATION_ID_MAX), Check(check_location_id)]

LocationFilter = Annotated[str, Meta(max_length=LOCATION_ID_MAX)]
Priority = Annotated[int, Meta(ge=0, le=PRIORITY_MAX)]
LocationName = Annotated[str, Meta(min_length=1, max_length=LOCATION_NAME_MAX), Check(check_location_name)]


class NamedUnits(Wire):
    """Units of a product or variant, named by its id, its SKU, or the product's id and the options."""

    needs = (("product_id", "variant_id", "sku"),)

    quantity: Units
    product_id: Id | None = None
    variant_id: Id | None = None
    sku: Sku | None = None
    options: ChosenOptions | None = None
    color: ChosenColor = None
    location: LocationId | None = None


class LocationBody(Wire):
    """A new location."""

    needs = (("id", "name"),)

    id: LocationId | None = None
    name: LocationName | None = None
    priority: Priority = PRIORITY_DEFAULT

    @rule("id", "name")
    def _has_an_id(self) -> None:
        given = self.name if self.id is None else self.id
        if given is not None:
            check_new_location_id(given)


class LocationPatch(Wire):
    """A change of a location."""

    name: LocationName | None = None
    priority: Priority | None = None
    active: bool | None = None
    expected_version: Version | None = None


class LocationView(Wire):
    """A location that stores stock."""

    id: str
    name: str
    priority: int
    active: bool
    version: int
    created_at: str


def location_view(location: Location) -> LocationView:
    """Show a location."""
    return LocationView(
        id=location.id,
        name=location.name,
        priority=location.priority,
        active=location.active,
        version=location.version,
        created_at=iso(location.created_at),
    )
