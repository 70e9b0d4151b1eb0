"""Stock from a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stockwright.domain.errors import Invalid
from stockwright.usecases.context import App
from stockwright.usecases.inventory_views import MovementFilter, get_by_product, list_movements
from stockwright.usecases.lines import LineWanted
from stockwright.usecases.orders import ListOrders, PlaceOrder, confirm_order, list_orders, place_order
from stockwright.usecases.stock_import import import_stock
from tests.conftest import ADMIN, ALICE, Product

Sheet = Callable[[str], Path]


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[[str], Path]:
    """Write a spreadsheet's file."""

    def write(text: str) -> Path:
        file = tmp_path / "stock.csv"
        file.write_bytes(text.encode("latin-1"))
        return file

    return write


async def available(app: App, product_id: str) -> int:
    return (await get_by_product(app, product_id)).stock.available


async def test_what_came_in_and_went_out_is_added_once(app: App, product: Product, sheet: Sheet) -> None:
    chair, lamp = await product(5, sku="CHAIR"), await product(5, sku="LAMP")
    file = sheet("sku,quantity,reason\nCHAIR,20,Delivery 7\nlamp,-2,Broken\n")

    report = await import_stock(app, ADMIN, file, "add")
    assert (report.rows, report.created, report.unchanged, report.skipped) == (2, 2, 0, [])
    assert (await available(app, chair.product.id), await available(app, lamp.product.id)) == (25, 3)
    booked, _ = await list_movements(app, MovementFilter(product_id=chair.product.id))
    assert (booked[0].movement.type, booked[0].movement.reason) == ("RESTOCK", "Delivery 7")

    again = await import_stock(app, ADMIN, file, "add")
    assert (again.created, again.unchanged) == (0, 2)
    assert (await available(app, chair.product.id), await available(app, lamp.product.id)) == (25, 3)


async def test_a_file_is_booked_anew_where_that_is_told(app: App, product: Product, sheet: Sheet) -> None:
    chair = (await product(5, sku="CHAIR")).product.id
    file = sheet("sku,quantity\nCHAIR,20\n")
    await import_stock(app, ADMIN, file, "add")
    assert (await import_stock(app, ADMIN, file, "add", again=True)).created == 1
    assert await available(app, chair) == 45


async def test_a_count_that_agreed_books_nothing_when_its_file_comes_again_after_a_sale(
    app: App, product: Product, sheet: Sheet
) -> None:
    chair = (await product(8, sku="CHAIR")).product.id
    file = sheet("sku,quantity\nCHAIR,8\n")
    assert (await import_stock(app, ADMIN, file, "count")).unchanged == 1
    await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair)]))
    await confirm_order(app, ADMIN, (await list_orders(app, ALICE, ListOrders()))[0][0].id)
    assert (await import_stock(app, ADMIN, file, "count")).unchanged == 1
    assert await available(app, chair) == 5


async def test_a_count_is_of_the_total_and_a_set_of_what_is_available(app: App, product: Product, sheet: Sheet) -> None:
    chair = await product(10, sku="CHAIR")
    await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair.product.id)]))
    file = sheet("sku,quantity\nCHAIR,8\n")

    assert (await import_stock(app, ADMIN, file, "count")).created == 1
    assert await available(app, chair.product.id) == 5
    assert (await import_stock(app, ADMIN, file, "set")).created == 1
    assert await available(app, chair.product.id) == 8
    assert (await import_stock(app, ADMIN, file, "set")).unchanged == 1


async def test_rows_of_one_product_are_booked_in_their_order(app: App, product: Product, sheet: Sheet) -> None:
    chair = await product(1, sku="CHAIR")
    file = sheet("sku,quantity\n" + "".join(f"CHAIR,{number}\n" for number in range(2, 40)))
    await import_stock(app, ADMIN, file, "count")
    assert await available(app, chair.product.id) == 39


async def test_what_cannot_be_booked_is_told_row_by_row(app: App, product: Product, sheet: Sheet) -> None:
    chair = await product(5, sku="CHAIR")
    await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair.product.id)]))
    file = sheet("sku,quantity,location\nNOTHING,1,\nCHAIR,many,\nCHAIR,2,\nCHAIR,4,cellar\n")
    report = await import_stock(app, ADMIN, file, "count")
    assert [(each.row, each.code) for each in report.skipped] == [
        (2, "NOTHING"),
        (3, "CHAIR"),
        (4, "CHAIR"),
        (5, "CHAIR"),
    ]
    reasons = [each.reason for each in report.skipped]
    assert reasons[0] == "no such product"
    assert "whole number" in reasons[1]
    assert "reserved" in reasons[2]
    assert "cellar" in reasons[3]
    assert await available(app, chair.product.id) == 2


async def test_a_row_may_name_its_location(app: App, product: Product, sheet: Sheet) -> None:
    chair = await product(5, sku="CHAIR")
    file = sheet("sku,quantity,location\nCHAIR,7,default\n")
    await import_stock(app, ADMIN, file, "add")
    assert (await get_by_product(app, chair.product.id)).stock.levels["default"].available == 12


@pytest.mark.parametrize("text", ["code,units\nA,1\n", "", "\x00\xff"])
async def test_a_file_of_another_kind_is_refused(app: App, sheet: Sheet, text: str) -> None:
    file = sheet(text)
    with pytest.raises(Invalid):
        await import_stock(app, ADMIN, file, "add")
