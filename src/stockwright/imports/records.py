"""Access patterns of imports: the import, its rows in pieces, and what was found in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stockwright.base.errors import NotFound
from stockwright.base.record import Record
from stockwright.imports.model import Import, ImportFindings, ImportRows, kept_days
from stockwright.store.find import find
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.imports.model import Row
    from stockwright.store.batch import Batch
    from stockwright.store.port import IndexName, Key, Store


class FileShape(Record, frozen=True):
    """What somebody said that the columns of files with these headings are."""

    KIND = "IMPORTSHAPE"
    mapping: Mapping[str, str]


def shape_item_key(shape: str) -> Key:
    """The item of a shape of file, by `shape_key`."""
    return (f"IMPORTSHAPE#{shape}", FileShape.KIND)


async def find_shape(store: Store, shape: str) -> FileShape | None:
    """Find what somebody said of files of a shape."""
    return await find(store, shape_item_key(shape), FileShape)


def put_shape(batch: Batch, shape: str, mapping: Mapping[str, str], before: FileShape | None) -> None:
    """Write what somebody says of files of a shape."""
    batch.put(shape_item_key(shape), FileShape(mapping=mapping), ABSENT if before is None else before.version)


def import_key(import_id: str) -> Key:
    """The item of an import."""
    return (f"IMPORT#{import_id}", "IMPORT")


def rows_key(import_id: str, piece: int) -> Key:
    """The item of one of its pieces, counted from 0."""
    return (f"IMPORT#{import_id}", f"IMPORTROWS#{piece:06d}")


def findings_key(import_id: str, piece: int) -> Key:
    """The item of a piece of what was found, counted from 0."""
    return (f"IMPORT#{import_id}", f"IMPORTFINDINGS#{piece:06d}")


async def find_import(store: Store, import_id: str) -> Import | None:
    """Find an import, as last committed."""
    return await find(store, import_key(import_id), Import)


async def get_import(store: Store, import_id: str) -> Import:
    """Get an import or refuse."""
    found = await find_import(store, import_id)
    if found is None:
        raise NotFound("There is no such import")
    return found


async def page_of_imports(
    store: Store, *, after: str | None = None, limit: int = 20
) -> tuple[list[Import], str | None]:
    """Read the imports, newest first."""
    page = await store.query("IMPORT", index="list", after=after, limit=limit, reverse=True)
    return [item.read(Import) for item in page.items], page.next


async def due_imports(store: Store, now: int, limit: int = 20) -> list[Import]:
    """Read the imports that nobody works on, and that are not done, the longest due first."""
    page = await store.query("IMPORT", index="due", high=f"{now + 1:015d}", limit=limit)
    return [item.read(Import) for item in page.items]


def put_import(batch: Batch, importing: Import) -> None:
    """Write an import, expecting the version that it was loaded with; a dry run is in no list, and removed soon."""
    indexes: dict[IndexName, tuple[str, str]] = {} if importing.dry_run else {"list": ("IMPORT", importing.id)}
    if importing.row.is_active:
        indexes["due"] = ("IMPORT", f"{importing.due_at:015d}#{importing.id}")
    ttl = _until(importing) if importing.dry_run else None
    batch.put(import_key(importing.id), importing, importing.version, indexes, ttl=ttl)


def check_import(batch: Batch, importing: Import) -> None:
    """Hold a commit to the import as it was loaded."""
    batch.check(import_key(importing.id), importing.version)


async def load_rows(store: Store, importing: Import, piece: int) -> tuple[Row, ...]:
    """Load one piece of an import's rows; none where they are not kept any more."""
    found = await find(store, rows_key(importing.id, piece), ImportRows)
    return () if found is None else found.rows


async def versions_of(store: Store, keys: Sequence[Key]) -> dict[Key, int]:
    """Load the versions of pieces, which a check that was cut off may have written."""
    found = await store.get(keys)
    return {key: item.version if (item := found.get(key)) else ABSENT for key in keys}


def put_rows(batch: Batch, importing: Import, piece: int, rows: Sequence[Row], expect: int) -> None:
    """Write a piece of an import's rows; it is removed when it cannot be undone any more."""
    key = rows_key(importing.id, piece)
    batch.put(key, ImportRows(rows=tuple(rows)), expect, ttl=_until(importing))


def put_findings(batch: Batch, importing: Import, piece: int, findings: ImportFindings, expect: int = ABSENT) -> None:
    """Write a piece of what was found."""
    batch.put(findings_key(importing.id, piece), findings, expect, ttl=_until(importing))


async def page_of_findings(
    store: Store, import_id: str, *, after: str | None = None, limit: int = 8
) -> tuple[list[ImportFindings], str | None]:
    """Read what was found, in the order in which it was."""
    page = await store.query(f"IMPORT#{import_id}", begins="IMPORTFINDINGS#", after=after, limit=limit)
    return [item.read(ImportFindings) for item in page.items], page.next


def _until(importing: Import) -> int:
    return importing.created_at // 1000 + kept_days(importing) * 86_400
