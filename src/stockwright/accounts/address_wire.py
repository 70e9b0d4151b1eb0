"""Postal addresses on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType

from stockwright.accounts.address_book import SavedAddress
from stockwright.base.address import (
    LINE_MAX,
    PHONE_MAX,
    POSTAL_CODE_MAX,
    Address,
    check_address_phone,
    check_country,
    check_parts,
    check_text,
    cleaned,
)
from stockwright.base.instant import iso
from stockwright.http.rules import Check, Wire, is_given, rule

_Line = Annotated[str, Meta(min_length=1, max_length=LINE_MAX), Check(check_text)]
_MaybeLine = Annotated[str, Meta(max_length=LINE_MAX), Check(lambda value, field: value and check_text(value, field))]
_PostalCode = Annotated[
    str, Meta(max_length=POSTAL_CODE_MAX), Check(lambda value, field: value and check_text(value, field))
]
_Phone = Annotated[
    str, Meta(max_length=PHONE_MAX), Check(lambda value, field: value and check_address_phone(value, field))
]
_Country = Annotated[
    str, Meta(min_length=2, max_length=2, description="ISO 3166 code of two letters"), Check(check_country)
]
NAMES: Final = ("name", "company", "line1", "line2", "postal_code", "city", "region", "country", "phone")


class AddressBody(Wire):
    """A postal address; which of `city`, `postalCode` and `region` it needs depends on the country."""

    name: _Line
    line1: _Line
    country: _Country
    company: _MaybeLine | None = None
    line2: _MaybeLine | None = None
    postal_code: _PostalCode | None = None
    city: _MaybeLine | None = None
    region: _MaybeLine | None = None
    phone: _Phone | None = None

    @rule("country", "city", "postal_code", "region")
    def _is_as_in_its_country(self) -> None:
        check_parts(self.country, self.city or "", self.postal_code or "", self.region or "")


class AddressPatch(Wire):
    """A change of a saved address: only the given fields change; null or "" empties one."""

    name: _Line | UnsetType = UNSET
    line1: _Line | UnsetType = UNSET
    country: _Country | UnsetType = UNSET
    company: _MaybeLine | UnsetType | None = UNSET
    line2: _MaybeLine | UnsetType | None = UNSET
    postal_code: _PostalCode | UnsetType | None = UNSET
    city: _MaybeLine | UnsetType | None = UNSET
    region: _MaybeLine | UnsetType | None = UNSET
    phone: _Phone | UnsetType | None = UNSET

    def fields(self) -> dict[str, str]:
        """Return the fields that are given."""
        return {name: value or "" for name in NAMES if (value := getattr(self, name)) is not UNSET}


class AddressView(Wire, omit_defaults=True):
    """A postal address, with the fields that it has."""

    name: str
    line1: str
    country: str
    city: str = ""
    postal_code: str = ""
    region: str = ""
    line2: str = ""
    company: str = ""
    phone: str = ""


class SavedAddressView(AddressView, kw_only=True, omit_defaults=True):
    """A saved address."""

    id: str
    created_at: str
    updated_at: str


def address_of(body: Any) -> Address | None:
    """Read an address from a body that was checked; None where there is none."""
    if not is_given(body):
        return None
    return cleaned(Address(**{name: getattr(body, name) or "" for name in NAMES}))


def address_view(address: Address) -> AddressView:
    """Show an address."""
    return AddressView(**{name: getattr(address, name) for name in NAMES})


def saved_address_view(saved: SavedAddress) -> SavedAddressView:
    """Show a saved address."""
    return SavedAddressView(
        id=saved.id,
        created_at=iso(saved.created_at),
        updated_at=iso(saved.updated_at),
        **{name: getattr(saved.address, name) for name in NAMES},
    )
