"""Cells → values: a number, price or time is read only where it can mean one thing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from stockwright.base.money import minor_units

DIGITS_MAX: Final = 15

_WHOLE = re.compile(r"([+-]?)([0-9]+)(?:\.(0{1,2}))?")
_POINT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]+(?:,[0-9]+)?")
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[.,' \u00a0\u202f\u2019][0-9]{3})+(?:[.,][0-9]+)?")
_FLOAT_TEXT = re.compile(r"([0-9]+)\.0+")


class WrongCell(ValueError):
    """A cell that cannot be read; the message is the reason."""


def whole_number(text: str) -> int:
    """Read digits with an optional sign; `10.0`, as spreadsheets write it, is 10."""
    cell = text.strip()
    found = _WHOLE.fullmatch(cell)
    if found is None:
        raise WrongCell(_why_not_whole(cell))
    if len(found[2].lstrip("0")) > DIGITS_MAX:
        raise WrongCell(f"has more than {DIGITS_MAX} digits")
    return int(found[1] + found[2])


def _why_not_whole(cell: str) -> str:
    if not cell:
        return "is empty; it must be a whole number"
    if _EXPONENT.fullmatch(cell):
        return "is shortened as spreadsheets show large numbers; write all digits"
    if _THOUSANDS.fullmatch(cell):
        return "may have a thousands separator; write digits alone, such as 1000"
    if _POINT.fullmatch(cell) or _COMMA.fullmatch(cell):
        return "is not a whole number"
    return "is not a whole number; write digits alone, such as 1000 or -5"


def price(text: str, currency: str, delimiter: str) -> int:
    """Read an amount such as 2.55 as minor units, rounded half up; with a decimal comma in a file of semicolons."""
    cell = text.strip()
    commas = delimiter == ";"
    if commas and _COMMA.fullmatch(cell):
        cell = cell.replace(",", ".")
    elif not _POINT.fullmatch(cell) or (commas and _THOUSANDS.fullmatch(cell)):
        raise WrongCell(_why_no_price(cell, commas=commas))
    if len(cell) > 2 * DIGITS_MAX:
        raise WrongCell(f"has more than {2 * DIGITS_MAX} digits")
    return minor_units(Decimal(cell), currency)


def _why_no_price(cell: str, *, commas: bool) -> str:
    example = "2,55" if commas else "2.55"
    if not cell:
        return f"is empty; it must be a number such as {example}"
    if _EXPONENT.fullmatch(cell):
        return f"is shortened as spreadsheets show large numbers; it must be a number such as {example}"
    if _THOUSANDS.fullmatch(cell):
        return f"may have a thousands separator; it must be a number such as {example}"
    if _COMMA.fullmatch(cell):
        return (
            "has a decimal comma, which is allowed only in files with semicolons; "
            f"it must be a number such as {example}"
        )
    return f"must be a number such as {example}"


def digits_as_text(text: str) -> str:
    """Read a code of digits; refuse one that a spreadsheet has shortened (`4.00638E+12`): its digits are lost."""
    cell = text.strip()
    if _EXPONENT.fullmatch(cell) and ("+" in cell or "." in cell or "," in cell):
        raise WrongCell(
            "is shortened as spreadsheets show large numbers; format the column as text, and write all digits"
        )
    return number_as_text(cell)


def number_as_text(text: str) -> str:
    """Write the number of a customer, invoice or article in one way: `99.0`, as spreadsheets write it, is `99`."""
    cell = " ".join(text.split())
    found = _FLOAT_TEXT.fullmatch(cell)
    return found[1] if found else cell


def instant(text: str) -> int:
    """Read a time as ISO 8601, or month/day/year hour:minute; UTC unless it says otherwise. Returns ms since 1970."""
    cell = text.strip()
    try:
        at = datetime.fromisoformat(cell)
    except ValueError:
        try:
            at = datetime.strptime(cell, "%m/%d/%Y %H:%M").replace(tzinfo=UTC)
        except ValueError:
            raise WrongCell("must be like 2010-12-01 08:26, or 12/1/2010 8:26 (month first)") from None
    try:
        ms = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except OverflowError:
        raise WrongCell("is outside the supported years") from None
    if ms < 0:
        raise WrongCell("must not be before 1970")
    return ms
