"""The products of a file looked at: read row by row, put together, and compared with the shop, some at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from stockwright.base.errors import Conflict, Invalid, Refused
from stockwright.base.long_work import STEP_ROWS, give_way, in_steps
from stockwright.base.names import name_key
from stockwright.catalog.stocked import load_stocked
from stockwright.catalog.unique import name_of_holder
from stockwright.imports.assembling import Assembler, CannotAssemble, ReadProduct
from stockwright.imports.booking import load_product_ids
from stockwright.imports.columns import Columns, find_columns
from stockwright.imports.grouping import Group, Grouping
from stockwright.imports.model import ProductRow
from stockwright.imports.planning import Categories, Planner, row_of
from stockwright.imports.product_reader import CellReaders
from stockwright.imports.profile import Profile, Reading
from stockwright.products.barcode import barcode_key
from stockwright.products.categories import list_categories
from stockwright.products.records import load_holders
from stockwright.settings.records import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stockwright.imports.reading import ReadFile
    from stockwright.imports.report import ImportReport
    from stockwright.imports.work import Job
    from stockwright.products.records import Holders

NEW_CATEGORIES_MAX: Final = 500
ROW_TYPES: Final = frozenset({"simple", "variable", "variation", "external"})
"""What a row of WooCommerce may be, but for what is none of it alone (`grouped`)."""


class _Check(Struct):
    """What is known while the rows of a file are looked at."""

    job: Job
    profile: Profile
    columns: Columns
    readers: CellReaders
    assembler: Assembler
    planner: Planner
    report: ImportReport
    seen: dict[str, int] = field(default_factory=dict)
    """SKU as it is compared → its row."""
    barcodes: dict[str, int] = field(default_factory=dict)
    """The same of barcodes."""
    skipped: int = 0


async def check_products(job: Job, file: ReadFile, report: ImportReport) -> AsyncIterator[list[ProductRow]]:
    """Look at every row, and yield the products that are to be made or changed; the catalogue's rules refuse others."""
    app, table, profile = job.app, file.table, file.profile
    currency = (await load_settings(app.store)).currency
    columns = find_columns(table, profile.fields, report, not_read=profile.not_read)
    reading = Reading(currency, table.delimiter)
    categories = Categories({name_key(each): each for each in await list_categories(app)})
    check = _Check(
        job=job,
        profile=profile,
        columns=columns,
        readers=CellReaders(profile, columns, reading, report),
        assembler=Assembler(profile, columns),
        planner=Planner(job.importing.id, profile.is_foreign, report, categories),
        report=report,
    )
    grouping = Grouping(table, profile, columns)
    await in_steps(grouping.prepare())
    report.rows = len(table.rows)
    some: list[ReadProduct] = []
    rows = 0
    for group in grouping:
        rows += len(group.rows)
        read = _read_group(check, group)
        some += [read] if read is not None else []
        if rows >= STEP_ROWS:
            yield await _plan_some(check, some)
            some, rows = [], 0
            await job.renew()
            await give_way()
    yield await _plan_some(check, some)
    _note(check)


def _read_group(check: _Check, group: Group) -> ReadProduct | None:
    """Read the rows of a product; where one of them is refused, so are the others: nothing is booked by halves."""
    report = check.report
    before = len(report.errors)
    cells = [check.readers.read(row) for row in group.rows]
    understood = [each for each in cells if each is not None]
    if len(understood) < len(cells):
        _refuse_rest(report, group, before)
        return None
    kinds = {str(each.get("rowType", "")).partition(",")[0].strip().lower() for each in understood} - {""}
    if kinds and not kinds & ROW_TYPES:
        check.skipped += 1
        return None
    try:
        read = check.assembler.product(understood)
        _check_seen(check, read)
    except CannotAssemble as why:
        heading = check.columns.headings.get(why.name, "")
        row = next(each for each in group.rows if each.number == why.row)
        text = check.columns.text(row, why.name) if heading else ""
        report.refuse(why.row, str(why), heading, text)
        _refuse_rest(report, group, before)
        return None
    return read


def _refuse_rest(report: ImportReport, group: Group, before: int) -> None:
    """Refuse the rows of a product that are right themselves: its file of failed rows has all of them."""
    wrong = {each.row for each in report.errors[before:]}
    _refuse_others(report, [row.number for row in group.rows], wrong)


def _refuse_others(report: ImportReport, numbers: Sequence[int], wrong: set[int]) -> None:
    for number in numbers:
        if number not in wrong:
            report.refuse(number, f"is of the product of row {min(wrong)}, which is refused", "", "")


def _check_seen(check: _Check, read: ReadProduct) -> None:
    """Refuse a SKU that another product of the file has, or that stands twice in this one."""
    of_rows = [(read.number, read.sku)] if read.has_own_row else []
    of_rows += [(each.number, each.sku) for each in read.variants if each.sku]
    new: dict[str, int] = {}
    for number, sku in of_rows:
        key = name_key(sku)
        first = check.seen.get(key, new.get(key))
        if first is not None:
            raise CannotAssemble(number, "sku", f"is already in row {first}")
        new[key] = number
    check.seen |= new


async def _plan_some(check: _Check, some: Sequence[ReadProduct]) -> list[ProductRow]:
    app = check.job.app
    ids = await load_product_ids(app, [sku for each in some for sku in each.skus])
    loaded = await load_stocked(app, list(dict.fromkeys(ids.values())))
    holders = await load_holders(app.store, {code for each in some for _, code in each.barcodes})
    planned = []
    for each in some:
        own = list(dict.fromkeys(ids[sku] for sku in each.skus if sku in ids))
        try:
            if len(own) > 1:
                names = ", ".join(loaded[each_id].product.sku for each_id in own if each_id in loaded)
                raise Conflict(f"has SKUs of several products of the shop: {names}")
            await _check_barcodes(check, each, own[0] if own else None, holders)
            row = check.planner.plan(each, loaded.get(own[0]) if own else None)
        except Refused as refused:
            number = row_of(refused, each)
            check.report.refuse_for(number, refused)
            _refuse_others(check.report, each.numbers, {number})
        else:
            planned += [row] if row is not None else []
    return planned


async def _check_barcodes(check: _Check, read: ReadProduct, product_id: str | None, holders: Holders) -> None:
    """Refuse a barcode that another row, or another product of the shop, has."""
    for path, code in read.barcodes:
        first = check.barcodes.setdefault(barcode_key(code), read.number)
        if first != read.number:
            raise Invalid.field(f"{path}barcode", f"is already in row {first}")
        for claim in (holders.barcodes.get(code), holders.skus.get(code)):
            if claim is not None and claim.product_id != product_id:
                raise Invalid.field(f"{path}barcode", f"is that of {await name_of_holder(check.job.app, claim)}")


def _note(check: _Check) -> None:
    """Say what is not as the file has it."""
    report, planner, assembler = check.report, check.planner, check.assembler
    new = planner.categories.new
    if len(new) > NEW_CATEGORIES_MAX:
        raise Invalid(f"The file has more than {NEW_CATEGORIES_MAX} new categories; is the column right?")
    report.new_categories = new
    if new:
        report.notes.append(f"New categories: {', '.join(new)}")
    if planner.other_stock:
        report.notes.append(
            f"{planner.other_stock} rows have another stock than the shop; existing products keep their stock "
            "(an import of stock with mode set changes it)"
        )
    for count, what in (
        (assembler.shortened, "descriptions are longer than 2,000 characters, and are cut"),
        (assembler.described, "descriptions are shorter than 10 characters, and get the name in front"),
        (assembler.miscoded, "barcodes have a wrong check digit, and are left out"),
        (assembler.external, "products are sold by others; they are made like your own"),
        (check.skipped, "rows are groups of other products, and are left out"),
    ):
        if count:
            report.notes.append(f"{count} {what}")
