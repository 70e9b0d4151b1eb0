"""Money is rounded half up, in one place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stockwright.domain.money import decimal_form, minor_units, round_half_up


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999", 2), ("-2.5", -3), ("-0.4", 0), ("7", 7)]
)
def test_a_half_goes_away_from_zero(amount: str, rounded: int) -> None:
    assert round_half_up(Decimal(amount)) == rounded


@pytest.mark.parametrize(
    ("units", "currency", "shown"),
    [(255, "USD", "2.55"), (250, "EUR", "2.50"), (255, "JPY", "255"), (2550, "KWD", "2.550")],
)
def test_the_decimal_form_has_the_currencys_own_digits(units: int, currency: str, shown: str) -> None:
    assert str(decimal_form(units, currency)) == shown
    assert minor_units(Decimal(shown), currency) == units
