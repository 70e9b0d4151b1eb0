"""Imports of real sales: Online Retail (UCI, D. Chen, 2015, CC BY 4.0), against a plain recount of the file."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from stockwright.domain.account import SYSTEM
from stockwright.domain.errors import Invalid
from stockwright.store.records.products import load_product_ids
from stockwright.store.records.stock import load_stocks, page_of_movements
from stockwright.usecases.context import App
from stockwright.usecases.imports import ImportReport, import_orders, import_products, sku_of
from stockwright.usecases.orders import ListOrders, list_orders
from tests.conftest import ADMIN

DATA = Path(__file__).parent.parent / "data" / "online_retail_10k.csv.gz"


@pytest.fixture(scope="session")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, unpacked."""
    file = tmp_path_factory.mktemp("retail") / "online_retail.csv"
    file.write_bytes(gzip.decompress(DATA.read_bytes()))
    return file


class Recount:
    """The same file counted with nothing but a dictionary: what was sold, came back, and should be left."""

    def __init__(self, file: Path) -> None:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        for row in rows:
            row["StockCode"] = sku_of(row["StockCode"])
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


async def test_units_sold_returned_and_left_are_those_of_the_file(app: App, retail: Path) -> None:
    recount = Recount(retail)
    products = await import_products(app, SYSTEM, retail)
    orders = await import_orders(app, SYSTEM, retail)

    ids = await load_product_ids(app.store, recount.codes)
    assert set(ids) == recount.codes
    assert products.created == len(recount.codes) == 1973
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
    assert sum(recount.returned.values()) == orders.returned_units > 0


async def test_every_invoice_is_a_delivered_order_at_its_own_date(app: App, retail: Path) -> None:
    await import_products(app, SYSTEM, retail)
    await import_orders(app, SYSTEM, retail)
    found = []
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


async def test_every_row_left_out_has_its_reason_and_a_second_import_changes_nothing(app: App, retail: Path) -> None:
    first = [await import_products(app, SYSTEM, retail), await import_orders(app, SYSTEM, retail)]
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


async def test_a_file_without_the_columns_is_refused_whole(app: App, tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Invalid, match="no column InvoiceNo"):
        await import_products(app, SYSTEM, file)
    with pytest.raises(Invalid, match="cannot read"):
        await import_orders(app, SYSTEM, tmp_path / "nothing.csv")
