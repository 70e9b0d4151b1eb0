"""The table of currencies against the published list (ISO 4217)."""

from __future__ import annotations

import iso4217

from stockwright.base.currency import MINOR_DIGITS, is_currency, minor_digits


def test_the_table_of_currencies_equals_the_published_list() -> None:
    """What has no minor units is no money that goods are priced in: metals, funds of banks, tests."""
    published = {each.code: each.exponent for each in iso4217.Currency if each.exponent is not None}
    assert dict(MINOR_DIGITS) == published


def test_a_code_that_is_not_in_use_is_no_currency() -> None:
    assert all(map(is_currency, ["EUR", "USD", "JPY", "KWD"]))
    assert not any(map(is_currency, ["", "XXX", "XTS", "XAU", "ABC", "DEM", "usd", "US"]))


def test_an_amount_in_a_former_currency_is_still_written() -> None:
    assert [minor_digits(code) for code in ("JPY", "EUR", "KWD", "DEM")] == [0, 2, 3, 2]
