"""Shipping methods: what a parcel costs, where to, and from which amount of goods it is free."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import field
from msgspec.structs import replace

from stockwright.base.countries import COUNTRIES
from stockwright.base.currency import is_currency
from stockwright.base.errors import Invalid, check_all
from stockwright.base.free_fields import WHOLE_MAX
from stockwright.base.names import check_direction, clean
from stockwright.base.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_MAX: Final = 60
METHODS_MAX: Final = 50
ID_FIELD: Final = "shippingMethod"


class ShippingMethod(Record, frozen=True):
    """A way to send an order. `price_cents` and `free_from_cents` are minor units of its currency.

    Without `countries` it goes everywhere; `free_from_cents` of None: it is never free.
    """

    KIND = "SHIPPINGMETHOD"
    PARTITION = "SHIPPING_METHODS"
    id: str
    name: str
    price_cents: int = field(name="price")
    currency: str
    countries: tuple[str, ...] = ()
    free_from_cents: int | None = field(name="freeFrom", default=None)
    active: bool = True
    created_at: int = 0
    updated_at: int = 0

    def price_for(self, goods_cents: int) -> int:
        """Return what it costs to send goods of this amount."""
        is_free = self.free_from_cents is not None and goods_cents >= self.free_from_cents
        return 0 if is_free else self.price_cents


def checked(method: ShippingMethod) -> ShippingMethod:
    """Return a method as it is stored; raises Invalid with one entry per wrong field."""
    check_all(
        lambda: check_method_name(method.name),
        lambda: check_amount(method.price_cents, "price"),
        lambda: None if method.free_from_cents is None else check_amount(method.free_from_cents, "freeFrom"),
        lambda: check_method_currency(method.currency),
        partial(check_countries, method.countries),
    )
    countries = tuple(dict.fromkeys(each.upper() for each in method.countries))
    return replace(method, name=clean(method.name), countries=countries)


def check_method_name(value: str, field_name: str = "name") -> None:
    """Refuse a name that is not of 1 to NAME_MAX characters on one line."""
    if not 1 <= len(clean(value)) <= NAME_MAX or not clean(value).isprintable():
        raise Invalid.field(field_name, f"must be 1 to {NAME_MAX} characters on one line")
    check_direction(value, field_name)


def check_amount(value: int, field_name: str) -> None:
    """Refuse what is no amount in minor units."""
    if not 0 <= value <= WHOLE_MAX:
        raise Invalid.field(field_name, f"must be 0 to {WHOLE_MAX} minor units")


def check_method_currency(value: str, field_name: str = "currency") -> None:
    """Refuse what is no currency in use."""
    if not is_currency(value):
        raise Invalid.field(field_name, "must be the ISO 4217 code of a currency in use, such as USD")


def check_countries(values: Sequence[str], field_name: str = "countries") -> None:
    """Refuse what is no country's code."""
    wrong = [
        {"field": f"{field_name}[{number}]", "message": "must be a country's ISO 3166 code of two letters, such as DE"}
        for number, each in enumerate(values)
        if each.upper() not in COUNTRIES
    ]
    if wrong:
        raise Invalid(details=wrong)


def check_use(method: ShippingMethod | None, currency: str, country: str | None) -> None:
    """Refuse (Invalid) a method that is not offered for an order in this currency and to this country."""
    if method is None or not method.active:
        raise Invalid.field(ID_FIELD, "is not one of the shop's shipping methods")
    if method.currency != currency:
        raise Invalid.field(ID_FIELD, f"is for orders in {method.currency}, not in {currency}")
    if method.countries and country is None:
        raise Invalid.field("shippingAddress", f"is required: {method.name} goes to {', '.join(method.countries)} only")
    if method.countries and country not in method.countries:
        raise Invalid.field(ID_FIELD, f"does not go to {country}, only to {', '.join(method.countries)}")
