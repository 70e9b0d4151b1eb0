"""The rows that were refused, as a file of their own: to be corrected and sent again."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from stockwright.base.long_work import give_way
from stockwright.base.spreadsheet import guard
from stockwright.imports.reader import heading_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from stockwright.imports.reader import Table
    from stockwright.imports.report import ImportReport

HEADING: Final = "error"
"""The last column's; it is not read when the corrected file is imported."""


def failed_rows(table: Table, report: ImportReport) -> bytes:
    """Write the refused rows as they were, with the reason in a last column (UTF-8 with a byte-order mark)."""
    return b"".join(_parts(table, report))


async def failed_parts(table: Table, report: ImportReport) -> AsyncIterator[bytes]:
    """Write the same part by part."""
    for part in _parts(table, report):
        yield part
        await give_way()


def _parts(table: Table, report: ImportReport) -> Iterator[bytes]:
    reasons: dict[int, list[str]] = {}
    for error in report.errors:
        reasons.setdefault(error.row, []).append(error.describe())
    # The file may be such a file itself, and refused once more.
    columns = [n for n, heading in enumerate(table.headings) if heading_key(heading) != HEADING]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=table.delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow([*(table.headings[n] for n in columns), HEADING])
    yield text.getvalue().encode("utf-8-sig")
    for rows in table.rows.in_steps():
        text.seek(0)
        text.truncate()
        for row in rows:
            if row.number in reasons:
                whole = len(row.cells) == len(table.headings)
                cells = [row.cells[n] for n in columns] if whole else list(row.cells)
                writer.writerow([guard(cell) for cell in (*cells, "; ".join(reasons[row.number]))])
        yield text.getvalue().encode()
