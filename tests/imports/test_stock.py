"""Stock from a spreadsheet."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import Invalid
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.catalog.inventory_views import get_by_product
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.context import App
from stockwright.imports.failed import failed_rows
from stockwright.imports.model import Mode
from stockwright.imports.reader import Table
from stockwright.imports.report import ImportReport
from stockwright.imports.usecases import StartImport, import_here
from stockwright.orders.usecases import ListOrders, PlaceOrder, confirm_order, list_orders, place_order
from stockwright.sales.load_lines import LineWanted
from stockwright.store.batch import Batch
from stockwright.store.idempotency import put_idempotency
from tests.conftest import ADMIN, ALICE, Product


async def import_stock(app: App, content: bytes, mode: Mode = "add", **options: Any) -> tuple[ImportReport, Table]:
    command = StartImport(kind="stock", content=content, mode=mode, **options)
    _, report, table = await import_here(app, ADMIN, command)
    return report, table


async def book(app: App, text: str, mode: Mode = "add", **options: Any) -> ImportReport:
    """Import a sheet that was saved as UTF-8."""
    return (await import_stock(app, text.encode(), mode, **options))[0]


def faults(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.message) for error in report.errors]


async def available(app: App, product_id: str) -> int:
    return (await get_by_product(app, product_id)).stock.available


async def test_a_file_of_receipts_and_issues_is_booked_once(app: App, product: Product) -> None:
    chair, lamp = await product(5, sku="CHAIR"), await product(5, sku="LAMP")
    text = "sku,quantity,reason\nCHAIR,20,Delivery 7\nlamp,-2,Broken\n"

    report = await book(app, text)
    assert (report.rows, report.created, report.unchanged, report.errors) == (2, 2, 0, [])
    assert (await available(app, chair.product.id), await available(app, lamp.product.id)) == (25, 3)
    booked, _ = await list_movements(app, MovementFilter(product_id=chair.product.id))
    assert (booked[0].movement.type, booked[0].movement.reason) == ("RESTOCK", "Delivery 7")
    assert booked[0].movement.request_id.startswith("imp_")

    again = await book(app, text)
    assert (again.created, again.unchanged) == (0, 2)
    assert [(each.row, each.what) for each in again.booked_before] == [
        (2, "CHAIR, 20, Delivery 7"),
        (3, "lamp, -2, Broken"),
    ]
    assert (await available(app, chair.product.id), await available(app, lamp.product.id)) == (25, 3)


async def test_a_file_is_booked_again_on_request(app: App, product: Product) -> None:
    chair = (await product(5, sku="CHAIR")).product.id
    text = "sku,quantity\nCHAIR,20\n"
    await book(app, text)
    assert (await book(app, text, again=True)).created == 1
    assert await available(app, chair) == 45


async def test_a_repeated_file_whose_count_had_no_difference_books_nothing_after_a_sale(
    app: App, product: Product
) -> None:
    chair = (await product(8, sku="CHAIR")).product.id
    text = "sku,quantity\nCHAIR,8\n"
    assert (await book(app, text, "count")).unchanged == 1
    await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair)]))
    await confirm_order(app, ADMIN, (await list_orders(app, ALICE, ListOrders()))[0][0].id)
    assert (await book(app, text, "count")).unchanged == 1
    assert await available(app, chair) == 5


async def test_a_count_sets_the_total_and_a_set_the_available_units(app: App, product: Product) -> None:
    chair = await product(10, sku="CHAIR")
    await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair.product.id)]))
    text = "sku,quantity\nCHAIR,8\n"

    assert (await book(app, text, "count")).created == 1
    assert await available(app, chair.product.id) == 5
    assert (await book(app, text, "set")).created == 1
    assert await available(app, chair.product.id) == 8
    assert (await book(app, text, "set")).unchanged == 1


async def test_rows_of_one_product_are_booked_in_their_order(app: App, product: Product) -> None:
    chair = await product(1, sku="CHAIR")
    text = "sku,quantity\n" + "".join(f"CHAIR,{number}\n" for number in range(2, 40))
    await book(app, text, "count")
    assert await available(app, chair.product.id) == 39


MIXED = "sku,quantity,location\nNOTHING,1,\nCHAIR,many,\nCHAIR,2,\nCHAIR,4,cellar\nCHAIR,3,default\n"


async def test_errors_are_reported_by_row_and_nothing_is_booked(app: App, product: Product) -> None:
    chair = await product(5, sku="CHAIR")
    await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair.product.id)]))
    report = await book(app, MIXED, "count")
    assert faults(report) == [
        (2, "", "no product has this SKU"),
        (3, "quantity", "is not a whole number; write digits alone, such as 1000 or -5"),
        (4, "", "3 units are reserved; the count cannot be lower"),
        (5, "", "there is no location 'cellar'"),
    ]
    assert (report.created, report.failed) == (0, 4)
    assert await available(app, chair.product.id) == 2


async def test_valid_rows_are_booked_on_request_and_the_others_can_be_imported_corrected(
    app: App, product: Product
) -> None:
    chair = await product(5, sku="CHAIR")
    text = 'sku;quantity;reason\nCHAIR;20;"a;\nb"\nCHAIR;1,5;\nCHAIR;1;2;3\nCHAIR;7;=1+1\nCHAIR;0;c\n'
    report, table = await import_stock(app, text.encode(), "add", on_error="skip")
    assert (report.created, [error.row for error in report.errors]) == (2, [3, 4, 6])
    assert await available(app, chair.product.id) == 32

    failed = failed_rows(table, report).decode("utf-8-sig")
    assert failed.split("\r\n")[0] == '"sku";"quantity";"reason";"error"'
    unchanged, again = await import_stock(app, failed.encode(), "add", on_error="skip")
    assert (unchanged.created, unchanged.failed) == (0, 3)
    assert failed_rows(again, unchanged).decode("utf-8-sig").split("\r\n")[0] == '"sku";"quantity";"reason";"error"'
    right = await book(app, failed.replace('"1,5"', '"15"'), on_error="skip")
    assert right.created == 1
    assert await available(app, chair.product.id) == 47


async def test_a_corrected_file_books_only_what_is_missing(app: App, product: Product) -> None:
    chair = (await product(0, sku="CHAIR")).product.id
    await book(app, "sku,quantity\nCHAIR,5\nCHAIR,many\nCHAIR,5\n", on_error="skip")
    assert await available(app, chair) == 10
    report = await book(app, "quantity,sku\n3,CHAIR\n5,CHAIR\n5,chair\n5,CHAIR\n")
    assert (report.created, [each.row for each in report.booked_before]) == (2, [3, 4])
    assert await available(app, chair) == 18


async def test_rows_that_the_first_version_booked_are_not_booked_again(app: App, product: Product) -> None:
    """It named a row by its file's contents and its number."""
    chair = (await product(5, sku="CHAIR")).product.id
    batch = Batch()
    text = "sku,quantity\r\nCHAIR,20\r\nCHAIR,1\r\n"
    name = hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()[:32]
    put_idempotency(batch, f"import#{name}#add#2", "add", {}, None)
    await batch.commit(app.store)
    report = await book(app, text)
    assert (report.created, report.unchanged) == (1, 1)
    assert await available(app, chair) == 6


async def test_a_row_can_name_its_location(app: App, product: Product) -> None:
    chair = await product(5, sku="CHAIR")
    await book(app, "sku,quantity,location\nCHAIR,7,default\n")
    assert (await get_by_product(app, chair.product.id)).stock.levels["default"].available == 12


async def test_a_dry_run_books_nothing(app: App, product: Product) -> None:
    chair = await product(5, sku="CHAIR")
    report = await book(app, "sku,quantity\nCHAIR,7\n", dry_run=True)
    assert (report.created, report.errors) == (1, [])
    assert [(each.row, each.field, each.before, each.after) for each in report.changes] == [(2, "available", 5, 12)]
    assert await available(app, chair.product.id) == 5


@pytest.mark.parametrize("text", ["code,units\nA,1\n", "", "\x00ÿ"])
async def test_a_file_of_another_kind_is_refused(app: App, text: str) -> None:
    with pytest.raises(Invalid):
        await book(app, text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sku,quantity\nW-100,1,000\n", "3 cells, but the file has 2 headings"),
        ("sku,quantity,reason\nW-100,1,200,Delivery\n", "4 cells, but the file has 3 headings"),
        ("sku,quantity,reason\nW-100,1,200\n", "thousands separator"),
        ('sku,quantity\nW-100,"1,000"\n', "thousands separator"),
        ("sku;quantity\nW-100;1.000\n", "thousands separator"),
        ("sku;quantity\nW-100;1'000\n", "thousands separator"),
        ("sku,quantity\nW-100,10,5\n", "3 cells"),
        ("sku;quantity\nW-100;10,5\n", "not a whole number"),
        ("sku,quantity\nW-100,10.5\n", "not a whole number"),
        ("sku,quantity\nW-100,1.2E+05\n", "write all digits"),
        ("sku,quantity\nW-100,٣\n", "not a whole number"),
        ("sku,quantity\nW-100,−3\n", "not a whole number"),
        ("sku,quantity\nW-100,\n", "is empty"),
        ("sku,quantity\nW-100\n", "1 cells"),
        ("sku,quantity\nW-100,9999999999999999\n", "more than 15 digits"),
        ("sku,quantity\nW-100,2000000000\n", "must be a whole number from 1 to"),
        ("sku,quantity\nW-100,0\n", "must be a whole number from 1 to"),
        ("sku,quantity\nW-100,-6\n", "Insufficient stock available (5 available)"),
    ],
)
async def test_an_ambiguous_number_is_never_booked(app: App, product: Product, text: str, why: str) -> None:
    chair = await product(5, sku="W-100")
    for on_error in ("stop", "skip"):
        report = await book(app, text, on_error=on_error)
        assert (report.created, report.failed) == (0, 1)
        assert why in report.errors[0].message
    assert await available(app, chair.product.id) == 5


@pytest.mark.parametrize("written", ["10", "+10", " 10 ", "10.0", "10.00", "010"])
async def test_every_accepted_spelling_of_ten_means_ten(app: App, product: Product, written: str) -> None:
    chair = await product(5, sku="W-100")
    assert (await book(app, f"sku,quantity\nW-100,{written}\n")).errors == []
    assert await available(app, chair.product.id) == 15


class Meanwhile:
    """The real store, in which something happens once, right after so many commits of stock."""

    def __init__(self, store: Any, app: App, product_id: str, after: int, sold: int) -> None:
        self._store, self._app, self._product_id, self._left, self._sold = store, app, product_id, after, sold

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Any) -> None:
        if not any(getattr(each, "key", ("", ""))[1] == "STOCK" for each in writes):
            await self._store.commit(writes)
            return
        if self._left == 0:
            await change_stock(self._app, ALICE, ChangeStock(self._product_id, self._sold, "SALE"))
        self._left -= 1
        await self._store.commit(writes)


async def test_a_file_is_rolled_back_if_a_row_cannot_be_booked(app: App, product: Product) -> None:
    """Somebody buys between the check and the booking; the file can be sent again when the goods are there."""
    chair, lamp = (await product(5, sku="CHAIR")).product.id, (await product(5, sku="LAMP")).product.id
    text = "sku,quantity\nCHAIR,20\nCHAIR,-3\nLAMP,-4\n"
    hurried: Any = Meanwhile(app.store, app, lamp, 0, 3)
    report = await book(replace(app, store=hurried), text)
    assert (report.created, report.undone > 0) == (0, True)
    assert [error.row for error in report.errors] == [4]
    assert (await available(app, chair), await available(app, lamp)) == (5, 2)

    await change_stock(app, ADMIN, ChangeStock(lamp, 3, "RESTOCK"))
    again = await book(app, text)
    assert (again.created, again.errors, again.booked_before) == (3, [], [])
    assert (await available(app, chair), await available(app, lamp)) == (22, 1)


async def test_rows_that_cannot_be_rolled_back_are_reported(app: App, product: Product) -> None:
    """The units that the file brought in are sold before it fails: they stay booked, and the report says so."""
    chair, lamp = (await product(0, sku="CHAIR")).product.id, (await product(5, sku="LAMP")).product.id
    text = "sku,quantity\nCHAIR,20\nLAMP,1\nLAMP,1\nLAMP,1\nLAMP,-8\n"
    # The store's first commit is the chair's; whatever the order of the others, the last of them finds too few.
    selling: Any = Meanwhile(app.store, app, chair, 3, 19)
    selling = Meanwhile(selling, app, lamp, 2, 3)
    report = await book(replace(app, store=selling), text)
    assert [error.row for error in report.errors] == [2, 6]
    assert "could not be undone" in report.errors[0].message
    assert (report.created, report.undone) == (1, 3)
    assert (await available(app, chair), await available(app, lamp)) == (1, 2)
