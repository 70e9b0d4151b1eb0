"""Products from a spreadsheet in our own columns."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from stockwright.api.spreadsheet import csv_parts
from stockwright.domain.account import SYSTEM
from stockwright.imports.files import import_products
from stockwright.imports.report import ImportReport
from stockwright.store.records.products import load_product_ids
from stockwright.usecases.catalog import (
    ListProducts,
    StockedProduct,
    UpdateProduct,
    delete_product,
    get_product,
    list_products,
    update_product,
)
from stockwright.usecases.categories import list_categories
from stockwright.usecases.context import App
from stockwright.usecases.exports import COLUMNS, export
from tests.conftest import ADMIN, Product


async def bring_in(app: App, text: str, **options: Any) -> ImportReport:
    return (await import_products(app, ADMIN, text.encode(), **options))[0]


async def by_sku(app: App) -> dict[str, StockedProduct]:
    found, _ = await list_products(app, ADMIN, ListProducts(limit=100))
    return {each.product.sku: each for each in found}


async def exported(app: App) -> bytes:
    return b"".join([part async for part in csv_parts(COLUMNS["products"], export(app, SYSTEM, "products"))])


def faults(report: ImportReport) -> list[tuple[int, str]]:
    return [(error.row, error.told()) for error in report.errors]


async def test_products_are_made_and_changed_by_sku(app: App, product: Product) -> None:
    chair = await product(5, sku="CHAIR", name="Old chair", brand="Oak", price_cents=100)
    report = await bring_in(
        app, "SKU;Name;price decimal;brand;available\nchair;New chair;1,50;;9\nLAMP-1;A tall lamp;49,90;Lux;7\n"
    )
    assert (report.created, report.updated, report.errors) == (1, 1, [])
    after = await get_product(app, chair.product.id)
    assert (after.product.name, after.product.price_cents, after.product.brand) == ("New chair", 150, "")
    assert after.stock.available == 5
    assert ["another stock" in note for note in report.notes] == [True]
    lamp = (await by_sku(app))["LAMP-1"]
    assert (lamp.product.price_cents, lamp.product.category, lamp.stock.available) == (4990, "other", 7)
    assert lamp.product.description == "A tall lamp"


async def test_what_was_exported_changes_nothing_and_makes_the_same_products_elsewhere(
    app: App, product: Product
) -> None:
    odd = {
        "name": "=Chair; -with, \"quotes\" 'n'",
        "description": "'=1+1, and\nmore; @all",
        "sku": "-A+2",
        "brand": "+Oak",
        "currency": "KWD",
        "price_cents": 12345,
        "options": {"color": ["=red", "blue"]},
        "attributes": {"care": {"wash": 30}},
        "image_url": "https://example.com/a.png",
        "thresholds": {"low_stock": 1, "reorder_point": 2, "reorder_quantity": 3},
    }
    made = await product(5, **odd)
    await product(2, sku="LAMP")
    content = await exported(app)
    report, _ = await import_products(app, ADMIN, content)
    assert (report.created, report.updated, report.unchanged, report.errors) == (0, 0, 2, [])
    assert report.notes == []

    await delete_product(app, ADMIN, made.product.id)
    text = content.decode().replace(made.product.id, "prd-other")
    again, _ = await import_products(app, ADMIN, text.encode())
    assert (again.created, again.unchanged, again.errors) == (1, 1, [])
    after = await get_product(app, "prd-other")
    for name in (
        "name",
        "description",
        "sku",
        "brand",
        "currency",
        "price_cents",
        "options",
        "attributes",
        "image_url",
    ):
        assert getattr(after.product, name) == getattr(made.product, name), name
    assert (after.stock.available, after.stock.thresholds) == (5, made.stock.thresholds)


async def test_every_wrong_cell_is_told_and_nothing_is_written(app: App, product: Product) -> None:
    await product(5, sku="CHAIR")
    report = await bring_in(
        app,
        "sku,name,price,currency,status,options,lowStockThreshold,category\n"
        "CHAIR,X,100,EUR,ACTIVE,,5,other\n"
        'LAMP,A tall lamp,"1,000",EUR,GONE,red,many,other\n'
        "DESK,A wide desk,100,XXX,ACTIVE,,5,other\n"
        "DESK,A wide desk,100,EUR,ACTIVE,,5,other\n"
        "SHELF,A shelf of oak,,EUR,ACTIVE,,5,Garden\n"
        ",A table of oak,100,EUR,ACTIVE,,5,other\n",
    )
    rows = [row for row, _ in faults(report)]
    assert rows == [2, 3, 3, 3, 3, 4, 5, 6, 7]
    told = dict.fromkeys(rows, "") | dict(faults(report))
    assert "name must be" in told[2]
    assert "thousands" in next(why for _, why in faults(report) if why.startswith("price"))
    assert "stands in row 4 already" in told[5]
    assert "price" in told[6]
    assert "sku is empty" in told[7]
    assert set(await by_sku(app)) == {"CHAIR"}
    assert "Garden" not in await list_categories(app)


@pytest.mark.parametrize(
    "cell",
    ["red", "[1]", '{""a"": NaN}', '{""a"": 1e999}', '{""a"": ""\\ud800""}', '{""a"": ' * 2000,
     '{""a"": 1' + "0" * 400 + "}", '{""a"": 1, ""a"": [' + "[" * 500 + "]" * 500 + "]}"],
)  # fmt: skip
async def test_options_that_are_none_are_refused(app: App, cell: str) -> None:
    report = await bring_in(app, f'sku,name,price,options\nLAMP-1,A tall lamp,100,"{cell}"\n', on_error="skip")
    assert (report.created, [error.row for error in report.errors]) == (0, [2])


async def test_prices_that_contradict_each_other_are_refused(app: App) -> None:
    text = "sku,name,currency,price,priceDecimal\nLAMP-1,A tall lamp,{},{},{}\n"
    assert (await bring_in(app, text.format("EUR", 4990, "49.91"))).failed == 1
    assert (await bring_in(app, text.format("JPY", 4990, "49.90"))).failed == 1
    assert (await bring_in(app, text.format("JPY", 4990, "4990"))).created == 1


async def test_a_category_that_does_not_exist_is_added_once_however_it_is_written(app: App) -> None:
    rows = "".join(f"SKU-{n},Thing number {n},100,{name}\n" for n, name in enumerate(("Garden", "garden ", "OTHER")))
    report = await bring_in(app, f"sku,name,price,category\n{rows}", dry_run=True)
    assert (report.created, report.notes) == (0, ["New categories: Garden"])
    report = await bring_in(app, f"sku,name,price,category\n{rows}")
    assert (report.created, report.errors) == (3, [])
    assert {each.product.category for each in (await by_sku(app)).values()} == {"Garden", "other"}
    assert (await bring_in(app, f"sku,name,price,category\n{rows}")).unchanged == 3


class Meanwhile:
    """The real store, in which something happens once, right before a commit of that number."""

    def __init__(self, store: Any, before: int, happens: Any) -> None:
        self._store, self._left, self._happens = store, before, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Any) -> None:
        self._left -= 1
        if self._left == 0:
            await self._happens()
        await self._store.commit(writes)


@pytest.mark.parametrize("on_error", ["stop", "skip"])
async def test_where_a_later_row_is_refused_after_all_the_earlier_ones_are_undone(
    app: App, product: Product, on_error: str
) -> None:
    """Somebody edits a product between the check and the booking."""
    chair, lamp = await product(5, sku="CHAIR", price_cents=100), await product(5, sku="LAMP", price_cents=100)

    async def edit() -> None:
        await update_product(app, ADMIN, UpdateProduct(lamp.product.id, {"brand": "Lux"}))

    hurried: Any = Meanwhile(app.store, 2, edit)
    text = (
        "sku,name,price,category\nDESK-1,A wide desk,500,Garden\nCHAIR,A new chair,200,other\nLAMP,A lamp,300,other\n"
    )
    report = await bring_in(replace(app, store=hurried), text, on_error=on_error)
    assert [error.row for error in report.errors] == [4]
    shop = await by_sku(app)
    assert shop["LAMP"].product.price_cents == 100
    if on_error == "stop":
        assert (report.created, report.updated, report.undone) == (0, 0, 2)
        assert set(shop) == {"CHAIR", "LAMP"}
        assert (shop["CHAIR"].product.name, shop["CHAIR"].product.price_cents) == (chair.product.name, 100)
        assert "Garden" not in await list_categories(app)
    else:
        assert (report.created, report.updated, report.undone) == (1, 1, 0)
    assert (await bring_in(app, text)).errors == []
    assert {sku: each.product.price_cents for sku, each in (await by_sku(app)).items()} == {
        "DESK-1": 500,
        "CHAIR": 200,
        "LAMP": 300,
    }


async def test_the_profile_is_found_out_by_the_headings(app: App) -> None:
    sales = "InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID\n"
    row = "1;10001;A GOOD THING;1;2010-12-01 08:26;2,55;99\n"
    report = await bring_in(app, sales + row)
    assert (report.profile, report.created, report.errors) == ("online-retail", 1, [])
    ids = await load_product_ids(app.store, ["10001"])
    assert (await get_product(app, ids["10001"])).product.price_cents == 255
    assert (await bring_in(app, "sku,name,price,colour\nLAMP-1,A tall lamp,100,red\n")).notes == [
        "Columns that are not read: colour"
    ]


def test_what_is_read_and_what_is_exported_are_the_same_columns() -> None:
    from stockwright.imports.products import FIELDS, NOT_READ

    headings = {name for names in FIELDS.values() for name in names} | set(NOT_READ)
    assert [name for name in COLUMNS["products"] if name not in headings] == []
    assert csv.DictReader(io.StringIO(",".join(COLUMNS["products"]))).fieldnames == list(COLUMNS["products"])
