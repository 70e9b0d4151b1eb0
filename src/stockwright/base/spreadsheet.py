"""Cells of a spreadsheet: no text may become a formula, whatever the delimiter that the reader splits at.

OWASP, CSV injection: a cell that begins with `=`, `+`, `-` or `@` (or their full-width twins) is worked
out. A program that splits at another delimiter than the file's makes cells of its own, so a formula may
begin wherever such a split could be. An apostrophe before the sign stops it, and can be taken away again.
"""

from __future__ import annotations

import re
from typing import Final

_SIGNS: Final = "=+\\-@＝＋－＠"
_START: Final = r"((?:^|[,;\t\r\n|\"])[ \u00a0\"]*)"
"""Where a cell may begin: at the start, and behind whatever a program may split at; blanks and quotes are skipped."""
_FORMULA: Final = re.compile(rf"{_START}('*)(?=[{_SIGNS}])")
_GUARDED: Final = re.compile(rf"{_START}'('*)(?=[{_SIGNS}])")
_SIGN: Final = re.compile(rf"[{_SIGNS}]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def guard(text: str) -> str:
    """Put an apostrophe before every formula that a spreadsheet could find in the text; a plain number stays one."""
    if _SIGN.search(text) is None:
        return text
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1'\2", text)


def unguard(text: str) -> str:
    """Return the text that was guarded: `unguard(guard(text)) == text`."""
    return _GUARDED.sub(r"\1\2", text)
