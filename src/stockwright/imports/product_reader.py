"""Rows of products read strictly: each cell that says something becomes a value, or is refused with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from stockwright.imports.fields import FIELDS, OPTIONS_READ
from stockwright.imports.foreign import html
from stockwright.imports.profile import Reading
from stockwright.imports.values import WrongCell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.imports.columns import Columns
    from stockwright.imports.profile import CellReader, Profile
    from stockwright.imports.reader import Row
    from stockwright.imports.report import ImportReport


class ReadCells(Struct):
    """What a row says: field → value, "" or {} where a cell says that there is none."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    parent: str = ""

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default where the row does not say it."""
        return self.values.get(name, default)

    def options(self) -> dict[str, str]:
        """Return the options of the row, where it has their names and values in columns of their own."""
        pairs = ((self.get(f"option{n}Name", ""), self.get(f"option{n}Value", "")) for n in range(1, OPTIONS_READ + 1))
        return {name: value for name, value in pairs if value}


class CellReaders:
    """Reads the rows of one file."""

    def __init__(self, profile: Profile, columns: Columns, reading: Reading, report: ImportReport) -> None:
        self._profile, self._columns, self._reading, self._report = profile, columns, reading, report
        own = FIELDS[profile.kind]
        # The currency first: prices are read in it.
        names = sorted(columns.positions, key=lambda name: name != "currency")
        self._readers: Mapping[str, CellReader] = {
            name: profile.readers.get(name.partition("#")[0]) or _own_reader(own, name) for name in names
        }

    def read(self, row: Row) -> ReadCells | None:
        """Read a row; None where a cell of it, or the row, was refused."""
        if row.fault:
            self._report.refuse(row.number, row.fault)
            return None
        parent = self._columns.text(row, "parent")
        cells, wrong = ReadCells(row.number, parent=parent), False
        cleared = self._profile.cleared_of_variants if parent else self._profile.cleared
        for name, reader in self._readers.items():
            text = self._columns.text(row, name)
            if not text:
                if name in cleared:
                    cells.values[name] = None
                continue
            try:
                cells.values[name] = reader(text, self._reading_of(cells))
            except WrongCell as why:
                wrong = True
                self.refuse(row, name, str(why))
        for name in ("price", "cost"):
            both = [cells.get(name), cells.get(f"{name}Decimal")]
            if None not in both and both[0] != both[1] and not wrong:
                wrong = True
                heading = self._columns.headings[name]
                message = f"contradicts {heading}; change both, or remove one of the columns"
                self.refuse(row, f"{name}Decimal", message)
        return None if wrong else cells

    def _reading_of(self, cells: ReadCells) -> Reading:
        return Reading(cells.get("currency", self._reading.currency), self._reading.delimiter)

    def refuse(self, row: Row, name: str, why: str) -> None:
        """Refuse a cell."""
        self._report.refuse(row.number, why, self._columns.headings[name], self._columns.text(row, name))


def _own_reader(own: Mapping[str, Any], name: str) -> CellReader:
    name = name.partition("#")[0]
    reader: CellReader = own[name].read if name in own else html
    return reader
