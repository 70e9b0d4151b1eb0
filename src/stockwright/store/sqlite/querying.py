"""How a query is asked of the file: which rows of a partition, by which index, and how many are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stockwright.store.port import EXAMINED_MAX
from stockwright.store.sqlite.codec import filter_on
from stockwright.store.sqlite.schema import exact_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import apsw

    from stockwright.store.port import IndexName


LETTERS_MIN: Final = 3
RARE_MAX: Final = 2000


class Asked(Struct, frozen=True):
    """What is asked of one partition (of an index), as the store port's `query` has it."""

    partition: str
    index: IndexName | None
    begins: str
    low: str
    high: str
    after: str | None
    limit: int
    reverse: bool
    where: Mapping[str, str | int | bool] | None
    contains: Sequence[str]

    @property
    def is_whole(self) -> bool:
        """Whether the partition is asked for from its beginning, without any condition."""
        return not (
            self.index
            or self.begins
            or self.low
            or self.high
            or self.after
            or self.reverse
            or self.where
            or self.contains
        )


def read_rows(connection: apsw.Connection, asked: Asked) -> tuple[list[Any], str | None]:
    """Read (pk, sk, version, body, sort) in order, and where to go on; filters are judged row by row in the database.

    At most one row more than `limit` is returned.
    """
    p, s = (f"{asked.index}_p", f"{asked.index}_s") if asked.index else ("pk", "sk")
    where, contains = asked.where or {}, asked.contains
    terms, values = _bounds(p, s, asked)
    filters: list[tuple[str, Any]] = [(filter_on(name), value) for name, value in where.items()]
    source = "item"
    exact = exact_index(asked.partition, asked.index, where)
    if exact is not None:
        # The partition stands in the statement: SQLite must see that the partial index covers it.
        name, field = exact
        source = f"item INDEXED BY {name}"
        terms[0:1], values[0:1] = [f"{p}='{asked.partition}'", filter_on(field)], [where[field]]
        filters.remove((filter_on(field), where[field]))
    if contains:
        filters += [("text IS NOT NULL AND instr(text, ?)>0", text) for text in contains]
        if (letters := _rare_letters(connection, contains)) is not None:
            source = "searched_text CROSS JOIN searched ON id=searched_text.rowid CROSS JOIN item USING (pk, sk)"
            terms = [*terms, "searched_text MATCH ?", *(term for term, _ in filters)]
            values = [*values, letters, *(value for _, value in filters)]
            filters = []
        elif exact is None and asked.index == "list":
            source = "item INDEXED BY item_text"
            terms.append("text IS NOT NULL")
    order = "DESC" if asked.reverse else "ASC"
    bound: str | None = None
    if filters:
        # Only the index is read to find where this call ends.
        ends: list[Any] = connection.execute(
            f"SELECT {s} FROM {source} WHERE {' AND '.join(terms)} ORDER BY {s} {order} LIMIT 2 OFFSET ?",  # noqa: S608
            (*values, EXAMINED_MAX - 1),
        ).fetchall()
        if len(ends) > 1:
            bound = ends[0][0]
            terms, values = [*terms, f"{s}{'>=' if asked.reverse else '<='}?"], [*values, bound]
    sql = (
        f"SELECT pk, sk, version, body, {s} FROM {source} "  # noqa: S608
        f"WHERE {' AND '.join([*terms, *(term for term, _ in filters)])} ORDER BY {s} {order} LIMIT ?"
    )
    rows: list[Any] = connection.execute(sql, (*values, *(value for _, value in filters), asked.limit + 1)).fetchall()
    return rows, rows[asked.limit - 1][4] if len(rows) > asked.limit else bound


def _bounds(p: str, s: str, asked: Asked) -> tuple[list[str], list[Any]]:
    """Write which rows of a partition are asked for; the first term is the partition."""
    terms: list[str] = [f"{p}=?"]
    values: list[Any] = [asked.partition]
    low, high = asked.low, asked.high
    if asked.begins:
        low, high = max(low, asked.begins), _least(high, asked.begins + "\U0010ffff")
    if low:
        terms.append(f"{s}>=?")
        values.append(low)
    if high:
        terms.append(f"{s}<?")
        values.append(high)
    if asked.after is not None:
        terms.append(f"{s}<?" if asked.reverse else f"{s}>?")
        values.append(asked.after)
    return terms, values


def _least(high: str, other: str) -> str:
    return min(high, other) if high else other


def _rare_letters(connection: apsw.Connection, texts: Sequence[str]) -> str | None:
    """Return how to look for texts by their letters, where few items have them; what is common is soon met."""
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts if len(text) >= LETTERS_MIN and "\x00" not in text]
    if not quoted:
        return None
    letters = " AND ".join(quoted)
    found = "SELECT count(*) FROM (SELECT 1 FROM searched_text WHERE searched_text MATCH ? LIMIT ?)"
    return letters if connection.execute(found, (letters, RARE_MAX)).get < RARE_MAX else None
