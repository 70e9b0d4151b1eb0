"""CSV as spreadsheets read it (RFC 4180), in which no text can become a formula (OWASP, CSV injection)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from stockwright.api.envelope import iso
from stockwright.usecases.exports import Cell, Rows

CONTENT_TYPE: Final = "text/csv; charset=utf-8"
_TIMES: Final = frozenset({"at", "createdAt", "placedAt"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def csv_parts(columns: Sequence[str], pages: AsyncIterator[Rows]) -> AsyncIterator[bytes]:
    """Write the heading, then page by page."""
    times = [number for number, name in enumerate(columns) if name in _TIMES]
    yield _written([columns])
    async for rows in pages:
        if rows:
            yield _written(_shown(row, times) for row in rows)


def _shown(row: list[Cell], times: list[int]) -> list[Cell]:
    """Write times as text; a text that a spreadsheet would work out gets an apostrophe before it."""
    shown = [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row]
    for number in times:
        shown[number] = iso(int(row[number]))
    return shown


def _written(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
