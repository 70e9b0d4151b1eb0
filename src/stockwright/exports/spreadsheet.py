"""CSV as spreadsheets read it (RFC 4180): every text in quotes, and none that can become a formula."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Final

from stockwright.base.instant import iso
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.base.spreadsheet import guard
from stockwright.exports.usecases import Cell, Rows

CONTENT_TYPE: Final = "text/csv; charset=utf-8"
WRITTEN_AT_ONCE: Final = STEP_ROWS // 2
_TIMES: Final = frozenset({"at", "createdAt", "placedAt"})


async def csv_parts(columns: Sequence[str], pages: AsyncIterator[Rows], *, bom: bool = False) -> AsyncIterator[bytes]:
    """Write the headings, then page by page; `bom` puts a byte-order mark first."""
    times = frozenset(number for number, name in enumerate(columns) if name in _TIMES)
    yield (codecs.BOM_UTF8 if bom else b"") + _written([columns])
    await give_way()
    async for rows in pages:
        # A page of orders may have very many lines.
        while some := [_shown(row, times) for row in islice(rows, WRITTEN_AT_ONCE)]:
            await give_way()
            yield _written(some)


def _shown(row: Sequence[Cell], times: frozenset[int]) -> list[Cell]:
    return [
        iso(int(cell)) if number in times else guard(cell) if isinstance(cell, str) else cell
        for number, cell in enumerate(row)
    ]


def _written(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write rows: numbers as they are, every text in quotes, whatever the program splits at that reads it."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode()
