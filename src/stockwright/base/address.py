"""Postal addresses: checked as far as the country's own rules are known, and written in one way."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import asdict

from stockwright.base.countries import COUNTRIES
from stockwright.base.errors import Invalid, check_all
from stockwright.base.names import check_direction, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_MAX: Final = 100
POSTAL_CODE_MAX: Final = 20
PHONE_MAX: Final = 40
_PHONE: Final = re.compile(r"(?:\+[0-9]|[0-9(])[0-9 ()./-]*(?: ?(?:x|ext\.?) ?[0-9]{1,6})?")
_PHONE_DIGITS: Final = range(5, 21)


class Address(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Where something is sent, or whom an invoice is for; `country` is an ISO 3166 code of two letters."""

    name: str
    line1: str
    country: str
    city: str = ""
    postal_code: str = ""
    region: str = ""
    line2: str = ""
    company: str = ""
    phone: str = ""

    def lines(self) -> Iterator[str]:
        """Write it as on a label, a line at a time."""
        yield from (each for each in (self.name, self.company, self.line1, self.line2) if each)
        yield " ".join(each for each in (self.postal_code, self.city, self.region) if each)
        yield self.country


def cleaned(address: Address) -> Address:
    """Return an address as it is stored: trimmed, single blanks, country and postal code in capitals."""
    fields = {name: clean(value) for name, value in asdict(address).items()}
    for name in ("country", "postal_code"):
        fields[name] = fields[name].upper()
    return Address(**fields)


def check_text(value: str, field_name: str) -> None:
    """Refuse a line that is blank, has signs that are not printed, or changes the direction of text."""
    if not clean(value):
        raise Invalid.field(field_name, "must not be blank")
    if not clean(value).isprintable():
        raise Invalid.field(field_name, "must be one line without control characters")
    check_direction(value, field_name)


def check_country(value: str, field_name: str = "country") -> None:
    """Refuse what is no country's ISO code of two letters."""
    if value.strip().upper() not in COUNTRIES:
        raise Invalid.field(field_name, "must be a country's ISO 3166 code of two letters, such as DE")


def check_address_phone(value: str, field_name: str = "phone") -> None:
    """Refuse what nobody could dial; a number may be written as in its own country."""
    digits = sum(each.isdigit() for each in value)
    if not _PHONE.fullmatch(clean(value)) or digits not in _PHONE_DIGITS:
        raise Invalid.field(field_name, "must be a phone number, such as +49 170 1234567")


def check_parts(country: str, city: str, postal_code: str, region: str) -> None:
    """Refuse what an address in a country lacks, and a postal code that is not written as its codes are.

    Nothing is known of what is no country.
    """
    rules = COUNTRIES.get(country.strip().upper())
    if rules is None:
        return
    code = clean(postal_code).upper()

    def check_postal_code() -> None:
        such = f", such as {rules.example}" if rules.example else ""
        if rules.postal_code and not code:
            raise Invalid.field("postalCode", f"is required in {country.strip().upper()}{such}")
        if code and rules.pattern and not re.fullmatch(rules.pattern, code):
            raise Invalid.field("postalCode", f"must be a postal code of {country.strip().upper()}{such}")

    def check_given(needed: bool, value: str, field_name: str) -> None:  # noqa: FBT001
        if needed and not clean(value):
            raise Invalid.field(field_name, f"is required in {country.strip().upper()}")

    check_all(
        check_postal_code,
        partial(check_given, rules.city, city, "city"),
        partial(check_given, rules.region, region, "region"),
    )
