"""How a query is asked of the file: which rows of a partition, by which index, and how many are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stockwright.store.port import EXAMINED_MAX
from stockwright.store.sqlite.codec import filter_on
from stockwright.store.sqlite.schema import exact_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from stockwright.store.port import Query


LETTERS_MIN: Final = 3
RARE_MAX: Final = 2000


def read_rows(connection: apsw.Connection, query: Query) -> tuple[list[Any], str | None]:
    """Read (pk, sk, version, body, sort) in order, and where to go on; filters are judged row by row in the database.

    At most one row more than `limit` is returned.
    """
    p, s = (f"{query.index}_p", f"{query.index}_s") if query.index else ("pk", "sk")
    where, contains = query.where or {}, query.contains
    terms, values = _bounds(p, s, query)
    filters: list[tuple[str, Any]] = [(filter_on(name), value) for name, value in where.items()]
    source = "item"
    exact = exact_index(query.partition, query.index, where)
    if exact is not None:
        # The partition is part of the statement: SQLite must see that the partial index covers it.
        name, field = exact
        source = f"item INDEXED BY {name}"
        terms[0:1], values[0:1] = [f"{p}='{query.partition}'", filter_on(field)], [where[field]]
        filters.remove((filter_on(field), where[field]))
    if contains:
        filters += [("text IS NOT NULL AND instr(text, ?)>0", text) for text in contains]
        if (letters := _rare_letters(connection, contains)) is not None:
            source = "searched_text CROSS JOIN searched ON id=searched_text.rowid CROSS JOIN item USING (pk, sk)"
            terms = [*terms, "searched_text MATCH ?", *(term for term, _ in filters)]
            values = [*values, letters, *(value for _, value in filters)]
            filters = []
        elif exact is None and query.index == "list":
            source = "item INDEXED BY item_text"
            terms.append("text IS NOT NULL")
    order = "DESC" if query.reverse else "ASC"
    bound: str | None = None
    if filters:
        # Only the index is read to find where this call ends.
        ends: list[Any] = connection.execute(
            f"SELECT {s} FROM {source} WHERE {' AND '.join(terms)} ORDER BY {s} {order} LIMIT 2 OFFSET ?",  # noqa: S608
            (*values, EXAMINED_MAX - 1),
        ).fetchall()
        if len(ends) > 1:
            bound = ends[0][0]
            terms, values = [*terms, f"{s}{'>=' if query.reverse else '<='}?"], [*values, bound]
    sql = (
        f"SELECT pk, sk, version, body, {s} FROM {source} "  # noqa: S608
        f"WHERE {' AND '.join([*terms, *(term for term, _ in filters)])} ORDER BY {s} {order} LIMIT ?"
    )
    rows: list[Any] = connection.execute(sql, (*values, *(value for _, value in filters), query.limit + 1)).fetchall()
    return rows, rows[query.limit - 1][4] if len(rows) > query.limit else bound


def _bounds(p: str, s: str, query: Query) -> tuple[list[str], list[Any]]:
    """Write which rows of a partition are asked for; the first term is the partition."""
    terms: list[str] = [f"{p}=?"]
    values: list[Any] = [query.partition]
    low, high = query.low, query.high
    if query.begins:
        low, high = max(low, query.begins), _least(high, query.begins + "\U0010ffff")
    if low:
        terms.append(f"{s}>=?")
        values.append(low)
    if high:
        terms.append(f"{s}<?")
        values.append(high)
    if query.after is not None:
        terms.append(f"{s}<?" if query.reverse else f"{s}>?")
        values.append(query.after)
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
