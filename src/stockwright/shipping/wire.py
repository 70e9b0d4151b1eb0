"""Shipping methods on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from stockwright.base.free_fields import WHOLE_MAX
from stockwright.http.rules import Check, Wire, is_given
from stockwright.http.wire import Version
from stockwright.shipping.model import (
    NAME_MAX,
    ShippingMethod,
    check_countries,
    check_method_currency,
    check_method_name,
)
from stockwright.shipping.usecases import MethodFields

_Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX), Check(check_method_name)]
_Amount = Annotated[int, Meta(ge=0, le=WHOLE_MAX)]
_Currency = Annotated[str, Meta(min_length=3, max_length=3), Check(check_method_currency)]
_Countries = Annotated[
    list[Annotated[str, Meta(min_length=2, max_length=2)]], Meta(max_length=250), Check(check_countries)
]


class ShippingMethodBody(Wire):
    """A new shipping method; without `countries` it goes everywhere. Amounts are minor units of its currency."""

    name: _Name
    price: _Amount
    currency: _Currency
    countries: _Countries | None = None
    free_from: _Amount | None = None
    """the amount of goods from which it costs nothing"""
    active: bool = True


class ShippingMethodPatch(Wire):
    """A change of a shipping method: only the given fields change; `freeFrom` of null: it is never free."""

    name: _Name | None = None
    price: _Amount | None = None
    currency: _Currency | None = None
    countries: _Countries | None = None
    free_from: _Amount | UnsetType | None = UNSET
    active: bool | None = None
    expected_version: Version | None = None


class ShippingMethodView(Wire):
    """A shipping method."""

    id: str
    name: str
    price: int
    currency: str
    countries: list[str]
    free_from: int | None
    active: bool
    version: int


def method_fields(body: ShippingMethodBody | ShippingMethodPatch) -> MethodFields:
    """Return the fields that a body sets."""
    fields: MethodFields = {}
    if is_given(body.name):
        fields["name"] = body.name or ""
    if body.price is not None:
        fields["price_cents"] = body.price
    if is_given(body.currency):
        fields["currency"] = body.currency or ""
    if body.countries is not None:
        fields["countries"] = tuple(body.countries)
    if body.free_from is not UNSET:
        fields["free_from_cents"] = body.free_from
    if body.active is not None:
        fields["active"] = body.active
    return fields


def method_view(method: ShippingMethod) -> ShippingMethodView:
    """Show a shipping method."""
    return ShippingMethodView(
        id=method.id,
        name=method.name,
        price=method.price_cents,
        currency=method.currency,
        countries=list(method.countries),
        free_from=method.free_from_cents,
        active=method.active,
        version=method.version,
    )
