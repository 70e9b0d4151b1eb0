"""The tables and indexes of the file, made or completed when it is opened."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final, NamedTuple

import apsw

from stockwright.base.errors import Misconfigured
from stockwright.store.migrations import FORMAT, too_new, too_old
from stockwright.store.sqlite.codec import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.store.port import IndexName


SCHEMA: Final = """
CREATE TABLE item (
    pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
    owner_p TEXT, owner_s TEXT, list_p TEXT, list_s TEXT, due_p TEXT, due_s TEXT,
    text TEXT, ttl INTEGER,
    UNIQUE (pk, sk)
);
CREATE INDEX item_owner ON item (owner_p, owner_s) WHERE owner_p IS NOT NULL;
CREATE INDEX item_list ON item (list_p, list_s) WHERE list_p IS NOT NULL;
CREATE INDEX item_due ON item (due_p, due_s) WHERE due_p IS NOT NULL;
CREATE INDEX item_ttl ON item (ttl) WHERE ttl IS NOT NULL;
CREATE TABLE event (position INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
"""
CHANGED: Final = "CREATE TABLE IF NOT EXISTS changed (number INTEGER PRIMARY KEY, keys BLOB);"
"""The keys that each of the newest commits wrote (`others.py`); NULL: perhaps any."""
SEARCH: Final = """
CREATE INDEX IF NOT EXISTS item_text ON item (list_p, list_s, text) WHERE text IS NOT NULL;
CREATE TABLE searched (id INTEGER PRIMARY KEY, pk TEXT NOT NULL, sk TEXT NOT NULL, UNIQUE (pk, sk));
CREATE VIRTUAL TABLE searched_text USING fts5 (letters, content='', tokenize='trigram case_sensitive 1');
CREATE TRIGGER search_added AFTER INSERT ON item WHEN new.text IS NOT NULL BEGIN
    INSERT INTO searched (pk, sk) VALUES (new.pk, new.sk);
    INSERT INTO searched_text (rowid, letters) VALUES (last_insert_rowid(), new.text);
END;
CREATE TRIGGER search_removed AFTER DELETE ON item WHEN old.text IS NOT NULL BEGIN
    INSERT INTO searched_text (searched_text, rowid, letters)
        SELECT 'delete', id, old.text FROM searched WHERE pk=old.pk AND sk=old.sk;
    DELETE FROM searched WHERE pk=old.pk AND sk=old.sk;
END;
CREATE TRIGGER search_changed AFTER UPDATE OF text ON item WHEN new.text IS NOT old.text BEGIN
    INSERT INTO searched_text (searched_text, rowid, letters)
        SELECT 'delete', id, old.text FROM searched WHERE pk=old.pk AND sk=old.sk;
    DELETE FROM searched WHERE pk=old.pk AND sk=old.sk;
    INSERT INTO searched (pk, sk) SELECT new.pk, new.sk WHERE new.text IS NOT NULL;
    INSERT INTO searched_text (rowid, letters) SELECT last_insert_rowid(), new.text WHERE new.text IS NOT NULL;
END;
INSERT INTO searched (pk, sk) SELECT pk, sk FROM item WHERE text IS NOT NULL;
INSERT INTO searched_text (rowid, letters) SELECT id, text FROM searched JOIN item USING (pk, sk);
"""
"""What is searched, by every three letters in a row."""
FILTERED: Final = (
    ("PRODUCT", "category", ""),
    ("PRODUCT", "type", ""),
    ("PRODUCT", "brand", ""),
    ("PRODUCT", "status", ""),
    ("MOVEMENT", "type", "SALE"),
    ("MOVEMENT", "location", "default"),
    ("NOTIFICATION", "channel", "email"),
    ("ACCOUNT", "role", ""),
)
"""The lists and fields whose filter an index answers exactly; of several in one query the first of these.

What most items have is not in the index: a walk along the list soon meets it, and each of them is cheaper to write.
"""
ROWS: Final = """
SELECT pk, sk, version, body, owner_p, owner_s, list_p, list_s, due_p, due_s, text, ttl
FROM item WHERE (pk, sk) > (?, ?) ORDER BY pk, sk LIMIT ?
"""
"""All items, a page at a time, with all that is stored of them (`row_of`)."""
UPSERT: Final = """
INSERT INTO item (pk, sk, version, body, owner_p, owner_s, list_p, list_s, due_p, due_s, text, ttl)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (pk, sk) DO UPDATE SET version=excluded.version, body=excluded.body,
    owner_p=excluded.owner_p, owner_s=excluded.owner_s, list_p=excluded.list_p, list_s=excluded.list_s,
    due_p=excluded.due_p, due_s=excluded.due_s, text=excluded.text, ttl=excluded.ttl
"""


class ExactIndex(NamedTuple):
    """An index that answers a filter: its name, the filter's field, and the terms of the rows that it has."""

    name: str
    field: str
    terms: str

    @classmethod
    def of(cls, partition: str, field: str, usual: str) -> ExactIndex:
        """Return the index of one of FILTERED."""
        terms = f"list_p='{partition}'" + (f" AND {value_of(field)}<>'{usual}'" if usual else "")
        return cls(f"item_{partition.lower()}_{field}", field, terms)


def exact_index(partition: str, index: IndexName | None, where: Mapping[str, str | int | bool]) -> ExactIndex | None:
    """Return the index that answers one of the filters."""
    if index != "list":
        return None
    for listed, field, usual in FILTERED:
        if listed == partition and field in where and where[field] != (usual or None):
            return ExactIndex.of(listed, field, usual)
    return None


def _prepare_filters(connection: apsw.Connection) -> None:
    """Make the indexes of FILTERED; SQLite itself keeps them in step."""
    for each in FILTERED:
        name, field, terms = ExactIndex.of(*each)
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON item ({value_of(field)}, list_s) WHERE {terms}")


def check_format(connection: apsw.Connection, path: FilePath) -> None:
    """Refuse a file of another format than this release's (Misconfigured)."""
    found = connection.pragma("user_version")
    if not found:
        raise Misconfigured(f"{path} is not a Stockwright store: it bears no data format")
    if found != FORMAT:
        raise Misconfigured((too_old if found < FORMAT else too_new)(path, found))


def prepare_schema(connection: apsw.Connection, path: FilePath) -> None:
    """Make the file, or check that it is of this release's format."""
    connection.set_busy_timeout(5000)
    version = connection.pragma("user_version")
    if version == 0 and not connection.pragma("schema_version"):
        connection.execute("PRAGMA page_size=8192; PRAGMA journal_mode=WAL")
        connection.execute(f"BEGIN IMMEDIATE; {SCHEMA} {SEARCH} {CHANGED} PRAGMA user_version={FORMAT}; COMMIT")
    else:
        check_format(connection, path)
    _prepare_filters(connection)
    # In this order: FULL makes each COMMIT wait for the fsync of the log. Read to the end: apsw runs
    # what follows a row only when it is asked for the next.
    # On macOS fsync leaves the data in the disk's own memory: fullfsync has it written out. Elsewhere it means nothing.
    connection.execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; "
        "PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON"
    ).fetchall()
    connection.set_busy_timeout(0)
