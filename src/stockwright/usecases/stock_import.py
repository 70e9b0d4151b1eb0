"""Stock from a spreadsheet: each row a product's SKU and a number, booked as a person would book it.

Columns: `sku`, `quantity`, and where wanted `location` and `reason`. `add` books what came in (or, with
a minus sign, went out), `count` what was counted (the total, never below what is reserved), `set` what
is to be available. Every row is a commit of its own, and each row of a file is booked once, so that an
import that was cut off is simply run again; what is to be booked once more needs to be told (`again`).
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from stockwright.domain.errors import Invalid, Refused
from stockwright.store.records.batch import AlreadyDone
from stockwright.store.records.products import load_product_ids
from stockwright.usecases.context import REQUEST, Once, RequestContext
from stockwright.usecases.imports import ImportReport, Skipped, told
from stockwright.usecases.inventory import ChangeStock, CountStock, change_stock, count_stock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockwright.domain.account import Actor
    from stockwright.usecases.context import App

Mode = Literal["add", "count", "set"]

COLUMNS: Final = ("sku", "quantity")
AT_ONCE: Final = 256
BYTES_MAX: Final = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StockRow:
    """One row of the file; the header is row 1."""

    number: int
    sku: str
    quantity: int
    location: str | None
    reason: str


async def import_stock(
    app: App,
    actor: Actor,
    file: Path,
    mode: Mode,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    again: bool = False,
) -> ImportReport:
    """Book every row; one that cannot be booked is left out with its reason.

    A row that was booked before from a file of these very contents is left as it is, unless `again`.
    """
    rows, skipped, name = read_stock(file)
    if again:
        name = app.ids.new("imp")
    report = ImportReport(rows=len(rows) + len(skipped), skipped=skipped)
    ids = await load_product_ids(app.store, {row.sku for row in rows})
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        # Rows of one product keep their order: a count after a delivery is not a delivery after a count.
        by_sku: dict[str, list[StockRow]] = {}
        for row in part:
            by_sku.setdefault(row.sku.casefold(), []).append(row)
        await asyncio.gather(*[_book_all(app, actor, mode, name, same, ids, report) for same in by_sku.values()])
        progress(start + len(part), len(rows))
    report.skipped.sort(key=lambda each: each.row)
    return report


def read_stock(file: Path) -> tuple[list[StockRow], list[Skipped], str]:
    """Read the file, and name it by its contents; a missing column is Invalid."""
    try:
        if file.stat().st_size > BYTES_MAX:
            raise Invalid(f"{file} is larger than {BYTES_MAX // 1024 // 1024} MiB; split it")
        text = file.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(text.splitlines())
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
        if missing:
            raise Invalid(f"{file} has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
        rows: list[StockRow] = []
        skipped: list[Skipped] = []
        for number, record in enumerate(reader, 2):
            sku = (record["sku"] or "").strip()
            try:
                quantity = int((record["quantity"] or "").strip())
            except ValueError:
                skipped.append(Skipped(number, "", sku, "quantity is not a whole number"))
                continue
            location, reason = (record.get("location") or "").strip(), (record.get("reason") or "").strip()
            rows.append(StockRow(number, sku, quantity, location or None, reason))
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise Invalid(f"cannot read {file}: {fault}") from fault
    return rows, skipped, hashlib.sha256(text.encode()).hexdigest()[:32]


async def _book_all(
    app: App, actor: Actor, mode: Mode, name: str, rows: list[StockRow], ids: dict[str, str], report: ImportReport
) -> None:
    for row in rows:
        if row.sku not in ids:
            report.skipped.append(Skipped(row.number, "", row.sku, "no such product"))
            continue
        try:
            booked = await _book(app, actor, mode, f"import#{name}#{mode}#{row.number}", row, ids[row.sku])
        except Refused as refused:
            report.skipped.append(Skipped(row.number, "", row.sku, told(refused)))
        else:
            report.created += booked
            report.unchanged += not booked


async def _book(app: App, actor: Actor, mode: Mode, key: str, row: StockRow, product_id: str) -> bool:
    """Book one row under a key of its own; False where it changes nothing, or an earlier run did it."""
    token = REQUEST.set(RequestContext(once=Once(key, mode, lambda _: {}, keep=True)))
    reason = row.reason or "Imported"
    try:
        if mode == "add":
            kind: Literal["RESTOCK", "ADJUSTMENT"] = "RESTOCK" if row.quantity > 0 else "ADJUSTMENT"
            await change_stock(app, actor, ChangeStock(product_id, row.quantity, kind, "", reason, row.location))
            return True
        of: Literal["total", "available"] = "available" if mode == "set" else "total"
        changed = await count_stock(app, actor, CountStock(product_id, row.quantity, reason, row.location, of=of))
    except AlreadyDone:
        return False
    finally:
        REQUEST.reset(token)
    return bool(changed.movements)
