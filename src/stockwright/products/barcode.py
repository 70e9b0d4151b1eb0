"""Barcodes: the numbers of GS1 (EAN, UPC) with their check digit, and any other code that a scanner reads.

GTIN-8, GTIN-12 (UPC-A), GTIN-13 (EAN-13) and GTIN-14 are one number with zeros in front: a scanner may read a UPC-A
with 12 digits or, as EAN-13, with 13.
"""

from __future__ import annotations

from typing import Final

from stockwright.base.errors import Invalid
from stockwright.base.names import check_direction, clean

BARCODE_MAX: Final = 64
GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
CHECKED_LENGTHS: Final = frozenset({12, 13, 14})
"""Digits of these lengths are always a GTIN; eight digits with another check digit may be a shop's own number."""
GTIN_MAX: Final = 14


def check_digit(digits: str) -> str:
    """Return the check digit (GS1, modulo 10) that belongs behind these digits."""
    total = sum(int(digit) * (3 if number % 2 == 0 else 1) for number, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def is_gtin(code: str) -> bool:
    """Whether a code is a GTIN: so many digits, the last of which is the check digit of those before it."""
    digits = code.isascii() and code.isdecimal()
    return digits and len(code) in GTIN_LENGTHS and check_digit(code[:-1]) == code[-1]


def clean_barcode(code: str) -> str:
    """Write a barcode in one way: a GTIN as its digits alone, any other code as a name is written."""
    code = clean(code)
    digits = code.replace(" ", "").replace("-", "")
    return digits if is_gtin(digits) else code


def check_barcode(code: str, field_name: str = "barcode") -> None:
    """Refuse a code that is empty, too long or not printable, and digits that have a GTIN's length but not its digit.

    The message names the digit that is right, because most of these are typing errors.
    """
    code = clean_barcode(code)
    if not 1 <= len(code) <= BARCODE_MAX or not code.isprintable():
        raise Invalid.field(field_name, f"must be 1 to {BARCODE_MAX} printable characters")
    check_direction(code, field_name)
    digits = code.replace(" ", "")
    if digits.isascii() and digits.isdecimal() and len(digits) in CHECKED_LENGTHS and not is_gtin(digits):
        right = f"{digits[:-1]}{check_digit(digits[:-1])}"
        message = f"has a wrong digit: {len(digits)} digits are an EAN or UPC, whose check digit would make it {right}"
        raise Invalid.field(field_name, message)


def barcode_key(code: str) -> str:
    """Return what two spellings of one barcode have in common: the 14 digits of a GTIN, else the code in lower case."""
    code = clean_barcode(code)
    return code.zfill(GTIN_MAX) if is_gtin(code) else code.casefold()


def same_barcode(one: str | None, other: str | None) -> bool:
    """Return whether two barcodes are one; two that are not given are."""
    if one is None or other is None:
        return one is other
    return barcode_key(one) == barcode_key(other)
