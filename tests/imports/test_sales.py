"""Imports of real sales: Online Retail (UCI, D. Chen, 2015, CC BY 4.0), against a plain recount of the file."""

from __future__ import annotations

import asyncio
import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.audit.usecases import audit
from stockwright.base.errors import Invalid
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.stocked import get_product
from stockwright.context import App
from stockwright.imports.files import import_orders, import_sold, is_of_sales
from stockwright.imports.report import ImportReport, OnError
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import ListOrders, ReturnOrder, list_orders, return_order
from stockwright.products.records import load_product_ids
from stockwright.reports.usecases import Range, report_sales, report_top_products
from stockwright.request import BY_SYSTEM
from stockwright.stock.records import load_stocks, page_of_movements
from tests.conftest import ADMIN, Clock, bare_app
from tests.rollups.recount import count_all

DATA = Path(__file__).parent.parent / "data" / "online_retail_10k.csv.gz"
CONTENT = gzip.decompress(DATA.read_bytes())


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, unpacked."""
    file = tmp_path_factory.mktemp("retail") / "online_retail.csv"
    file.write_bytes(CONTENT)
    return file


@dataclass
class Imported:
    """A shop that the whole file was imported into, and what each import reported."""

    app: App
    products: ImportReport
    orders: ImportReport


@pytest.fixture(scope="module")
def brought_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ImportReport]]:
    """The whole file, imported once for all tests here."""
    folder = tmp_path_factory.mktemp("shop")

    async def work() -> list[ImportReport]:
        app = await bare_app(folder, Clock())
        try:
            reports = await bring_in(app, CONTENT)
            await count_all(app)
            return reports
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


async def test_reports_of_the_imported_days_equal_the_file(imported: Imported, retail: Path) -> None:
    recount, year = Recount(retail), Range(date(2010, 12, 1), date(2011, 11, 30), "Europe/London")
    sold = await report_sales(imported.app, year, "week")
    assert (sold.total.orders, sold.total.returned) == (len(recount.invoices), recount.returned.total())
    assert sold.total.units == recount.sold.total() - recount.returned.total()
    top = (await report_top_products(imported.app, year, limit=100)).products
    assert [each.units for each in top] == [
        units for _, units in Counter(recount.sold - recount.returned).most_common(100)
    ]


async def test_sold_returned_and_remaining_units_equal_the_file(imported: Imported, retail: Path) -> None:
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


async def test_every_skipped_row_has_its_reason_and_a_second_import_changes_nothing(imported: Imported) -> None:
    app, first = imported.app, [imported.products, imported.orders]
    events = (await app.store.tail(limit=1, reverse=True))[0].position

    second = await bring_in(app, CONTENT)

    assert (await app.store.tail(limit=1, reverse=True))[0].position == events
    assert [report.created for report in second] == [0, 0]
    assert [report.unchanged for report in second] == [report.created for report in first]
    assert [report.errors for report in second] == [report.errors for report in first]
    assert all(error.message and error.row > 1 for report in first for error in report.errors)
    assert first[1].rows == 10_000


HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


async def bring_in(app: App, content: bytes, on_error: OnError = "skip") -> list[ImportReport]:
    """Import the products of a file, then its orders."""
    return [(await work(app, BY_SYSTEM, content, on_error=on_error))[0] for work in (import_sold, import_orders)]


async def both(app: App, *lines: str) -> ImportReport:
    return (await bring_in(app, (HEADER + "\n".join(lines) + "\n").encode()))[1]


async def test_a_product_code_in_another_spelling_is_the_same_product(app: App) -> None:
    report = await both(
        app,
        "1,85123a ,WHITE HANGING HEART,2,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "2, 85123A,WHITE HANGING HEART,3,2010-12-01T09:26:00,2.55,17850,United Kingdom",
        "2,M,Manual,1,2010-12-01T09:26:00,1.00,17850,United Kingdom",
    )
    assert report.errors == []
    assert set(await load_product_ids(app.store, ["85123A", "FEE-M"])) == {"85123A", "FEE-M"}


async def test_an_unreadable_row_is_reported_and_the_rest_is_imported(app: App) -> None:
    report = await both(
        app,
        "1,10001,A GOOD THING,2,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "2,10001,A GOOD THING,many,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "3,10001,A GOOD THING,2,yesterday,2.55,17850,United Kingdom",
        "4,10001,A GOOD THING,2,2010-12-01T08:26:00,cheap,17850,United Kingdom",
    )
    assert report.created == 1
    assert [skipped.row for skipped in report.errors] == [3, 4, 5]


async def test_dates_are_read_in_the_format_of_the_file_and_as_iso_8601(app: App) -> None:
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
        *[f"{number},10001,A GOOD THING,1,{at},2.55,17850,United Kingdom" for number, at in enumerate(dates)],
    )
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    at = {order.reference: order.created_at for order in page}
    assert at == {"0": 1_291_191_960_000} | dict.fromkeys("12", 1_291_191_960_000) | {"3": 1_293_839_940_000}
    assert [(each.row, each.column, each.value, each.message) for each in report.errors] == [
        (6, "InvoiceDate", "13/12/2010 8:26", "must be like 2010-12-01 08:26, or 12/1/2010 8:26 (month first)"),
        (7, "InvoiceDate", "1/1/1969 8:26", "must not be before 1970"),
    ]


@pytest.mark.parametrize("price", ["Infinity", "-inf", "NaN", "1e999999999", "cheap", ""])
async def test_a_row_with_an_invalid_price_is_skipped(app: App, price: str) -> None:
    row = "{},10001,A GOOD THING,1,2010-12-01T08:26:00,{},17850,United Kingdom"
    report = await both(app, row.format(1, "2.55"), row.format(2, price))
    assert report.created == 1
    [refused] = report.errors
    assert (refused.row, refused.column, refused.value) == (3, "UnitPrice", price)
    assert "must be a number such as 2.55" in refused.message


async def test_an_invoice_whose_total_is_too_large_is_refused_before_anything_is_booked(app: App) -> None:
    sale = "{},10001,A GOOD THING,{},2010-12-01T08:26:00,10000000000.00,17850,United Kingdom"
    report = await both(app, sale.format(1, 9007), sale.format(2, 5000), sale.format(2, 4008))
    assert [(error.row, error.value) for error in report.errors] == [(3, "2, 10001, 5000"), (4, "2, 10001, 4008")]
    assert all("total of at most 9007199254740991" in error.message for error in report.errors)
    orders, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert [order.total_cents for order in orders] == [9007 * 10**12]


async def test_a_credit_note_takes_back_from_the_newest_order_first(app: App) -> None:
    sale = "10001,A GOOD THING,2,2010-12-0{}T08:26:00,2.55,17850,United Kingdom"
    report = await both(
        app,
        "1," + sale.format(1),
        "2," + sale.format(2),
        "C3,10001,A GOOD THING,-3,2010-12-03T08:26:00,2.55,17850,United Kingdom",
        "C4,10001,A GOOD THING,-2,2010-12-03T08:26:00,2.55,17850,United Kingdom",
    )
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert {order.reference: order.lines[0].returned for order in page} == {"1": 1, "2": 2}
    assert [error.value for error in report.errors] == ["C4, 10001, -2"]


async def test_a_credit_note_takes_back_from_the_line_of_its_price(app: App) -> None:
    report = await both(
        app,
        "1,10001,A GOOD THING,2,2010-12-01T08:26:00,4.00,17850,United Kingdom",
        "1,10001,A GOOD THING,2,2010-12-01T08:26:00,1.00,17850,United Kingdom",
        "2,10001,A GOOD THING,1,2010-12-01T09:26:00,4.00,17850,United Kingdom",
        "C3,10001,A GOOD THING,-2,2010-12-02T08:26:00,1.00,17850,United Kingdom",
        "C4,10001,A GOOD THING,-2,2010-12-02T09:26:00,4.00,17850,United Kingdom",
    )
    assert (report.returned_units, report.errors) == (4, [])
    orders, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert {each.reference: [line.returned for line in each.lines] for each in orders} == {"1": [1, 2], "2": [1]}
    day = date(2010, 12, 1)
    await count_all(app)
    assert (await report_sales(app, Range(day, day))).total.cents == {"GBP": 400}


async def test_a_credit_note_finds_a_code_that_the_shop_writes_in_lower_case(app: App) -> None:
    good = {"name": "A good thing", "description": "A good thing to have.", "category": "other", "price_cents": 255}
    made = await create_product(app, ADMIN, CreateProduct(**good, sku="abc12", quantity=9, currency="GBP"))  # type: ignore[arg-type]
    report = await both(
        app,
        "1,abc12,A GOOD THING,4,2010-12-01T08:26:00,2.55,17850,United Kingdom",
        "C2,abc12,A GOOD THING,-2,2010-12-02T08:26:00,2.55,17850,United Kingdom",
    )
    assert (report.returned_units, report.unchanged, report.errors) == (2, 0, [])
    assert (await get_product(app, made.product.id)).stock.available == 7


async def test_a_refused_credit_note_is_reported(app: App) -> None:
    sale = "1,10001,A GOOD THING,4,2010-12-01T08:26:00,2.55,17850,United Kingdom"
    await both(app, sale)
    [order], _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(3, "10001")]))
    report = await both(app, sale, "C2,10001,A GOOD THING,-2,2010-12-02T08:26:00,2.55,17850,United Kingdom")
    assert (report.returned_units, report.unchanged) == (0, 1)
    [refused] = report.errors
    assert refused.row == 3
    assert "did not buy" in refused.message


async def test_a_file_without_the_required_columns_is_refused(app: App) -> None:
    with pytest.raises(Invalid, match="no column sku"):
        is_of_sales(b"a,b\n1,2\n", "auto")
    with pytest.raises(Invalid, match="no column InvoiceNo"):
        await import_orders(app, BY_SYSTEM, b"a,b\n1,2\n")


SALE = "{},{},A GOOD THING,{},2010-12-{:02}T08:26:00,{},{},United Kingdom"


async def test_a_credit_note_takes_back_the_line_of_its_price_first(app: App) -> None:
    """One invoice with two prices of one code: the revenue is what the customer paid in the end."""
    report = await both(
        app,
        SALE.format("1", "10001", 2, 1, "4.00", 17850),
        SALE.format("1", "10001", 2, 1, "1.00", 17850),
        SALE.format("C2", "10001", -2, 2, "1.00", 17850),
    )
    assert (report.returned_units, report.errors) == (2, [])
    await count_all(app)
    sold = await report_sales(app, Range(date(2010, 12, 1), date(2010, 12, 3), "UTC"), "day")
    assert sold.total.cents == {"GBP": 800}


@pytest.mark.parametrize("on_error", ["stop", "skip"])
async def test_a_credit_note_above_its_order_is_matched(app: App, on_error: OnError) -> None:
    """A file that is sorted newest first."""
    lines = [
        SALE.format("C3", "10001", -3, 3, "2.55", 17850),
        SALE.format("2", "10001", 2, 2, "2.55", 17850),
        SALE.format("1", "10001", 2, 1, "2.55", 17850),
    ]
    content = (HEADER + "\n".join(lines)).encode()
    _, report = await bring_in(app, content, on_error)
    assert (report.returned_units, report.errors) == (3, [])
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert {order.reference: order.lines[0].returned for order in page} == {"1": 1, "2": 2}


async def test_a_credit_note_does_not_take_back_later_purchases(app: App) -> None:
    report = await both(
        app,
        SALE.format("C1", "10001", -1, 1, "2.55", 17850),
        SALE.format("2", "10001", 2, 2, "2.55", 17850),
    )
    assert [error.row for error in report.errors] == [2]


async def test_a_number_that_a_spreadsheet_wrote_as_a_fraction_is_the_same_customer(app: App) -> None:
    report = await both(
        app,
        SALE.format("1", "10001", 2, 1, "2.55", "99"),
        SALE.format("2.0", "10001.0", 2, 2, "2.55", "99.0"),
        SALE.format("C3", "10001", -4, 3, "2.55", "99"),
    )
    assert (report.returned_units, report.errors) == (4, [])
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert {(order.reference, order.user_id) for order in page} == {("1", "retail-99"), ("2", "retail-99")}


async def test_half_a_penny_is_rounded_up(app: App) -> None:
    await both(app, SALE.format("1", "10001", 1, 1, "2.545", 1), SALE.format("2", "10001", 1, 1, "2.5449", 1))
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert {order.reference: order.total_cents for order in page} == {"1": 255, "2": 254}


async def test_a_refused_row_stops_the_import_unless_partial_import_is_requested(app: App) -> None:
    good, short = SALE.format("1", "10001", 1, 1, "2.55", 1), "2,10001,A GOOD THING,1"
    content = (HEADER + good + "\n" + short).encode()
    events = await app.store.tail(limit=1, reverse=True)
    for report in await bring_in(app, content, "stop"):
        assert report.created == 0
        assert "the row has 4 cells, but the file has 8 headings" in report.errors[-1].message
    assert await app.store.tail(limit=1, reverse=True) == events
    assert [report.created for report in await bring_in(app, content, "skip")] == [1, 1]


async def test_a_corrected_file_imports_only_what_is_missing(app: App) -> None:
    """Rows of an invoice that is booked in part, a new invoice above it, and a credit on another row than before."""
    wrong = [
        SALE.format("1", "10001", 4, 1, "2.55", 1),
        SALE.format("1", "10002", "1,000", 1, "2.55", 1),
        SALE.format("1", "10002", 1, 1, "2.55", 1),
        SALE.format("C2", "10001", -1, 2, "2.55", 1),
    ]
    assert [report.failed for report in await bring_in(app, (HEADER + "\n".join(wrong)).encode())] == [1, 1]
    right = [SALE.format("0", "10001", 2, 1, "2.55", 2), wrong[0], wrong[1].replace("1,000", "3"), *wrong[2:]]
    _, again = await bring_in(app, (HEADER + "\n".join(right)).encode(), "stop")
    assert (again.created, again.errors) == (2, [])
    assert [(each.row, each.what) for each in again.booked_before] == [
        (3, "1, 10001, 4"),
        (5, "1, 10002, 1"),
        (6, "C2, 10001, -1"),
    ]
    page, _ = await list_orders(app, ADMIN, ListOrders(everybody=True))
    assert sorted((o.reference, [(line.sku, line.quantity, line.returned) for line in o.lines]) for o in page) == [
        ("0", [("10001", 2, 0)]),
        ("1", [("10001", 4, 1), ("10002", 1, 0)]),
        ("1", [("10002", 3, 0)]),
    ]
    _, third = await bring_in(app, (HEADER + "\n".join(right)).encode(), "stop")
    assert (third.created, third.errors) == (0, [])


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


async def test_an_import_that_was_interrupted_anywhere_can_be_run_again(tmp_path: Path) -> None:
    content = (
        HEADER + "1,10001,A GOOD THING,4,2010-12-01T08:26:00,2.55,17850,United Kingdom\n"
        "1,10002,A BETTER THING,1,2010-12-01T08:26:00,5.10,17850,United Kingdom\n"
        "2,10001,A GOOD THING,2,2010-12-02T08:26:00,2.55,17850,United Kingdom\n"
        "C3,10001,A GOOD THING,-3,2010-12-03T08:26:00,2.55,17850,United Kingdom\n"
    ).encode()
    cuts = 0
    while True:
        folder = tmp_path / f"cut-{cuts}"
        folder.mkdir()
        app = await bare_app(folder, Clock())
        unplugged = replace(app, store=Unplugged(app.store, cuts))
        try:
            await bring_in(unplugged, content, "stop")
            whole = True
        except PowerCut:
            whole = False
        _, report = await bring_in(app, content, "stop")

        assert report.errors == []
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


class SoldMeanwhile:
    """The real store, in which something happens right before a commit of that number."""

    def __init__(self, store: Any, before: int, happens: Callable[[], Awaitable[object]]) -> None:
        self._store, self._left, self._happens = store, before, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Any]) -> None:
        self._left -= 1
        if self._left == 0:
            await self._happens()
        await self._store.commit(writes)


async def test_orders_are_rolled_back_if_a_later_one_cannot_be_placed(app: App) -> None:
    """Somebody buys between the check and the booking: whole or not at all, and the file can be sent again."""
    lines = [SALE.format(n, f"1000{n}", 4, n, "2.55", 1) for n in (1, 2)]
    content = (HEADER + "\n".join(lines)).encode()
    await import_sold(app, BY_SYSTEM, content)
    ids = await load_product_ids(app.store, ["10001", "10002"])

    async def buy() -> None:
        await change_stock(app, ADMIN, ChangeStock(ids["10002"], 12, "SALE"))

    hurried: Any = SoldMeanwhile(app.store, 2, buy)
    report, _ = await import_orders(replace(app, store=hurried), BY_SYSTEM, content)
    assert (report.created, report.undone, [error.row for error in report.errors]) == (0, 1, [3])
    stocks = await load_stocks(app.store, ids.values())
    assert (stocks[ids["10001"]].total, stocks[ids["10002"]].total) == (14, 2)

    await change_stock(app, ADMIN, ChangeStock(ids["10002"], 12, "RESTOCK"))
    again, _ = await import_orders(app, BY_SYSTEM, content)
    assert (again.created, again.errors) == (2, [])
    stocks = await load_stocks(app.store, ids.values())
    assert (stocks[ids["10001"]].total, stocks[ids["10002"]].total) == (10, 10)
