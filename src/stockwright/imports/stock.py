"""Stock from a spreadsheet: each row a product's SKU and a number, booked as a person would book it.

`add` books what came in (or, with a minus sign, went out), `count` what was counted (the total, never
below what is reserved), `set` what is to be available. Every row is checked before the first is booked.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct, field

from stockwright.base.errors import Conflict, InsufficientStock, NotFound, Refused, StockwrightError
from stockwright.base.hashing import sha256
from stockwright.base.long_work import give_way
from stockwright.catalog.inventory import ChangeStock, CountStock, change_stock, count_stock, counted_total
from stockwright.imports.booking import (
    booked_once,
    find_booked,
    load_product_ids,
    row_keys,
    take_back_stock,
)
from stockwright.imports.profiles import Columns, find_columns
from stockwright.imports.reader import read_table
from stockwright.imports.report import BookedBefore, ImportReport, OnError, one_line
from stockwright.imports.values import WrongCell, whole_number
from stockwright.reservations.allocation import free_expired
from stockwright.stock import location_records
from stockwright.stock import records as stock_records
from stockwright.stock.allocating import counted, spread
from stockwright.stock.booking import shifts_of
from stockwright.stock.model import check_change, check_quantity, shifted
from stockwright.store.idempotency import AlreadyDone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.imports.reader import Row, Table
    from stockwright.request import Request
    from stockwright.stock.model import Movement, Stock

Mode = Literal["add", "count", "set"]

QUANTITY: Final[Mapping[Mode, Sequence[str]]] = {
    "add": ("quantity",),
    "count": ("quantity", "total"),
    "set": ("quantity", "available"),
}
"""The headings of the number to book: the second is that of our own export of the inventory."""
NOT_READ: Final = ("productId", "name", "available", "reserved", "inactive", "total", "lowStockThreshold")
"""What our export of the inventory holds besides."""
AT_ONCE: Final = 256
UNDONE: Final = "Import undone"

_SPLIT_THOUSANDS = re.compile(r"[0-9]{3}")


class StockRow(Struct, frozen=True):
    """One row that was understood whole."""

    number: int
    sku: str
    quantity: int
    location: str | None
    reason: str
    ordinal: int
    """How many rows are above it."""

    def describe(self) -> str:
        """Say what it is in one line."""
        words = (self.sku, str(self.quantity), self.location or "", self.reason)
        return ", ".join(word for word in words if word)


class _Booked(Struct):
    """A row that this import has booked."""

    row: StockRow
    key: str
    product_id: str
    movements: Sequence[Movement]


class _Import(Struct):
    """One import at work."""

    app: App
    request: Request
    mode: Mode
    id: str
    report: ImportReport
    keys: dict[int, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    booked: list[_Booked] = field(default_factory=list)


async def import_stock(
    app: App,
    request: Request,
    content: bytes,
    mode: Mode,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    on_error: OnError = "stop",
    again: bool = False,
    dry_run: bool = False,
) -> tuple[ImportReport, Table]:
    """Book every row, or with `on_error` stop none where one is refused; returns what was done, and the file as read.

    A row that was booked before is left as it is, unless `again`.
    """
    report = ImportReport("stockwright", on_error=on_error, dry_run=dry_run)
    table, rows = read_stock_rows(content, mode, report)
    work = _Import(app, request, mode, app.ids.new("imp"), report)
    work.ids = await load_product_ids(app, [row.sku for row in rows])
    # --again names the rows by the import, so that they are booked once more, and once.
    salt = [work.id] if again else []
    names = row_keys(mode, ([*salt, r.sku.casefold(), r.quantity, r.location or "", r.reason] for r in rows))
    work.keys = {row.number: key for row, key in zip(rows, names, strict=True)}
    left = rows if again else await _without_booked(work, rows, content)
    await _check(work, left)
    if not report.stops:
        await _book(work, left, progress)
    return report.finish(), table


def read_stock_rows(content: bytes, mode: Mode, report: ImportReport) -> tuple[Table, list[StockRow]]:
    """Read the file; a row that is not understood whole is refused with its reason."""
    table = read_table(content, [("sku", name) for name in QUANTITY[mode]])
    fields = {"sku": ("sku",), "quantity": QUANTITY[mode], "location": ("location",), "reason": ("reason",)}
    columns = find_columns(table, fields, report, not_read=[n for n in NOT_READ if n not in QUANTITY[mode]])
    report.rows = len(table.rows)
    rows: list[StockRow] = []
    for ordinal, row in enumerate(table.rows):
        if row.fault:
            report.refuse(row.number, row.fault)
            continue
        read = _row(row, ordinal, table, columns, report)
        if read is not None:
            rows.append(read)
    return table, rows


def _row(row: Row, ordinal: int, table: Table, columns: Columns, report: ImportReport) -> StockRow | None:
    sku, written = columns.text(row, "sku"), columns.text(row, "quantity")
    location, reason = columns.text(row, "location"), columns.text(row, "reason")
    heading = columns.headings["quantity"]
    if not sku:
        report.refuse(row.number, "is empty", columns.headings["sku"])
        return None
    if _is_split_number(table, columns, written, reason):
        report.refuse(
            row.number,
            f"may be {written},{reason} split at its thousands separator; write digits alone, such as 1000",
            heading,
            f"{written},{reason}",
        )
        return None
    try:
        return StockRow(row.number, sku, whole_number(written), location or None, reason, ordinal)
    except WrongCell as wrong:
        report.refuse(row.number, str(wrong), heading, written)
        return None


def _is_split_number(table: Table, columns: Columns, written: str, reason: str) -> bool:
    """Return whether the reason is three digits right behind the quantity: `1,000` in a file of commas."""
    return (
        table.delimiter == ","
        and "reason" in columns
        and columns.positions["reason"] == columns.positions["quantity"] + 1
        and len(written.lstrip("+-")) <= 3  # noqa: PLR2004 - digits before a thousands separator
        and bool(_SPLIT_THOUSANDS.fullmatch(reason))
    )


async def _without_booked(work: _Import, rows: Sequence[StockRow], content: bytes) -> list[StockRow]:
    """Leave out the rows that were booked before, and say which."""
    former = _former_keys(work.mode, rows, content)
    booked = await find_booked(work.app, [*work.keys.values(), *former.values()])
    left = []
    for row in rows:
        if work.keys[row.number] in booked or former.get(row.number) in booked:
            work.report.booked_before.append(BookedBefore(row.number, row.describe()))
            work.report.unchanged += 1
        else:
            left.append(row)
    return left


def _former_keys(mode: Mode, rows: Sequence[StockRow], content: bytes) -> dict[int, str]:
    """Return the keys under which version 0.1.0 booked the rows of this very file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return {}
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    name = sha256(text)[:32]
    return {row.number: f"import#{name}#{mode}#{row.ordinal + 2}" for row in rows}


async def _check(work: _Import, rows: Sequence[StockRow]) -> None:
    """Refuse what could not be booked as the stock is now; the rows of one product in their order."""
    app, report = work.app, work.report
    await free_expired(app, work.request)
    locations = {each.id: each.active for each in await location_records.list_locations(app.store)}
    products = list(dict.fromkeys(work.ids.values()))
    stocks: dict[str, Stock] = {}
    for start in range(0, len(products), AT_ONCE):
        stocks |= await stock_records.load_stocks(app.store, products[start : start + AT_ONCE])
        await give_way()
    for row in rows:
        product_id = work.ids.get(row.sku, "")
        try:
            if product_id not in stocks:
                raise NotFound("no product has this SKU")
            if row.location is not None and row.location not in locations:
                raise NotFound(f"there is no location {row.location!r}")
            if work.mode == "set" and row.location is not None and not locations[row.location]:
                raise Conflict(
                    f"nothing is available at {row.location}, which is inactive; import it with --mode count"
                )
            stocks[product_id] = _after(stocks[product_id], row, work.mode)
        except Refused as refused:
            _refuse(report, row, refused)


def _after(stock: Stock, row: StockRow, mode: Mode) -> Stock:
    """Return the stock as it will be once the row is booked, or refuse the row."""
    if mode == "add":
        check_quantity(abs(row.quantity))
        changes = {row.location: row.quantity} if row.location is not None else spread(stock, row.quantity)
    else:
        check_quantity(row.quantity, least=0)
        total = counted_total(stock, _count(stock.product_id, row, mode))
        changes = counted(stock, total, row.location)
    for location, units in changes.items():
        check_change(stock, location, units)
    return shifted(stock, shifts_of(changes))


def _count(product_id: str, row: StockRow, mode: Mode) -> CountStock:
    of: Literal["total", "available"] = "available" if mode == "set" else "total"
    return CountStock(product_id, row.quantity, row.reason or "Imported", row.location, of=of)


def _refuse(report: ImportReport, row: StockRow, refused: StockwrightError) -> None:
    message = one_line(refused)
    if isinstance(refused, InsufficientStock):
        message = f"{message} ({refused.details['available']} available)"
    report.refuse(row.number, message, "", row.describe(), refused.code)


async def _book(work: _Import, rows: Sequence[StockRow], progress: Callable[[int, int], None]) -> None:
    """Book the rows that were not refused; where one is after all, `stop` takes the others back."""
    refused = {error.row for error in work.report.errors}
    good = [row for row in rows if row.number not in refused]
    for start in range(0, len(good), AT_ONCE):
        part = good[start : start + AT_ONCE]
        # Rows of one product keep their order: a count after a delivery is not a delivery after a count.
        by_product: dict[str, list[StockRow]] = {}
        for row in part:
            by_product.setdefault(work.ids[row.sku], []).append(row)
        await asyncio.gather(*[_book_all(work, *each) for each in by_product.items()])
        progress(start + len(part), len(good))
        if work.report.stops:
            await _undo(work)
            return


async def _book_all(work: _Import, product_id: str, rows: Sequence[StockRow]) -> None:
    for row in rows:
        try:
            movements = await _book_row(work, row, product_id)
        except AlreadyDone:
            work.report.unchanged += 1
        except Refused as refused:
            _refuse(work.report, row, refused)
            if work.report.on_error == "stop":
                return
        else:
            work.booked.append(_Booked(row, work.keys[row.number], product_id, movements))
            work.report.created += bool(movements)
            work.report.unchanged += not movements


async def _book_row(work: _Import, row: StockRow, product_id: str) -> Sequence[Movement]:
    """Book one row; no movements where it changes nothing."""
    app, reason = work.app, row.reason or "Imported"
    request = booked_once(work.request, work.keys[row.number], work.id, {"importId": work.id})
    if work.mode == "add":
        kind: Literal["RESTOCK", "ADJUSTMENT"] = "RESTOCK" if row.quantity > 0 else "ADJUSTMENT"
        command = ChangeStock(product_id, row.quantity, kind, "", reason, row.location)
        return (await change_stock(app, request, command)).movements
    return (await count_stock(app, request, _count(product_id, row, work.mode))).movements


async def _undo(work: _Import) -> None:
    """Take back what this import has booked, the last row first; say what could not be taken back."""
    for booked in reversed(work.booked):
        try:
            await take_back_stock(work.app, work.request, booked.key, booked.product_id, booked.movements, UNDONE)
        except Refused as refused:
            work.report.refuse(
                booked.row.number, f"is booked and could not be undone: {one_line(refused)}", "", booked.row.describe()
            )
        else:
            work.report.undone += 1
            work.report.created -= bool(booked.movements)
            work.report.unchanged -= not booked.movements
