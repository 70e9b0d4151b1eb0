"""Money: minor units are whole numbers, rounded half up and summed in one way."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from stockwright.base.currency import minor_digits
from stockwright.base.errors import Invalid
from stockwright.base.free_fields import WHOLE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable


_ONE: Final = Decimal(1)


def round_half_up(amount: Decimal) -> int:
    """Round to a whole number; a half goes away from zero (2.5 is 3, -2.5 is -3), as on every price tag."""
    return int(amount.quantize(_ONE, ROUND_HALF_UP))


def minor_units(amount: Decimal, currency: str) -> int:
    """Turn an amount such as 2.55 into minor units of its currency (255 in USD, 3 in JPY, 2550 in KWD)."""
    return round_half_up(amount.scaleb(minor_digits(currency)))


def sum_amounts(amounts: Iterable[int], field_name: str = "items") -> int:
    """Sum up amounts of one currency; raises Invalid where JSON clients could not keep the total exactly."""
    total = sum(amounts)
    if abs(total) > WHOLE_MAX:
        raise Invalid.field(field_name, f"must have a total of at most {WHOLE_MAX} minor units, not {total}")
    return total


def decimal_form(units: int, currency: str) -> Decimal:
    """Turn minor units into an amount with the currency's own digits: 255 is 2.55 in USD and 255 in JPY."""
    return Decimal(units).scaleb(-minor_digits(currency))
