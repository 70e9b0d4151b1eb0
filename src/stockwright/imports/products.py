"""Products from a file: looked at, made or changed, and undone by deleting them and by their former values.

A product changes in what its rows hold and what differs; one that differs in nothing is left. The stock of a
product that is there is not changed: that is what an import of stock is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, Refused
from stockwright.base.long_work import STEP_ROWS, give_way, in_steps
from stockwright.base.names import name_key
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.pictures import detach_fetched
from stockwright.catalog.stocked import StockedProduct, get_product, load_stocked
from stockwright.catalog.unique import name_of_holder
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.catalog.variants import AddVariant, add_variant
from stockwright.catalog.whole import ChangeWhole, VariantChange, change_whole
from stockwright.imports.assembling import Assembler, CannotAssemble, ReadProduct
from stockwright.imports.booking import booked_once, find_booked, load_product_ids
from stockwright.imports.columns import Columns, find_columns
from stockwright.imports.grouping import Group, Grouping
from stockwright.imports.model import KEPT_DAYS, ProductRow
from stockwright.imports.planning import Categories, Planner, find_variant, new_variant, row_of
from stockwright.imports.product_reader import CellReaders
from stockwright.imports.profile import Profile, Reading
from stockwright.imports.report import one_line
from stockwright.products.barcode import barcode_key
from stockwright.products.categories import add_category, delete_category, list_categories
from stockwright.products.model import ProductFields
from stockwright.products.records import load_holders
from stockwright.products.variant_rules import OptionChoices
from stockwright.settings.records import load_settings
from stockwright.store.idempotency import AlreadyDone, complete_idempotency

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stockwright.imports.reading import ReadFile
    from stockwright.imports.report import ImportReport
    from stockwright.imports.work import Job
    from stockwright.products.records import Holders
    from stockwright.request import Request

KEPT_SECONDS: Final = KEPT_DAYS * 86_400
NEW_CATEGORIES_MAX: Final = 500
UNDONE: Final = "#undone"
"""Behind the key of a row: it was undone."""
PICTURED: Final = "#pictures"
"""Behind the key of a row: its pictures were added."""
UNPICTURED: Final = "#unpictured"
"""Behind the key of a row: they were taken away again."""
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
        if row.product_id is None and row.variants:
            await _complete(job, row)
    report.created += row.product_id is None
    report.updated += row.product_id is not None


async def _write(job: Job, row: ProductRow) -> None:
    import_id = job.importing.id

    def answer(after: StockedProduct) -> Mapping[str, object]:
        added = (
            {}
            if row.former_options is None
            else {
                each.variant_id: each.version
                for each in after.of_variants
                if each.variant_id not in row.former_variants
            }
        )
        return {
            "importId": import_id,
            "productId": after.product.id,
            "version": after.product.version,
            "stockVersion": after.stock.version,
            **({"stocks": added} if added else {}),
        }

    request = booked_once(job.request, row.key, answer, KEPT_SECONDS)
    fields = cast("ProductFields", row.fields)
    if row.product_id is None:
        bare = CreateProduct("", row.sku, None, None, 0, row.quantity, thresholds=row.thresholds, id=row.id)
        if row.variants:
            choices = [OptionChoices(name, values) for name, values in row.choices]
            bare = replace(bare, choices=choices, variants=[new_variant(each) for each in row.variants])
        made = await create_product(job.app, request, replace(bare, **fields))
        await _note_version(job, row, answer(made))
    elif row.variants:
        await change_whole(job.app, request, _whole(row))
    else:
        # A concurrent edit of a product is not overwritten: the row is refused.
        command = UpdateProduct(row.product_id, fields, None, row.thresholds, row.version)
        await update_product(job.app, request, command)


async def _note_version(job: Job, row: ProductRow, answer: Mapping[str, object]) -> None:
    """Store how a product is that took several commits: its key was used up by the first."""
    if len(row.variants) > 1:
        until = job.app.clock.now() // 1000 + KEPT_SECONDS
        await complete_idempotency(job.app.store, row.key, answer, until)


async def _complete(job: Job, row: ProductRow) -> None:
    """Add the variants of a new product that a process which was killed did not get to."""
    booked = (await find_booked(job.app, [row.key]))[row.key]
    if booked.get("importId") != job.importing.id:
        return
    found = await get_product(job.app, booked["productId"])
    for each in row.variants:
        if find_variant(found.product, each.sku, each.options) is None:
            found = await add_variant(job.app, job.request, AddVariant(found.product.id, new_variant(each)))
    versions = {"version": found.product.version, "stockVersion": found.stock.version}
    await _note_version(job, row, {**booked, **versions})


def _whole(row: ProductRow) -> ChangeWhole:
    return ChangeWhole(
        product_id=row.product_id or "",
        expected_version=row.version,
        fields=cast("ProductFields", row.fields),
        variants={
            each.variant_id: VariantChange(each.fields, each.thresholds)
            for each in row.variants
            if each.variant_id is not None
        },
        added=[new_variant(each) for each in row.variants if each.variant_id is None],
    )


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
    version = await _check_untouched(job, row, booked)
    product_id = booked["productId"]
    if row.product_id is None:
        await delete_product(job.app, request, product_id, version)
        return
    version = await _without_pictures(job, row, product_id, version)
    former = cast("ProductFields", row.former)
    if row.variants:
        await change_whole(job.app, request, _whole_back(row, booked, version))
    else:
        await update_product(job.app, request, UpdateProduct(product_id, former, None, row.former_thresholds, version))


def _whole_back(row: ProductRow, booked: Mapping[str, Any], version: int) -> ChangeWhole:
    """Return the opposite of what was changed: variants that came are removed."""
    stocks: dict[str, int] = booked.get("stocks", {})
    return ChangeWhole(
        product_id=booked["productId"],
        expected_version=version,
        fields=cast("ProductFields", row.former),
        variants={
            each.variant_id: VariantChange(each.former, each.former_thresholds)
            for each in row.variants
            if each.variant_id is not None
        },
        removed=list(stocks),
        stock_versions=stocks,
        options=row.former_options,
    )


async def _without_pictures(job: Job, row: ProductRow, product_id: str, version: int) -> int:
    """Take the pictures away that were fetched for a product; returns its version then."""
    key = f"{row.key}{UNPICTURED}"
    found = await find_booked(job.app, [f"{row.key}{PICTURED}", key])
    added = found.get(f"{row.key}{PICTURED}")
    if added is None or key in found:
        return version

    def answer(after: StockedProduct) -> Mapping[str, object]:
        return {"version": after.product.version}

    request = booked_once(job.request, key, answer, KEPT_SECONDS)
    after = await detach_fetched(job.app, request, product_id, set(added["sources"]), version)
    return after.product.version


async def try_taking_back_product(job: Job, row: ProductRow, booked: Mapping[str, Any]) -> None:
    """Refuse where the product was changed since, or the stock of what is new has moved."""
    await _check_untouched(job, row, booked)


async def _check_untouched(job: Job, row: ProductRow, booked: Mapping[str, Any]) -> int:
    """Return the version of a product that nobody but this import has changed; raises Conflict."""
    now = await get_product(job.app, booked["productId"])
    found = await find_booked(job.app, [f"{row.key}{PICTURED}", f"{row.key}{UNPICTURED}"])
    version = booked["version"]
    for step in (PICTURED, UNPICTURED):
        after = found.get(f"{row.key}{step}", {}).get("version")
        if after is not None and after != version + 1:
            raise Conflict("was changed since")
        version = after or version
    if now.product.version != version:
        raise Conflict("was changed since")
    if row.product_id is None and now.stock.version != booked["stockVersion"]:
        raise Conflict("its stock has moved since")
    stocks = {stock.variant_id: stock for stock in now.of_variants}
    for variant_id, former in booked.get("stocks", {}).items():
        if variant_id in stocks and stocks[variant_id].version != former:
            raise Conflict(f"the stock of {stocks[variant_id].sku} has moved since")
    return int(now.product.version)
