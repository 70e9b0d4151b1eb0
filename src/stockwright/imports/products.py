"""Products from a file: made or changed, and undone by deleting them and by their former values.

A product changes in what its rows hold and what differs; one that differs in nothing is left. The stock of a
product that is there is not changed: that is what an import of stock is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec.structs import replace

from stockwright.base.errors import Conflict, Refused
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.pictures import detach_fetched
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.catalog.variants import AddVariant, add_variant
from stockwright.catalog.whole import ChangeWhole, VariantChange, change_whole
from stockwright.imports.booking import booked_once, find_booked
from stockwright.imports.model import KEPT_DAYS, ProductRow
from stockwright.imports.planning import find_variant, new_variant
from stockwright.imports.report import one_line
from stockwright.products.categories import add_category, delete_category
from stockwright.products.model import ProductFields
from stockwright.products.variant_rules import OptionChoices
from stockwright.store.idempotency import AlreadyDone, complete_idempotency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.imports.report import ImportReport
    from stockwright.imports.work import Job
    from stockwright.request import Request

KEPT_SECONDS: Final = KEPT_DAYS * 86_400
UNDONE: Final = "#undone"
"""Behind the key of a row: it was undone."""
PICTURED: Final = "#pictures"
"""Behind the key of a row: its pictures were added."""
UNPICTURED: Final = "#unpictured"
"""Behind the key of a row: they were taken away again."""


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
