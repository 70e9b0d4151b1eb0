"""Imports of what a shop brings along: sales of the past, in the columns of UCI's "Online Retail".

InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. Products get
as opening stock what the file sells plus SPARE_UNITS; every invoice becomes an order through the same
use cases as the API, at its own date, and is shipped; credit notes (InvoiceNo begins with C) become
returns. What is done already is left alone, so an import that was cut off is simply run again.
Dates are ISO 8601 or month/day/year hour:minute.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from stockwright.domain.errors import Invalid, Refused, StockwrightError
from stockwright.domain.names import clean
from stockwright.domain.order import line_id
from stockwright.domain.product import PRICE_CENTS_MAX
from stockwright.domain.returns import ReturnItem
from stockwright.store.records.batch import AlreadyDone, find_idempotency
from stockwright.store.records.orders import find_order
from stockwright.store.records.products import load_product_ids
from stockwright.usecases.context import REQUEST, Once, RequestContext, SetClock
from stockwright.usecases.lines import LineWanted
from stockwright.usecases.new_product import CreateProduct, create_product
from stockwright.usecases.orders import PlaceOrder, ReturnOrder, deliver_order, pack_order, place_order, return_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from stockwright.domain.account import Actor
    from stockwright.usecases.context import App

COLUMNS: Final = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
SPARE_UNITS: Final = 10
CURRENCY: Final = "GBP"
FEES: Final = frozenset({"POST", "DOT", "D", "M", "C2", "BANK CHARGES", "CRUK", "S", "AMAZONFEE"})
"""Postage, discounts, manual entries and charges, which the file keeps among the goods."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file."""

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


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was left out, and why. Row numbers are those of the file; the header is 1."""

    row: int
    invoice: str
    code: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What an import did."""

    rows: int = 0
    created: int = 0
    unchanged: int = 0
    returned_units: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, row: Row, reason: str) -> None:
        """Leave a row out."""
        self.skipped.append(Skipped(row.number, row.invoice, row.code, reason))


def read_rows(file: Path) -> tuple[list[Row], list[Skipped]]:
    """Read the file; a row that cannot be read is skipped with its reason, a missing column is Invalid."""
    rows: list[Row] = []
    skipped: list[Skipped] = []
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise Invalid(f"{file} has no column {', '.join(missing)}; its columns must be {', '.join(COLUMNS)}")
            for number, record in enumerate(reader, 2):
                try:
                    rows.append(_row(number, record))
                except (ValueError, AttributeError) as wrong:
                    invoice, code = str(record.get("InvoiceNo", "")), str(record.get("StockCode", ""))
                    skipped.append(Skipped(number, invoice, code, f"cannot be read: {wrong}"))
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise Invalid(f"cannot read {file}: {fault}") from fault
    return rows, skipped


def _row(number: int, record: dict[str, str]) -> Row:
    return Row(
        number=number,
        invoice=record["InvoiceNo"].strip().upper(),
        code=sku_of(record["StockCode"]),
        description=" ".join(record["Description"].split()),
        quantity=int(record["Quantity"]),
        at=_instant(record["InvoiceDate"].strip()),
        price_cents=_cents(record["UnitPrice"].strip()),
        customer=record["CustomerID"].strip(),
    )


def _instant(text: str) -> int:
    """Read a date as ISO 8601, or month/day/year hour:minute as that file has it; UTC unless it says otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            at = datetime.strptime(text, "%m/%d/%Y %H:%M").replace(tzinfo=UTC)
        except ValueError:
            raise ValueError("InvoiceDate must be like 2010-12-01 08:26, or 12/1/2010 8:26 (month first)") from None
    ms = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    if ms < 0:
        raise ValueError("InvoiceDate must not be before 1970")
    return ms


def _cents(text: str) -> int:
    try:
        cents = Decimal(text) * 100
        # Also false of what is no number.
        if abs(cents) <= PRICE_CENTS_MAX:
            return int(cents.to_integral_value())
    except ArithmeticError:
        pass
    raise ValueError("UnitPrice must be a number such as 2.55")


def sku_of(code: str) -> str:
    """Write an untidy stock code in one way: trimmed, upper case; codes under three letters are fees."""
    written = " ".join(clean(code).split()).upper()
    return f"FEE-{written}" if len(written) < 3 else written  # noqa: PLR2004 - S2: a SKU has 3 characters


async def import_products(
    app: App, actor: Actor, file: Path, progress: Callable[[int, int], None] = lambda *_: None
) -> ImportReport:
    """Build the catalogue of a file: each code once, named and priced as most of its rows do."""
    rows, skipped = read_rows(file)
    report = ImportReport(rows=len(rows) + len(skipped), skipped=skipped)
    by_code: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_code[row.code].append(row)
    known = await load_product_ids(app.store, by_code)
    opened = app.at(SetClock(min((row.at for row in rows), default=app.clock.now())))
    for done, (code, of_code) in enumerate(by_code.items(), 1):
        progress(done, len(by_code))
        if code in known:
            report.unchanged += 1
            continue
        wanted = _product(code, of_code)
        if wanted is None:
            for row in of_code:
                report.skip(row, "no row of this code has a description and a price: not a product")
            continue
        try:
            await create_product(opened, actor, wanted)
        except Refused as refused:
            for row in of_code:
                report.skip(row, told(refused))
        else:
            report.created += 1
    return report


def _product(code: str, rows: list[Row]) -> CreateProduct | None:
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
        quantity=sum(row.quantity for row in rows if _is_sold(row)) + SPARE_UNITS,
        thresholds={"low_stock": 5},
    )


def _is_sold(row: Row) -> bool:
    return not row.is_credit and row.quantity > 0


async def import_orders(
    app: App, actor: Actor, file: Path, progress: Callable[[int, int], None] = lambda *_: None
) -> ImportReport:
    """Place every invoice as an order, ship it, and book credit notes as returns."""
    rows, skipped = read_rows(file)
    report = ImportReport(rows=len(rows) + len(skipped), skipped=skipped)
    known = await load_product_ids(app.store, {row.code for row in rows})
    invoices: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.code not in known:
            report.skip(row, "no such product; import the products first, or see why it was left out")
        else:
            invoices[row.invoice].append(row)
    sold = _Sold()
    for done, (invoice, lines) in enumerate(invoices.items(), 1):
        progress(done, len(invoices))
        if lines[0].is_credit:
            await _credit(app, actor, invoice, lines, sold, report)
        else:
            await _order(app, actor, invoice, lines, sold, report)
    return report


@dataclass(slots=True)
class _SoldLine:
    """What is left of one line of an order."""

    order_id: str
    line_id: str
    price_cents: int
    units: int


@dataclass(slots=True)
class _Sold:
    """What each customer has bought so far in the file and not brought back: the newest orders last."""

    lines: dict[tuple[str, str], list[_SoldLine]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Row, order_id: str, number: int) -> None:
        line = _SoldLine(order_id, line_id(number), row.price_cents, row.quantity)
        self.lines[row.customer, row.code].append(line)

    def take(self, row: Row) -> list[tuple[str, ReturnItem]] | None:
        """Find the order lines that a credited row takes its units back from; None if too few.

        Those of the credit's price come first, then the others, the newest of each first.
        """
        bought = self.lines.get((row.customer, row.code), [])
        missing = -row.quantity
        if sum(line.units for line in bought) < missing:
            return None
        taken: list[tuple[str, ReturnItem]] = []
        same = [line for line in bought if line.price_cents == row.price_cents]
        others = [line for line in bought if line.price_cents != row.price_cents]
        for line in (*reversed(same), *reversed(others)):
            back = min(line.units, missing)
            if back:
                line.units -= back
                missing -= back
                taken.append((line.order_id, ReturnItem(back, row.code, line.line_id)))
        return taken


async def _order(app: App, actor: Actor, invoice: str, rows: list[Row], sold: _Sold, report: ImportReport) -> None:
    lines: list[Row] = []
    for row in rows:
        if row.quantity > 0:
            lines.append(row)
        else:
            report.skip(row, "a negative quantity outside a credit note: a correction of the stock, not a sale")
    if not lines:
        return
    shop, order_id = app.at(SetClock(lines[0].at)), _order_id(app, lines[0].at, invoice)
    customer = f"retail-{lines[0].customer or 'guest'}"
    command = PlaceOrder(
        [LineWanted(row.quantity, sku=row.code, unit_price_cents=row.price_cents) for row in lines],
        reference=invoice,
        buyer=(customer, ""),
        id=order_id,
    )
    known = await find_order(app.store, order_id)
    if known is None:
        try:
            await place_order(shop, actor, command)
        except StockwrightError as refused:
            for row in lines:
                report.skip(row, told(refused))
            return
        report.created += 1
    else:
        report.unchanged += 1
    for number, row in enumerate(lines):
        sold.add(row, order_id, number)
    # A former import may have been cut off between the steps.
    if known is None or known.status in {"PENDING", "CONFIRMED"}:
        await pack_order(shop, actor, order_id)
    if known is None or known.status in {"PENDING", "CONFIRMED", "PACKED"}:
        await deliver_order(shop, actor, order_id)


async def _credit(app: App, actor: Actor, invoice: str, rows: list[Row], sold: _Sold, report: ImportReport) -> None:
    shop = app.at(SetClock(rows[0].at))
    for row in rows:
        if row.quantity >= 0:
            report.skip(row, "a credit note with a quantity that is not negative")
            continue
        taken = sold.take(row)
        if taken is None:
            report.skip(row, "a credit for goods that this customer did not buy in the file")
            continue
        for part, (order_id, item) in enumerate(taken):
            command = ReturnOrder(order_id, [item], reason=f"Credit note {invoice}")
            try:
                booked = await _once(f"import#{invoice}#{row.number}#{part}", shop, actor, command)
            except Refused as refused:
                report.skip(row, told(refused))
                continue
            report.created += booked
            report.unchanged += not booked
            report.returned_units += item.quantity if booked else 0


async def _once(key: str, app: App, actor: Actor, command: ReturnOrder) -> bool:
    """Book a return under a key of its own; False where a former import did."""
    if await find_idempotency(app.store, key) is not None:
        return False
    hashed = hashlib.sha256(repr(command).encode()).hexdigest()
    token = REQUEST.set(RequestContext(once=Once(key, hashed, lambda _: {}, keep=True)))
    try:
        await return_order(app, actor, command)
    except AlreadyDone:
        return False
    finally:
        REQUEST.reset(token)
    return True


def _order_id(app: App, at: int, invoice: str) -> str:
    """Name an order after its date and invoice: the same at every import, and in the order of time."""
    tail = hashlib.sha256(invoice.encode()).hexdigest()[:16]
    return f"{app.ids.first('ord', at)[:-16]}{tail}"


def told(refused: StockwrightError) -> str:
    """Tell in one line why something was refused."""
    if isinstance(refused, Invalid) and isinstance(refused.details, list):
        return "; ".join(f"{entry['field']} {entry['message']}" for entry in refused.details)
    return refused.message


def summary(skipped: Iterable[Skipped]) -> Counter[str]:
    """Count the skipped rows by their reason."""
    return Counter(each.reason for each in skipped)
