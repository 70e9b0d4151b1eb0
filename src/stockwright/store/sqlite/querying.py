"""How a query is asked of the file: which rows of a partition, by which index, and how many are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockwright.store.port import EXAMINED_MAX
from stockwright.store.sqlite.codec import filter_on
from stockwright.store.sqlite.schema import exact_index

if TYPE_CHECKING:
    import apsw

    from stockwright.store.port import Query
    from stockwright.store.sqlite.letters import Letters


def read_rows(connection: apsw.Connection, letters: Letters, query: Query) -> tuple[list[Any], str | None]:
    """Read (pk, sk, version, body, sort) in order, and where to go on; filters are judged row by row in the database.

    At most one row more than `limit` is returned.
    """
    p, s = (f"{query.index}_p", f"{query.index}_s") if query.index else ("pk", "sk")
    where, contains = query.where or {}, query.contains
    terms, values = _bounds(p, s, query)
    filters: list[tuple[str, Any]] = [(filter_on(name), value) for name, value in where.items()]
    source, text = "item", "item.text"
    exact = exact_index(query.partition, query.index, where)
    if exact is not None:
        # The index's own terms are part of the statement: SQLite must see that the partial index covers it.
        field = exact.field
        source = f"item INDEXED BY {exact.name}"
        terms[0:1], values[0:1] = [exact.terms, filter_on(field)], [where[field]]
        filters.remove((filter_on(field), where[field]))
    order = f"ORDER BY {s} {'DESC' if query.reverse else 'ASC'}"
    if contains:
        matches = letters.rare(contains)
        if matches is not None:
            filters += [("instr(text, ?)>0", each) for each in contains]
            source = "searched_text CROSS JOIN searched ON id=searched_text.rowid CROSS JOIN item USING (pk, sk)"
            sql = (
                f"SELECT pk, sk, version, body, {s} FROM {source} WHERE searched_text MATCH ? "  # noqa: S608
                f"AND {' AND '.join([*terms, *(term for term, _ in filters)])} {order} LIMIT ?"
            )
            given = (matches, *values, *(value for _, value in filters), query.limit + 1)
            return _page(connection.execute(sql, given).fetchall(), query, None)
        if exact is None and query.index == "list":
            source, text = "item INDEXED BY item_text", "seen.text"
            terms.append("text IS NOT NULL")
        filters += [(f"{text} IS NOT NULL AND instr({text}, ?)>0", each) for each in contains]
    if not filters:
        sql = f"SELECT pk, sk, version, body, {s} FROM {source} WHERE {' AND '.join(terms)} {order} LIMIT ?"  # noqa: S608
        return _page(connection.execute(sql, (*values, query.limit + 1)).fetchall(), query, None)
    # The index is read until enough was found, or EXAMINED_MAX were looked at.
    seen = f"SELECT rowid AS place, {s} AS sort{', text' if text == 'seen.text' else ''} FROM {source}"  # noqa: S608
    sql = (
        f"SELECT pk, sk, version, body, seen.sort FROM ({seen} WHERE {' AND '.join(terms)} {order} LIMIT ?) AS seen "  # noqa: S608
        f"CROSS JOIN item ON item.rowid=seen.place WHERE {' AND '.join(term for term, _ in filters)} LIMIT ?"
    )
    given = (*values, EXAMINED_MAX, *(value for _, value in filters), query.limit + 1)
    rows: list[Any] = connection.execute(sql, given).fetchall()
    if len(rows) > query.limit:
        return _page(rows, query, None)
    ends: list[Any] = connection.execute(
        f"SELECT {s} FROM {source} WHERE {' AND '.join(terms)} {order} LIMIT 2 OFFSET ?",  # noqa: S608
        (*values, EXAMINED_MAX - 1),
    ).fetchall()
    return _page(rows, query, ends[0][0] if len(ends) > 1 else None)


def _page(rows: list[Any], query: Query, bound: str | None) -> tuple[list[Any], str | None]:
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
