"""Stock from a spreadsheet: each row a product's SKU and a number, booked as a person would book it.

`add` books what came in (or, with a minus sign, went out), `count` what was counted (the total, never
below what is reserved), `set` what is to be available. Every row is checked before the first is booked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, InsufficientStock, NotFound, Refused, StockwrightError
from stockwright.base.long_work import give_way, in_steps
from stockwright.base.names import name_key
from stockwright.catalog.inventory import (
    ChangeStock,
    CountStock,
    StockChange,
    change_stock,
    count_stock,
    counted_total,
)
from stockwright.imports.booking import RowKeys, booked_once, find_booked, former_key, load_variant_ids
from stockwright.imports.columns import Columns, find_columns
from stockwright.imports.model import BookedBefore, Mode, StockRow
from stockwright.imports.report import ImportReport, one_line
from stockwright.imports.values import WrongCell, whole_number
from stockwright.reservations.allocation import free_expired
from stockwright.stock import location_records
from stockwright.stock import records as stock_records
from stockwright.stock.allocating import counted, spread
from stockwright.stock.booking import shifts_of
from stockwright.stock.model import check_change, check_quantity, shifted
from stockwright.store.idempotency import AlreadyDone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping, Sequence

    from stockwright.imports.reader import Row, Table
    from stockwright.imports.reading import ReadFile
    from stockwright.imports.work import Job
    from stockwright.stock.model import Stock

NOT_STOCKED: Final = "not stocked"
"""What Shopify writes where a location does not have an article: the row says nothing."""

_SPLIT_THOUSANDS = re.compile(r"[0-9]{3}")


class ReadRow(Struct, frozen=True):
    """A row as the file has it."""

    number: int
    sku: str
    quantity: int
    location: str | None
    reason: str


class _Check(Struct):
    """What is known while the rows of a file are looked at, one after the other."""

    job: Job
    table: Table
    columns: Columns
    report: ImportReport
    keys: RowKeys
    content: str
    """The hash of the file, by which the first version named its rows."""
    last: Mapping[str, int] = field(default_factory=dict)
    """SKU as the file writes it → its last row: what is known of its stock is forgotten behind that."""
    locations: Mapping[str, bool] = field(default_factory=dict)
    """Id → whether it is active."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Name of a location as it is compared → its id."""
    ids: dict[str, str | None] = field(default_factory=dict)
    """SKU as the file writes it → variant id."""
    stocks: dict[str, Stock] = field(default_factory=dict)
    """As they will be once the rows so far are booked."""
    planned: list[StockRow] = field(default_factory=list)

    @property
    def mode(self) -> Mode:
        return self.job.importing.mode


async def check_stock(job: Job, file: ReadFile, report: ImportReport) -> AsyncIterator[list[StockRow]]:
    """Look at every row, and yield those that are to be booked; the others are refused, or were booked before."""
    app, importing, table = job.app, job.importing, file.table
    columns = find_columns(table, file.profile.fields, report, not_read=file.profile.not_read)
    keys = RowKeys(importing.mode, [importing.id] if importing.again else [])
    check = _Check(job, table, columns, report, keys, file.content)
    await free_expired(app, job.request)
    locations = await location_records.list_locations(app.store)
    check.locations = {each.id: each.active for each in locations}
    check.names = {name_key(each.name): each.id for each in reversed(locations)}
    check.last = await in_steps(_last_rows(table, columns))
    report.rows = len(table.rows)
    ordinal = 0
    for rows in table.rows.in_steps():
        await _check_some(check, ordinal, rows)
        ordinal += len(rows)
        yield check.planned
        check.planned = []
        await job.renew()
        await give_way()


def _last_rows(table: Table, columns: Columns) -> Generator[None, None, dict[str, int]]:
    last: dict[str, int] = {}
    for rows in table.rows.in_steps():
        last |= {columns.text(row, "sku").removeprefix("'"): row.number for row in rows if not row.fault}
        yield
    return last


async def _check_some(check: _Check, start: int, rows: Sequence[Row]) -> None:
    app = check.job.app
    read = [
        (ordinal, each)
        for ordinal, row in enumerate(rows, start)
        if (each := read_row(row, check.table, check.columns, check.report)) is not None
    ]
    new = [each.sku for _, each in read if each.sku not in check.ids]
    found = await load_variant_ids(app, new)
    check.ids |= {sku: found.get(sku) for sku in new}
    wanted = [variant_id for _, each in read if (variant_id := check.ids[each.sku]) and variant_id not in check.stocks]
    check.stocks |= await stock_records.load_stocks(app.store, wanted)
    named = [(each, check.keys.key_of(_content_of(each)), former_key(check.content, check.mode, ordinal))
             for ordinal, each in read]  # fmt: skip
    booked = {} if check.job.importing.again else await find_booked(app, [key for _, *both in named for key in both])
    for each, key, former in named:
        row = StockRow(each.number, key, check.ids[each.sku] or "", each.sku, each.quantity, each.location, each.reason)
        if key in booked or former in booked:
            check.report.booked_before.append(BookedBefore(row.number, row.describe()))
            check.report.unchanged += 1
        else:
            _plan(check, row)
    for _, each in read:
        if check.last.get(each.sku) == each.number:
            check.stocks.pop(check.ids.pop(each.sku, None) or "", None)


def _content_of(row: ReadRow) -> list[str | int]:
    return [row.sku.casefold(), row.quantity, row.location or "", row.reason]


def read_row(row: Row, table: Table, columns: Columns, report: ImportReport) -> ReadRow | None:
    """Read one row; one that is not understood whole is refused with its reason."""
    if row.fault:
        report.refuse(row.number, row.fault)
        return None
    sku, written = columns.text(row, "sku").removeprefix("'"), columns.text(row, "quantity")
    if written.casefold() == NOT_STOCKED:
        report.unchanged += 1
        return None
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
        return ReadRow(row.number, sku, whole_number(written), location or None, reason)
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


def _plan(check: _Check, row: StockRow) -> None:
    """Refuse what could not be booked as the stock will be then; the rows of one variant in their order."""
    try:
        if row.variant_id not in check.stocks:
            raise NotFound("no product has this SKU")
        if row.location is not None and row.location not in check.locations:
            row = replace(row, location=check.names.get(name_key(row.location), row.location))
        if row.location is not None and row.location not in check.locations:
            raise NotFound(f"there is no location {row.location!r}")
        if check.mode == "set" and row.location is not None and not check.locations[row.location]:
            raise Conflict(f"nothing is available at {row.location}, which is inactive; import it with mode count")
        before = check.stocks[row.variant_id]
        after = _after(before, row, check.mode)
    except Refused as refused:
        check.report.refuse(row.number, _why(refused), "", row.describe(), refused.code)
        return
    check.stocks[row.variant_id] = after
    check.planned.append(row)
    name: Literal["total", "available"] = "total" if check.mode == "count" else "available"
    former, later = _number(before, row.location, name), _number(after, row.location, name)
    if former != later:
        check.report.change(row.number, row.sku, f"{name} at {row.location}" if row.location else name, former, later)
        check.report.created += 1
    else:
        check.report.unchanged += check.job.importing.dry_run


def _number(stock: Stock, location: str | None, name: Literal["total", "available"]) -> int:
    if location is None:
        return stock.total if name == "total" else stock.available
    level = stock.level_or_new(location)
    return level.total if name == "total" else level.available


def _after(stock: Stock, row: StockRow, mode: Mode) -> Stock:
    """Return the stock as it will be once the row is booked, or refuse the row."""
    if mode == "add":
        check_quantity(abs(row.quantity))
        changes = {row.location: row.quantity} if row.location is not None else spread(stock, row.quantity)
    else:
        check_quantity(row.quantity, least=0)
        total = counted_total(stock, _count(row, mode))
        changes = counted(stock, total, row.location)
    for location, units in changes.items():
        check_change(stock, location, units)
    return shifted(stock, shifts_of(changes))


def _count(row: StockRow, mode: Mode, reference: str = "") -> CountStock:
    of: Literal["total", "available"] = "available" if mode == "set" else "total"
    return CountStock(row.variant_id, row.quantity, row.reason or "Imported", row.location, reference=reference, of=of)


def _why(refused: StockwrightError) -> str:
    message = one_line(refused)
    if isinstance(refused, InsufficientStock):
        return f"{message} ({refused.details['available']} available)"
    return message


async def book_stock(job: Job, row: StockRow, report: ImportReport) -> None:
    """Book one row, once; it counts as this import's however often it is tried."""
    try:
        moved = await _book_row(job, row)
    except AlreadyDone:
        booked = (await find_booked(job.app, [row.key])).get(row.key, {})
        moved = booked.get("importId") == job.importing.id and bool(booked.get("movements"))
    except Refused as refused:
        report.refuse(row.number, _why(refused), "", row.describe(), refused.code)
        return
    report.created += moved
    report.unchanged += not moved


async def _book_row(job: Job, row: StockRow) -> bool:
    """Book one row; returns whether it changed anything."""
    app, importing, reason = job.app, job.importing, row.reason or "Imported"

    def answer(change: StockChange) -> Mapping[str, object]:
        moved = [[each.id, each.location, each.quantity] for each in change.movements]
        return {"importId": importing.id, "movements": moved}

    request = booked_once(job.request, row.key, answer)
    if importing.mode == "add":
        kind: Literal["RESTOCK", "ADJUSTMENT"] = "RESTOCK" if row.quantity > 0 else "ADJUSTMENT"
        command = ChangeStock(row.variant_id, row.quantity, kind, importing.id, reason, row.location)
        return bool((await change_stock(app, request, command)).movements)
    return bool((await count_stock(app, request, _count(row, importing.mode, importing.id))).movements)
