"""The sales of the past, in the columns of UCI's "Online Retail": each row read strictly.

InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID. Dates are ISO 8601 or
month/day/year hour:minute. Credit notes have an InvoiceNo that begins with C.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stockwright.base.errors import Refused
from stockwright.base.names import clean
from stockwright.base.ports import SetClock
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.stocked import StockedProduct
from stockwright.catalog.usecases import delete_product
from stockwright.imports.booking import load_product_ids, part_of
from stockwright.imports.columns import Columns, find_columns
from stockwright.imports.report import one_line
from stockwright.imports.values import WrongCell, instant, number_as_text, price, whole_number
from stockwright.products.model import PRICE_CENTS_MAX
from stockwright.stock.model import QUANTITY_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.imports.reader import Row, Table
    from stockwright.imports.report import ImportReport
    from stockwright.request import Request

ONLINE_RETAIL: Final = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
)  # fmt: skip
"""The columns of UCI's "Online Retail" (D. Chen, 2015) that are read; `Country` is not."""
SPARE_UNITS: Final = 10
CURRENCY: Final = "GBP"
FEES: Final = frozenset({"POST", "DOT", "D", "M", "C2", "BANK CHARGES", "CRUK", "S", "AMAZONFEE"})
"""Postage, discounts, manual entries and charges, which the file keeps among the goods."""
NOT_A_PRODUCT: Final = "no row of this code has a description and a price: not a product"


class SaleRow(Struct, frozen=True):
    """One line of the file that was understood whole."""

    number: int
    invoice: str
    code: str
    description: str
    quantity: int
    at: int
    price_cents: int
    customer: str

    @property
    def is_credit(self) -> bool:
        """Whether it is of a credit note."""
        return self.invoice.startswith("C")


def read_sales(table: Table, report: ImportReport) -> list[SaleRow]:
    """Read the rows; one that is not understood whole is refused with its reason."""
    fields = {name: (name,) for name in ONLINE_RETAIL}
    columns = find_columns(table, fields, report, not_read=("Country",))
    rows: list[SaleRow] = []
    for row in table.rows:
        if row.fault:
            report.refuse(row.number, row.fault)
            continue
        read = _row(row, table, columns, report)
        if read is not None:
            rows.append(read)
    return rows


def _row(row: Row, table: Table, columns: Columns, report: ImportReport) -> SaleRow | None:
    wrong = False

    def refuse(name: str, why: str) -> None:
        nonlocal wrong
        wrong = True
        report.refuse(row.number, why, columns.headings[name], columns.text(row, name))

    quantity = at = price_cents = 0
    try:
        quantity = whole_number(columns.text(row, "Quantity"))
        if abs(quantity) > QUANTITY_MAX:
            refuse("Quantity", f"must be at most {QUANTITY_MAX}")
    except WrongCell as why:
        refuse("Quantity", str(why))
    try:
        at = instant(columns.text(row, "InvoiceDate"))
    except WrongCell as why:
        refuse("InvoiceDate", str(why))
    try:
        price_cents = price(columns.text(row, "UnitPrice"), CURRENCY, table.delimiter)
        if abs(price_cents) > PRICE_CENTS_MAX:
            refuse("UnitPrice", "is too large")
    except WrongCell as why:
        refuse("UnitPrice", str(why))
    invoice = number_as_text(columns.text(row, "InvoiceNo")).upper()
    code = sku_of(columns.text(row, "StockCode"))
    for name in ("InvoiceNo", "StockCode"):
        if not columns.text(row, name):
            refuse(name, "is empty")
    if wrong:
        return None
    return SaleRow(
        number=row.number,
        invoice=invoice,
        code=code,
        description=" ".join(columns.text(row, "Description").split()),
        quantity=quantity,
        at=at,
        price_cents=price_cents,
        customer=number_as_text(columns.text(row, "CustomerID")),
    )


def sku_of(code: str) -> str:
    """Write an untidy stock code in one way: trimmed, upper case; codes under three letters are fees."""
    written = number_as_text(clean(code)).upper()
    return f"FEE-{written}" if len(written) < 3 else written  # noqa: PLR2004 - S2: a SKU has 3 characters


async def import_sold_products(
    app: App,
    request: Request,
    table: Table,
    report: ImportReport,
    progress: Callable[[int, int], None],
) -> None:
    """Build the catalogue of a file of sales: each code once, named and priced as most of its rows are."""
    rows = read_sales(table, report)
    by_code: dict[str, list[SaleRow]] = defaultdict(list)
    for row in rows:
        by_code[row.code].append(row)
    known = await load_product_ids(app, by_code)
    report.unchanged = sum(code in known for code in by_code)
    wanted: dict[str, CreateProduct] = {}
    for code, of_code in by_code.items():
        if code in known:
            continue
        command = _product(code, of_code)
        if command is None:
            _refuse_all(report, of_code, NOT_A_PRODUCT)
        else:
            wanted[code] = command
    if not report.stops:
        opened = app.at(SetClock(min((row.at for row in rows), default=app.clock.now())))
        await _create(opened, part_of(request, app.ids.new("imp")), wanted, by_code, report, progress)


async def _create(
    app: App,
    request: Request,
    wanted: Mapping[str, CreateProduct],
    by_code: Mapping[str, Sequence[SaleRow]],
    report: ImportReport,
    progress: Callable[[int, int], None],
) -> None:
    made: list[StockedProduct] = []
    for done, (code, command) in enumerate(wanted.items(), 1):
        progress(done, len(wanted))
        try:
            made.append(await create_product(app, request, command))
        except Refused as refused:
            _refuse_all(report, by_code[code], one_line(refused), refused.code)
            if report.stops:
                await _undo(app, request, made, by_code, report)
                return
        else:
            report.created += 1


async def _undo(
    app: App,
    request: Request,
    made: Sequence[StockedProduct],
    by_code: Mapping[str, Sequence[SaleRow]],
    report: ImportReport,
) -> None:
    for each in reversed(made):
        try:
            await delete_product(app, request, each.product.id, each.product.version)
        except Refused as refused:
            row = by_code[each.product.sku][0]
            report.refuse(row.number, f"is done and could not be undone: {one_line(refused)}")
        else:
            report.undone += 1
            report.created -= 1


def _refuse_all(report: ImportReport, rows: Sequence[SaleRow], why: str, code: str = "VALIDATION_ERROR") -> None:
    for row in rows:
        report.refuse(row.number, why, "", f"{row.invoice}, {row.code}", code)


def _product(code: str, rows: Sequence[SaleRow]) -> CreateProduct | None:
    names = Counter(row.description for row in rows if len(row.description) > 2)  # noqa: PLR2004 - S2: a name has 3
    prices = Counter(row.price_cents for row in rows if row.price_cents > 0)
    if not names or not prices:
        return None
    name = names.most_common(1)[0][0]
    is_fee = code in FEES or code.removeprefix("FEE-") in FEES
    return CreateProduct(
        name=name,
        sku=code,
        description=f"{name} (imported, stock code {code})",
        category="other",
        type="fee" if is_fee else "gift",
        price_cents=prices.most_common(1)[0][0],
        currency=CURRENCY,
        quantity=sum(row.quantity for row in rows if not row.is_credit and row.quantity > 0) + SPARE_UNITS,
        thresholds={"low_stock": 5},
    )
