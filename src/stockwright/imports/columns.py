"""Which columns a file has: a field is found under one of its headings, and what is not read is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stockwright.base.errors import Invalid
from stockwright.imports.failed import HEADING as ERROR
from stockwright.imports.reader import heading_key

OTHERS_SHOWN_MAX: Final = 20

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.reader import Row, Table
    from stockwright.imports.report import ImportReport


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
    """Find each field under one of its headings; two columns for one field are refused, the others are noted.

    A heading with `*` at its end is each that begins so; of several such columns the others are the fields `name#2`, …
    """
    known = {heading_key(name): field for field, names in fields.items() for name in names}
    ignored = [heading_key(name) for name in (*not_read, ERROR)]
    positions: dict[str, int] = {}
    headings: dict[str, str] = {}
    others: list[str] = []
    for position, heading in enumerate(table.headings):
        key = heading_key(heading)
        field, is_one_of_many = _find(key, known)
        if field is None:
            if heading and not any(_fits(key, each) for each in ignored):
                others.append(heading)
            continue
        if field in positions:
            if not is_one_of_many:
                raise Invalid(f"The columns {headings[field]} and {heading} have the same meaning; remove one of them")
            field = f"{field}#{1 + sum(name.partition('#')[0] == field for name in positions)}"
        positions[field], headings[field] = position, heading
    if others:
        report.notes.append(
            f"Columns that are ignored: {', '.join(others[:OTHERS_SHOWN_MAX])}"
            + (f" and {len(others) - OTHERS_SHOWN_MAX} more" if len(others) > OTHERS_SHOWN_MAX else "")
        )
    return Columns(positions, headings)


def _find(key: str, known: Mapping[str, str]) -> tuple[str | None, bool]:
    """Return the field of a heading, and whether further columns may be of it."""
    if key in known:
        return known[key], False
    many = (field for pattern, field in known.items() if pattern.endswith("*") and _fits(key, pattern))
    return next(many, None), True


def _fits(key: str, pattern: str) -> bool:
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern
