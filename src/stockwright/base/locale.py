"""Languages as people and browsers name them: BCP 47 tags such as de, pt-BR or zh-Hant-TW."""

from __future__ import annotations

import re
from typing import Final

from stockwright.base.errors import Invalid

LOCALE_MAX: Final = 35
"""What BCP 47 advises to have room for."""
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,5}")


def check_locale(text: str, field_name: str = "locale") -> None:
    """Refuse what is no language tag."""
    if len(text) > LOCALE_MAX or not _TAG.fullmatch(text):
        raise Invalid.field(field_name, "must be a language tag, such as en or de-AT")
