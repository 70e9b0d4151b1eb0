"""Cells as other systems write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from stockwright.base.names import clean
from stockwright.imports.html_text import text_of
from stockwright.imports.profile import Reading
from stockwright.imports.values import WrongCell, price, whole_number

GRAMS: Final[Mapping[str, Decimal]] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lbs": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
"""A unit of weight in grams."""
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_COMMA: Final = re.compile(r"[0-9]+,[0-9]{1,2}")
_SIGN: Final = re.compile(r"^[^\d\s.,+-]{1,3}\s?|\s?[^\d\s.,+-]{1,3}$")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{2}")
_BETWEEN_PATHS: Final = re.compile(r"(?<!\\),")


def bare(text: str, _: Reading) -> str:
    """Read a code before which a spreadsheet's apostrophe may stand."""
    return text.removeprefix("'").strip()


def html(text: str, _: Reading) -> str:
    """Read a description in HTML."""
    return text_of(text)


def units(text: str, _: Reading) -> int:
    """Read units on the shelf; where more were sold than there were, none are left."""
    return max(0, whole_number(text))


def grams_of(unit: str) -> Callable[[str, Reading], int | None]:
    """Return what reads a weight in a unit, as whole grams; none is given where it is 0."""

    def read(text: str, _: Reading) -> int | None:
        number = text.replace(",", ".")
        if not _DECIMAL.fullmatch(number):
            raise WrongCell(f"must be a weight in {unit} such as 0.25")
        return int((Decimal(number) * GRAMS[unit]).to_integral_value(ROUND_HALF_UP)) or None

    return read


def last_of_path(text: str, _: Reading) -> str:
    """Read a category that is written with those above it: `Apparel > Clothing` is Clothing."""
    return clean(text.rsplit(">", 1)[-1])


def first_of_paths(text: str, reading: Reading) -> str:
    """Read the first of several categories, each perhaps with those above it."""
    first = _BETWEEN_PATHS.split(text, maxsplit=1)[0].replace("\\,", ",")
    return last_of_path(first, reading)


def price_of_either_comma(text: str, reading: Reading) -> int:
    """Read a price with the decimal comma of its shop: a file of these systems has no thousands separators."""
    return price(text.replace(",", ".") if _COMMA.fullmatch(text) else text, reading.currency, reading.delimiter)


def price_with_sign(text: str, reading: Reading) -> int:
    """Read a price with a currency sign, and with commas between thousands where decimals say that they are some."""
    number = _SIGN.sub("", text)
    if text and not number:
        raise WrongCell("must be a price such as £2.55")
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    return price(number, reading.currency, reading.delimiter)
