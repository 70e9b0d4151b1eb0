"""Phone numbers: one spelling for each (E.164)."""

from __future__ import annotations

import re
from typing import Final

from stockwright.base.errors import Invalid

_BETWEEN: Final = re.compile(r"[\s().-]")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def check_phone(text: str, field_name: str = "phone") -> str:
    """Return a number in E.164's form, however it is written: with blanks, hyphens and brackets or not (Invalid)."""
    phone = _BETWEEN.sub("", text)
    if not _E164.fullmatch(phone):
        raise Invalid.field(field_name, "must be a phone number with its country's code, such as +49 170 1234567")
    return phone
