"""Products from a spreadsheet: made, or changed, by SKU; and undone, by deleting them and by their former values.

A row changes what its columns hold and what differs; a row that differs in nothing changes nothing. The
stock of a product that is there is not changed: that is what an import of stock is for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, Refused, check_all
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.base.names import clean, name_key, same_sku
from stockwright.catalog.new_product import CATEGORY_DEFAULT, CreateProduct, create_product
from stockwright.catalog.stocked import StockedProduct, get_product, load_stocked
from stockwright.catalog.unique import name_of_holder
from stockwright.catalog.usecases import UpdateProduct, check_thresholds, delete_product, update_product
from stockwright.imports.booking import booked_once, find_booked, load_product_ids
from stockwright.imports.model import KEPT_DAYS, ProductRow
from stockwright.imports.product_reader import FIELDS, NOT_READ, SPELLED, ReadProduct, RowReader
from stockwright.imports.profiles import Columns, find_columns
from stockwright.imports.report import one_line
from stockwright.products.barcode import barcode_key
from stockwright.products.categories import add_category, delete_category, list_categories
from stockwright.products.model import (
    Product,
    ProductFields,
    check_category_name,
    check_new_id,
    check_product,
    differing_fields,
    fields_of,
    with_fields,
)
from stockwright.products.records import load_holders
from stockwright.settings.records import load_settings
from stockwright.stock.model import BLANK, check_quantity
from stockwright.store.idempotency import AlreadyDone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.model import Row as PlannedRow
    from stockwright.imports.reader import Row, Table
    from stockwright.imports.report import ImportReport
    from stockwright.imports.work import Job
    from stockwright.products.records import Holders
    from stockwright.request import Request

KEPT_SECONDS: Final = KEPT_DAYS * 86_400
NEW_CATEGORIES_MAX: Final = 500
UNDONE: Final = "#undone"
"""Behind the key of a row: it was undone."""


class _Check(Struct):
    """What is known while the rows of a file are looked at, one after the other."""

    job: Job
    table: Table
    columns: Columns
    report: ImportReport
    currency: str
    seen: dict[str, int] = field(default_factory=dict)
    """SKU without regard to case → its row."""
    barcodes: dict[str, int] = field(default_factory=dict)
    """Barcode as it is compared → its row."""
    spelled: dict[str, str] = field(default_factory=dict)
    """Category as it is compared → as it is written."""
    new_categories: list[str] = field(default_factory=list)
    other_stock: int = 0
    planned: list[PlannedRow] = field(default_factory=list)


async def check_products(job: Job, table: Table, content: str, report: ImportReport) -> list[PlannedRow]:  # noqa: ARG001
    """Look at every row, and return those that make or change something; the catalogue's rules refuse the others."""
    app = job.app
    currency = (await load_settings(app.store)).currency
    columns = find_columns(table, FIELDS, report, not_read=NOT_READ)
    check = _Check(job, table, columns, report, currency)
    check.spelled = {name_key(each): each for each in await list_categories(app)}
    report.rows = len(table.rows)
    for start in range(0, len(table.rows), STEP_ROWS):
        await _check_some(check, table.rows[start : start + STEP_ROWS])
        await job.renew()
        await give_way()
    if len(check.new_categories) > NEW_CATEGORIES_MAX:
        raise Invalid(f"The file has more than {NEW_CATEGORIES_MAX} new categories; is the column right?")
    report.new_categories = check.new_categories
    if check.new_categories:
        report.notes.append(f"New categories: {', '.join(check.new_categories)}")
    if check.other_stock:
        report.notes.append(
            f"{check.other_stock} rows have another stock than the shop; existing products keep their stock "
            "(an import of stock with mode set changes it)"
        )
    return check.planned


async def _check_some(check: _Check, rows: Sequence[Row]) -> None:
    app = check.job.app
    read = [each for row in rows if (each := _read_row(check, row)) is not None]
    ids = await load_product_ids(app, [each.sku for each in read])
    loaded = await load_stocked(app, list(dict.fromkeys(ids.values())))
    barcodes = {barcode for each in read if (barcode := each.fields.get("barcode")) is not None}
    holders = await load_holders(app.store, barcodes)
    for each in read:
        try:
            await _check_barcode(check, each, ids.get(each.sku), holders)
            _plan(check, each, loaded.get(ids.get(each.sku, "")))
        except Refused as refused:
            check.report.refuse_for(each.number, refused)


def _read_row(check: _Check, row: Row) -> ReadProduct | None:
    if row.fault:
        check.report.refuse(row.number, row.fault)
        return None
    read = RowReader(row, check.table, check.columns, check.currency, check.report).read()
    if read is None:
        return None
    first = check.seen.setdefault(read.sku.casefold(), read.number)
    if first != read.number:
        check.report.refuse(read.number, f"is already in row {first}", check.columns.headings["sku"], read.sku)
        return None
    return read


async def _check_barcode(check: _Check, read: ReadProduct, product_id: str | None, holders: Holders) -> None:
    """Refuse a barcode that another row, or another product of the shop, has."""
    barcode = read.fields.get("barcode")
    if barcode is None:
        return
    first = check.barcodes.setdefault(barcode_key(barcode), read.number)
    if first != read.number:
        raise Invalid.field("barcode", f"is already in row {first}")
    for claim in (holders.barcodes.get(barcode), holders.skus.get(barcode)):
        if claim is not None and claim.product_id != product_id:
            raise Invalid.field("barcode", f"is that of {await name_of_holder(check.job.app, claim)}")


def _plan(check: _Check, read: ReadProduct, before: StockedProduct | None) -> None:
    """Decide what a row does, or refuse it."""
    new_category = _spell_category(check, read)
    check_thresholds(replace(before.stock if before else BLANK, **read.thresholds))
    key = f"import#products#{check.job.importing.id}#{read.number}"
    if before is None:
        check_quantity(read.quantity or 0, "available", least=0)
        new = _new_product(read)
        _check_product(new, new_category=new_category)
        row = ProductRow(read.number, key, read.sku, None, 0, dict(read.fields), read.thresholds, id=read.id)
        row = replace(row, quantity=read.quantity or 0)
        check.report.created += 1
        for name, after in (("name", new.name), ("price", new.price_cents), ("available", row.quantity)):
            check.report.change(read.number, read.sku, name, None, after)
    else:
        if not same_sku(before.product.sku, read.sku):
            raise Conflict(f"is a variant of {before.product.name} ({before.product.sku}); change it in that product")
        changes = _changes(read, before.product)
        if changes:
            changed = with_fields(before.product, changes)
            _check_product(changed, before.product, new_category=new_category)
        check.other_stock += read.quantity not in (None, before.stock.available)
        thresholds = {n: v for n, v in read.thresholds.items() if getattr(before.stock, n) != v}
        if not changes and not thresholds:
            check.report.unchanged += 1
            return
        former = {name: getattr(before.product, name) for name in changes}
        held = {name: getattr(before.stock, name) for name in thresholds}
        row = ProductRow(
            read.number, key, read.sku, before.product.id, before.product.version, dict(changes), thresholds,
            former, held,
        )  # fmt: skip
        check.report.updated += 1
        for name, value in {**former, **held}.items():
            shown = (changes | thresholds)[name]
            check.report.change(read.number, read.sku, name, _text(value), _text(shown))
    check.planned.append(row)


def _text(value: Any) -> str | int | None:
    return value if value is None or isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)


def _spell_category(check: _Check, read: ReadProduct) -> bool:
    """Write the category as the managed list does; returns whether it is not in it."""
    category = read.fields.get("category")
    if category is None:
        return False
    known = check.spelled.get(name_key(category))
    if known is None:
        check_category_name(category, "category")
        check.spelled[name_key(category)] = known = category
        check.new_categories.append(category)
    read.fields["category"] = known
    return known in check.new_categories


def _check_product(product: Product, before: Product | None = None, *, new_category: bool) -> None:
    """Refuse what the catalogue would; a category of a row is in the list, or is added to it."""
    check_all(
        lambda: check_product(product, frozenset({product.category}), before),
        lambda: check_category_name(product.category, "category") if new_category else None,
    )


def _new_product(read: ReadProduct) -> Product:
    if read.fields.get("status") == "UNLISTED":
        raise Invalid.field("status", "must be ACTIVE or INACTIVE for a new product")
    if read.id is not None:
        check_new_id(read.id, "id")
    name = read.fields.get("name", "")
    new = Product(read.id or "new", clean(read.sku), name, description=name, category=CATEGORY_DEFAULT)
    return with_fields(new, read.fields)


def _changes(read: ReadProduct, product: Product) -> ProductFields:
    """Return the fields that differ; another spelling of a brand or type is no difference."""
    changed, former = differing_fields(read.fields, product), fields_of(product)
    for name in SPELLED:
        if name in changed and name_key(changed[name]) == name_key(former[name]):
            del changed[name]
    return changed


async def add_categories(job: Job) -> None:
    """Add the new categories of a file; one that somebody has added meanwhile is there already."""
    for name in job.importing.new_categories:
        try:
            await add_category(job.app, job.request, name)
        except Conflict:
            continue


async def delete_categories(job: Job) -> list[str]:
    """Delete the categories that a file has added; returns why some stay."""
    notes = []
    for name in job.importing.new_categories:
        try:
            await delete_category(job.app, job.request, name)
        except Refused as refused:
            notes.append(f"The category {name} was added and stays: {one_line(refused)}")
    return notes


async def book_product(job: Job, row: ProductRow, report: ImportReport) -> None:
    """Make or change one product, once; it counts as this import's however often it is tried."""
    try:
        await _write(job, row)
    except (AlreadyDone, Refused) as refused:
        if not await find_booked(job.app, [row.key]):
            report.refuse_for(row.number, refused)
            return
    report.created += row.product_id is None
    report.updated += row.product_id is not None


async def _write(job: Job, row: ProductRow) -> None:
    import_id = job.importing.id

    def answer(after: StockedProduct) -> Mapping[str, object]:
        product, stock = after.product, after.stock
        return {
            "importId": import_id,
            "productId": product.id,
            "version": product.version,
            "stockVersion": stock.version,
        }

    request = booked_once(job.request, row.key, answer, KEPT_SECONDS)
    fields = cast("ProductFields", row.fields)
    if row.product_id is None:
        bare = CreateProduct("", row.sku, None, None, 0, row.quantity or 0, thresholds=row.thresholds, id=row.id)
        await create_product(job.app, request, replace(bare, **fields))
    else:
        # A concurrent edit of a product is not overwritten: the row is refused.
        command = UpdateProduct(row.product_id, fields, None, row.thresholds, row.version)
        await update_product(job.app, request, command)


async def take_back_product(job: Job, row: ProductRow, booked: Mapping[str, Any]) -> None:
    """Delete what was made, or give back the former values, once; raises Refused where it was changed since."""
    key = f"{row.key}{UNDONE}"
    request = booked_once(job.request, key, lambda _: {"importId": job.importing.id}, KEPT_SECONDS)
    try:
        await _take_back(job, row, booked, request)
    except AlreadyDone:
        return
    except Refused:
        if not await find_booked(job.app, [key]):
            raise


async def _take_back(job: Job, row: ProductRow, booked: Mapping[str, Any], request: Request) -> None:
    await try_taking_back_product(job, row, booked)
    product_id, version = booked["productId"], booked["version"]
    if row.product_id is None:
        await delete_product(job.app, request, product_id, version)
    else:
        former = cast("ProductFields", row.former)
        await update_product(job.app, request, UpdateProduct(product_id, former, None, row.former_thresholds, version))


async def try_taking_back_product(job: Job, row: ProductRow, booked: Mapping[str, Any]) -> None:
    """Refuse where the product was changed since, or the stock of a new one has moved."""
    now = await get_product(job.app, booked["productId"])
    if now.product.version != booked["version"]:
        raise Conflict("was changed since")
    if row.product_id is None and now.stock.version != booked["stockVersion"]:
        raise Conflict("its stock has moved since")
