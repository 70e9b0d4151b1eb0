"""Which rows of a file are of one product: read twice, so that only rows wait whose product has further ones below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.names import name_key

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from stockwright.imports.columns import Columns
    from stockwright.imports.profile import Profile
    from stockwright.imports.reader import Row, Table


class Group(Struct, frozen=True):
    """The rows of one product, in the order of the file; `key` is what they have in common."""

    key: str
    rows: list[Row]


class Grouping:
    """The products of a file: rows without a name in common are products of their own."""

    def __init__(self, table: Table, profile: Profile, columns: Columns) -> None:
        self._table, self._profile, self._columns = table, profile, columns
        self._aliases: dict[str, str] = {}
        """Another name of a product → its first; where rows name their parents."""
        self._last: dict[str, int] = {}
        self._several = profile.rows_are_variants or "parent" in columns
        """Whether a product may have several rows."""
        self._before = ""

    def prepare(self) -> Generator[None, None, None]:
        """Find out where each product ends, if it may have several rows; yields behind each step."""
        if not self._several:
            return
        if "parent" in self._columns and len(self._profile.names) > 1:
            for rows in self._table.rows.in_steps():
                for row in rows:
                    self._note_names(row)
                yield
        self._before = ""
        for rows in self._table.rows.in_steps():
            for row in rows:
                self._last[self._key(row)] = row.number
            yield

    def __iter__(self) -> Iterator[Group]:
        """Return each product when its last row has been read."""
        waiting: dict[str, list[Row]] = {}
        self._before = ""
        for row in self._table.rows:
            key = self._key(row)
            if not self._several:
                yield Group(key, [row])
                continue
            rows = waiting.setdefault(key, [])
            rows.append(row)
            if self._last[key] == row.number:
                yield Group(key, waiting.pop(key))

    def _note_names(self, row: Row) -> None:
        if row.fault or self._columns.text(row, "parent"):
            return
        names = self._names(row)
        for name in names[1:]:
            self._aliases.setdefault(name, names[0])

    def _names(self, row: Row) -> list[str]:
        """Return the names by which the rows of a product, or its variants, may know it."""
        found = []
        for field in self._profile.names:
            text = name_key(self._columns.text(row, field))
            if text:
                found.append(f"id:{text}" if field == "id" else text)
        return found

    def _key(self, row: Row) -> str:
        if row.fault:
            # Nobody knows which product it is of: most likely that of the row above, which is not whole without it.
            return self._before if self._several and self._before else f"\n{row.number}"
        self._before = self._key_of(row)
        return self._before

    def _key_of(self, row: Row) -> str:
        parent = name_key(self._columns.text(row, "parent"))
        if parent:
            return self._aliases.get(parent, parent)
        return next(iter(self._names(row)), f"\n{row.number}")
