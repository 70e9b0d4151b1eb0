"""Addresses: written in one way, and checked as far as each country's rules are known."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stockwright.base.address import Address, check_address_phone, check_country, check_parts, check_text, cleaned
from stockwright.base.countries import COUNTRIES
from stockwright.base.errors import Invalid


def wrong(country: str, city: str = "", postal_code: str = "", region: str = "") -> dict[str, str]:
    try:
        check_parts(country, city, postal_code, region)
    except Invalid as refused:
        return {each["field"]: each["message"] for each in refused.details}
    return {}


def test_all_countries_are_there_and_each_example_is_a_postal_code_of_its_country() -> None:
    assert len(COUNTRIES) == 249 + 1
    for code, rules in COUNTRIES.items():
        assert re.fullmatch("[A-Z]{2}", code)
        assert bool(rules.pattern) == bool(rules.example), code
        if rules.pattern:
            assert re.fullmatch(rules.pattern, rules.example), code
            assert wrong(code, "X", rules.example, "Y") == {}
            assert "postalCode" in wrong(code, "X", "no!", "Y")


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (("DE", "Hamburg", "20359"), set()),
        (("de", "Hamburg", " 20359 "), set()),
        (("DE",), {"city", "postalCode"}),
        (("DE", "Hamburg", "2035"), {"postalCode"}),
        (("US", "Springfield", "62704", "IL"), set()),
        (("US", "Springfield", "62704-1234", "IL"), set()),
        (("US", "Springfield", "62704"), {"region"}),
        (("US", "", "x", ""), {"city", "postalCode", "region"}),
        (("GB", "London", "sw1a 1aa"), set()),
        (("GB", "London", "SW1A1AA"), set()),
        (("GB", "London", "12345"), {"postalCode"}),
        (("IE", "Dublin"), set()),
        (("IE", "Dublin", "D02 X285"), set()),
        (("AE", "", "", "Dubai"), set()),
        (("AE", "Dubai"), {"region"}),
        (("SG", "", "546080"), set()),
        (("HK", "", "", "Kowloon"), set()),
        (("NL", "Utrecht", "3511 lx"), set()),
        (("XX",), set()),
    ],
)
def test_a_country_says_what_its_addresses_need(given: tuple[Any, ...], fields: set[str]) -> None:
    assert wrong(*given).keys() == fields


def test_a_message_has_an_example() -> None:
    assert wrong("DE", "X") == {"postalCode": "is required in DE, such as 26133"}
    assert wrong("PL", "X", "00950") == {"postalCode": "must be a postal code of PL, such as 00-950"}


def test_an_address_is_written_in_one_way() -> None:
    given = Address(
        name="  Ada   Lovelace ", line1="12 St James's  Square", country="gb", city=" London", postal_code=" sw1y  4jh"
    )
    stored = cleaned(given)
    assert stored == Address(
        name="Ada Lovelace", line1="12 St James's Square", country="GB", city="London", postal_code="SW1Y 4JH"
    )
    assert list(stored.lines()) == ["Ada Lovelace", "12 St James's Square", "SW1Y 4JH London", "GB"]


@pytest.mark.parametrize("phone", ["+49 170 1234567", "0170/1234567", "(020) 7946-0000", "555.0100", "+1 555 0100 x12"])
def test_a_phone_number_may_be_written_as_in_its_country(phone: str) -> None:
    check_address_phone(phone)


@pytest.mark.parametrize("phone", ["", "call me", "1234", "+", "1" * 25, "+49+170 1234567"])
def test_what_nobody_can_dial_is_no_phone_number(phone: str) -> None:
    with pytest.raises(Invalid):
        check_address_phone(phone)


@pytest.mark.parametrize("country", ["", "D", "XX", "Germany", "D\u00cb"])
def test_what_is_no_country_is_refused(country: str) -> None:
    with pytest.raises(Invalid):
        check_country(country)


@pytest.mark.parametrize("line", [" ", "a\u0007b", "a\u202eb"])
def test_a_line_can_be_printed(line: str) -> None:
    with pytest.raises(Invalid):
        check_text(line, "line1")
