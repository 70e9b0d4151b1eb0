"""Money is rounded half up, in one place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stockwright.base.errors import Invalid
from stockwright.base.money import decimal_form, minor_units, round_half_up, sum_amounts


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999", 2), ("-2.5", -3), ("-0.4", 0), ("7", 7)]
)
def test_half_a_cent_is_rounded_away_from_zero(amount: str, rounded: int) -> None:
    assert round_half_up(Decimal(amount)) == rounded


@pytest.mark.parametrize(
    ("units", "currency", "shown"),
    [(255, "USD", "2.55"), (250, "EUR", "2.50"), (255, "JPY", "255"), (2550, "KWD", "2.550")],
)
def test_the_decimal_form_has_the_currencys_own_digits(units: int, currency: str, shown: str) -> None:
    assert str(decimal_form(units, currency)) == shown
    assert minor_units(Decimal(shown), currency) == units


def test_a_sum_beyond_exact_json_numbers_is_refused() -> None:
    most = 2**53 - 1
    assert sum_amounts([]) == 0
    assert sum_amounts([most - 1, 1]) == most
    with pytest.raises(Invalid) as refused:
        sum_amounts([most, 1], "quantity")
    assert refused.value.details == [
        {"field": "quantity", "message": f"must have a total of at most {most} minor units, not {most + 1}"}
    ]
