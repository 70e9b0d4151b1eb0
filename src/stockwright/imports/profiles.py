"""Which columns a file has: a field is found under one of its headings, and what is not read is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from stockwright.base.errors import Invalid
from stockwright.imports.failed import HEADING as ERROR
from stockwright.imports.reader import heading_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.reader import Row, Table
    from stockwright.imports.report import ImportReport

Profile = Literal["stockwright", "online-retail"]
ProfileWanted = Literal["auto", "stockwright", "online-retail"]

ONLINE_RETAIL: Final = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
)  # fmt: skip
"""The columns of UCI's "Online Retail" (D. Chen, 2015) that are read; `Country` is not."""


class Columns(Struct, frozen=True):
    """Where the fields of a kind of file are."""

    positions: Mapping[str, int]
    headings: Mapping[str, str]
    """Field → its heading as the file writes it."""

    def __contains__(self, field: str) -> bool:
        return field in self.positions

    def text(self, row: Row, field: str) -> str:
        """Return a cell without the blanks around it; a column that the file does not have is empty."""
        position = self.positions.get(field)
        return "" if position is None else row.cells[position].strip()


def find_columns(
    table: Table, fields: Mapping[str, Sequence[str]], report: ImportReport, *, not_read: Sequence[str] = ()
) -> Columns:
    """Find each field under one of its headings; two columns for one field are refused, the others are noted."""
    known = {heading_key(name): field for field, names in fields.items() for name in names}
    ignored = {heading_key(name) for name in (*not_read, ERROR)}
    positions: dict[str, int] = {}
    headings: dict[str, str] = {}
    others: list[str] = []
    for position, heading in enumerate(table.headings):
        field = known.get(heading_key(heading))
        if field is None:
            if heading and heading_key(heading) not in ignored:
                others.append(heading)
        elif field in positions:
            raise Invalid(f"The columns {headings[field]} and {heading} have the same meaning; remove one of them")
        else:
            positions[field], headings[field] = position, heading
    if others:
        report.notes.append(f"Columns that are ignored: {', '.join(others)}")
    return Columns(positions, headings)


def is_online_retail(table: Table) -> bool:
    """Return whether a file has the columns of "Online Retail"."""
    return {heading_key(each) for each in table.headings}.issuperset(map(heading_key, ONLINE_RETAIL))
