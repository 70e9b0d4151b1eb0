"""Imports of real sales: Online Retail (UCI, D. Chen, 2015, CC BY 4.0), against a plain recount of the file."""

from __future__ import annotations

import asyncio
import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from stockwright.domain.account import SYSTEM
from stockwright.domain.errors import Invalid
from stockwright.domain.returns import ReturnItem
from stockwright.store.records.products import load_product_ids
from stockwright.store.records.stock import load_stocks, page_of_movements
from stockwright.usecases.audit import audit
from stockwright.usecases.catalog import get_product
from stockwright.usecases.context import App
from stockwright.usecases.imports import ImportReport, import_orders, import_products
from stockwright.usecases.new_product import CreateProduct, create_product
from stockwright.usecases.orders import ListOrders, ReturnOrder, list_orders, return_order
from stockwright.usecases.reports import Range, report_sales, report_top_products
from tests.conftest import ADMIN, Clock, bare_app

DATA = Path(__file__).parent.parent / "data" / "online_retail_10k.csv.gz"


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, unpacked."""
    file = tmp_path_factory.mktemp("retail") / "online_retail.csv"
    file.write_bytes(gzip.decompress(DATA.read_bytes()))
    return file


@dataclass
class Imported:
    """A shop that the whole file was imported into, and what each import told."""

    app: App
    products: ImportReport
    orders: ImportReport


@pytest.fixture(scope="module")
def brought_in(retail: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ImportReport]]:
    """The whole file, imported once for all tests here."""
    folder = tmp_path_factory.mktemp("shop")

    async def work() -> list[ImportReport]:
        app = await bare_app(folder, Clock())
        try:
            return [await import_products(app, SYSTEM, retail), await import_orders(app, SYSTEM, retail)]
        finally:
            await app.store.close()

    return folder, asyncio.run(work())


@pytest.fixture
async def imported(brought_in: tuple[Path, list[ImportReport]], clock: Clock) -> AsyncIterator[Imported]:
    folder, reports = brought_in
    app = await bare_app(folder, clock)
    yield Imported(app, *reports)
    audited = await audit(app)
    await app.store.close()
    assert audited.is_clean


class Recount:
    """The same file counted with nothing but a dictionary: what was sold, came back, and should be left."""

    def __init__(self, file: Path) -> None:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        for row in rows:
            code = row["StockCode"].strip().upper()
            row["StockCode"] = code if len(code) > 2 else f"FEE-{code}"
        described = {row["StockCode"] for row in rows if len(row["Description"].strip()) > 2}
        priced = {row["StockCode"] for row in rows if float(row["UnitPrice"]) > 0}
        self.codes = described & priced
        self.sold: Counter[str] = Counter()
        self.returned: Counter[str] = Counter()
        self.invoices: set[str] = set()
        bought: defaultdict[tuple[str, str], int] = defaultdict(int)
        for row in rows:
            code, units, who = row["StockCode"], int(row["Quantity"]), (row["CustomerID"], row["StockCode"])
            if code not in self.codes:
                continue
            if not row["InvoiceNo"].startswith("C") and units > 0:
                self.sold[code] += units
                bought[who] += units
                self.invoices.add(row["InvoiceNo"])
            elif row["InvoiceNo"].startswith("C") and 0 < -units <= bought[who]:
                self.returned[code] -= units
                bought[who] += units

    def left(self, code: str) -> int:
        return 10 + self.returned[code]


async def test_reports_of_the_files_days_count_what_the_file_says(imported: Imported, retail: Path) -> None:
    recount, year = Recount(retail), Range(date(2010, 12, 1), date(2011, 11, 30), "Europe/London")
    sold = await report_sales(imported.app, year, "week")
    assert (sold.total.orders, sold.total.returned) == (len(recount.invoices), recount.returned.total())
    assert sold.total.units == recount.sold.total() - recount.returned.total()
    top = (await report_top_products(imported.app, year, limit=100)).products
    assert [each.units for each in top] == [
        units for _, units in Counter(recount.sold - recount.returned).most_common(100)
    ]


async def test_units_sold_returned_and_left_are_those_of_the_file(imported: Imported, retail: Path) -> None:
    recount, app = Recount(retail), imported.app
    ids = await load_product_ids(app.store, recount.codes)
    assert set(ids) == recount.codes
    assert imported.products.created == len(recount.codes) == 1973
    stocks = await load_stocks(app.store, ids.values())
    for code, product_id in ids.items():
        booked: Counter[str] = Counter()
        after: str | None = None
        while True:
            page, after = await page_of_movements(app.store, product_id, after=after, limit=500)
            for movement in page:
                booked[movement.type] += movement.quantity
            if after is None:
                break
        assert -booked["SALE"] == recount.sold[code], code
        assert booked["RETURN"] == recount.returned[code], code
        assert (stocks[product_id].available, stocks[product_id].reserved) == (recount.left(code), 0), code
    assert sum(recount.returned.values()) == imported.orders.returned_units > 0


async def test_every_invoice_is_a_delivered_order_at_its_own_date(imported: Imported, retail: Path) -> None:
    app, found = imported.app, []
    after: str | None = None
    while True:
        page, after = await list_orders(app, ADMIN, ListOrders(everybody=True, limit=100, after=after))
        found += page
        if after is None:
            break
    assert {order.reference for order in found} == Recount(retail).invoices
    assert {order.status for order in found} == {"DELIVERED"}
    assert max(len(order.lines) for order in found) == 593
    first = min(found, key=lambda order: order.created_at)
    assert first.reference == "536365"
    assert first.total_cents == 13912


async def test_every_row_left_out_has_its_reason_and_a_second_import_changes_nothing(
    imported: Imported, retail: Path
) -> None:
    app, first = imported.app, [imported.products, imported.orders]
    events = (await app.store.tail(limit=1, reverse=True))[0].position

    second = [await import_products(app, SYSTEM, retail), await import_orders(app, SYSTEM, retail)]

    assert (await app.store.tail(limit=1, reverse=True))[0].position == events
    assert [report.created for report in second] == [0, 0]
    assert [report.unchanged for report in second] == [report.created for report in first]
    assert [report.skipped for report in second] == [report.skipped for report in first]
    assert all(skipped.reason and skipped.row > 1 for report in first for skipped in report.skipped)
    assert first[1].rows == 10_000


HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


async def both(app: App, tmp_path: Path, *lines: str) -> ImportReport:
    file = tmp_path / "sales.csv"
    file.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    await import_products(app, SYSTEM, file)
    return await import_orders(app, SYSTEM, file)


async def test_an_untidy_code_is_one_product(app: App, tmp_path: Path) -> None:
    report = await both(
        app,
        tmp_path,
        "1,85123a ,WHITE HANGING HEART,2,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "2, 85123A,WHITE HANGING HEART,3,2010-12-01T09:26:00,2.55,17850,United Kingdom",
        "2,M,Manual,1,2010-12-01T09:26:00,1.00,17850,United Kingdom",
    )
    assert report.skipped == []
    assert set(await load_product_ids(app.store, ["85123A", "FEE-M"])) == {"85123A", "FEE-M"}


async def test_a_row_that_cannot_be_read_is_told_and_the_rest_is_imported(app: App, tmp_path: Path) -> None:
    report = await both(
        app,
        tmp_path,
        "1,10001,A GOOD THING,2,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "2,10001,A GOOD THING,many,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "3,10001,A GOOD THING,2,yesterday,2.55,17850,United Kingdom",
        "4,10001,A GOOD THING,2,2010-12-01T08:26:00,cheap,17850,United Kingdom",
    )
    assert report.created == 1
    assert [skipped.row for skipped in report.skipped] == [3, 4, 5]


async def test_dates_are_read_as_the_file_has_them_and_as_iso_8601(app: App, tmp_path: Path) -> None:
    dates = [
        "12/1/2010 8:26",
        "2010-12-01 08:26",
        "2010-12-01T09:26+01:00",
        "12/31/2010 23:59",
        "13/12/2010 8:26",
        "1/1/1969 8:26",
    ]
    report = await both(
        app,
        tmp_path,
        *[f"{number},10001,A GOOD THING,1,{at},2.55,17850,United Kingdom" for number, at in enumerate(dates)],
    )
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    at = {order.reference: order.created_at for order in page}
    assert at == {"0": 1_291_191_960_000} | dict.fromkeys("12", 1_291_191_960_000) | {"3": 1_293_839_940_000}
    assert [(each.row, each.reason) for each in report.skipped] == [
        (6, "cannot be read: InvoiceDate must be like 2010-12-01 08:26, or 12/1/2010 8:26 (month first)"),
        (7, "cannot be read: InvoiceDate must not be before 1970"),
    ]


@pytest.mark.parametrize("price", ["Infinity", "-inf", "NaN", "1e999999999", "cheap", ""])
async def test_a_price_that_is_none_leaves_its_row_out(app: App, tmp_path: Path, price: str) -> None:
    row = "{},10001,A GOOD THING,1,2010-12-01T08:26:00,{},17850,United Kingdom"
    report = await both(app, tmp_path, row.format(1, "2.55"), row.format(2, price))
    assert report.created == 1
    assert [(each.row, each.reason) for each in report.skipped] == [
        (3, "cannot be read: UnitPrice must be a number such as 2.55")
    ]


async def test_a_credit_note_takes_back_from_the_newest_order_first(app: App, tmp_path: Path) -> None:
    sale = "10001,A GOOD THING,2,2010-12-0{}T08:26:00,2.55,17850,United Kingdom"
    report = await both(
        app,
        tmp_path,
        "1," + sale.format(1),
        "2," + sale.format(2),
        "C3,10001,A GOOD THING,-3,2010-12-03T08:26:00,2.55,17850,United Kingdom",
        "C4,10001,A GOOD THING,-2,2010-12-03T08:26:00,2.55,17850,United Kingdom",
    )
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert {order.reference: order.lines[0].returned for order in page} == {"1": 1, "2": 2}
    assert [skipped.invoice for skipped in report.skipped] == ["C4"]


async def test_a_credit_note_takes_back_from_the_line_of_its_price(app: App, tmp_path: Path) -> None:
    report = await both(
        app,
        tmp_path,
        "1,10001,A GOOD THING,2,2010-12-01T08:26:00,4.00,17850,United Kingdom",
        "1,10001,A GOOD THING,2,2010-12-01T08:26:00,1.00,17850,United Kingdom",
        "2,10001,A GOOD THING,1,2010-12-01T09:26:00,4.00,17850,United Kingdom",
        "C3,10001,A GOOD THING,-2,2010-12-02T08:26:00,1.00,17850,United Kingdom",
        "C4,10001,A GOOD THING,-2,2010-12-02T09:26:00,4.00,17850,United Kingdom",
    )
    assert (report.returned_units, report.skipped) == (4, [])
    orders, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert {each.reference: [line.returned for line in each.lines] for each in orders} == {"1": [1, 2], "2": [1]}
    day = date(2010, 12, 1)
    assert (await report_sales(app, Range(day, day))).total.cents == {"GBP": 400}


async def test_a_credit_note_finds_a_code_that_the_shop_writes_in_lower_case(app: App, tmp_path: Path) -> None:
    good = {"name": "A good thing", "description": "A good thing to have.", "category": "other", "price_cents": 255}
    made = await create_product(app, ADMIN, CreateProduct(**good, sku="abc12", quantity=9, currency="GBP"))  # type: ignore[arg-type]
    report = await both(
        app,
        tmp_path,
        "1,abc12,A GOOD THING,4,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "C2,abc12,A GOOD THING,-2,2010-12-02T08:26:00,2.55,17850,United Kingdom",
    )
    assert (report.returned_units, report.unchanged, report.skipped) == (2, 0, [])
    assert (await get_product(app, made.product.id)).stock.available == 7


async def test_a_credit_note_that_is_refused_is_told(app: App, tmp_path: Path) -> None:
    sale = "1,10001,A GOOD THING,4,2010-12-01T08:26:00,2.55,17850,United Kingdom"
    await both(app, tmp_path, sale)
    [order], _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(3, "10001")]))
    report = await both(app, tmp_path, sale, "C2,10001,A GOOD THING,-2,2010-12-02T08:26:00,2.55,17850,United Kingdom")
    assert (report.returned_units, report.unchanged) == (0, 1)
    assert [(each.row, each.reason) for each in report.skipped] == [
        (3, "items[0].quantity only 1 of 10001 can still be returned")
    ]


async def test_a_file_without_the_columns_is_refused_whole(app: App, tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Invalid, match="no column InvoiceNo"):
        await import_products(app, SYSTEM, file)
    with pytest.raises(Invalid, match="cannot read"):
        await import_orders(app, SYSTEM, tmp_path / "nothing.csv")


class PowerCut(Exception):
    """The process ends here."""


class Unplugged:
    """The real store, until its plug is pulled after so many commits."""

    def __init__(self, store: Any, commits: int) -> None:
        self._store, self._left = store, commits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Any]) -> None:
        if self._left == 0:
            raise PowerCut
        self._left -= 1
        await self._store.commit(writes)


async def test_an_import_that_was_cut_off_anywhere_is_simply_run_again(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(
        HEADER + "1,10001,A GOOD THING,4,2010-12-01T08:26:00,2.55,17850,United Kingdom\n"
        "1,10002,A BETTER THING,1,2010-12-01T08:26:00,5.10,17850,United Kingdom\n"
        "2,10001,A GOOD THING,2,2010-12-02T08:26:00,2.55,17850,United Kingdom\n"
        "C3,10001,A GOOD THING,-3,2010-12-03T08:26:00,2.55,17850,United Kingdom\n"
    )
    cuts = 0
    while True:
        folder = tmp_path / f"cut-{cuts}"
        folder.mkdir()
        app = await bare_app(folder, Clock())
        unplugged = replace(app, store=Unplugged(app.store, cuts))
        try:
            await import_products(unplugged, SYSTEM, file)
            await import_orders(unplugged, SYSTEM, file)
            whole = True
        except PowerCut:
            whole = False
        await import_products(app, SYSTEM, file)
        report = await import_orders(app, SYSTEM, file)

        assert report.skipped == []
        assert (await audit(app)).is_clean
        ids = await load_product_ids(app.store, ["10001", "10002"])
        stocks = await load_stocks(app.store, ids.values())
        assert {sku: stocks[ids[sku]].total for sku in ids} == {"10001": 13, "10002": 10}
        page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
        assert [(order.reference, order.status, order.lines[0].returned) for order in page] == [
            ("2", "DELIVERED", 2),
            ("1", "DELIVERED", 1),
        ]
        await app.store.close()
        if whole:
            break
        cuts += 1
    assert cuts == 10, "two products, three steps for each order, two returns"
