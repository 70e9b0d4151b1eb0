"""Orders of the past: every invoice of a file of sales is placed, shipped, and its credit notes come back.

The file is planned whole before anything is booked: which lines are booked already, whether the shelf
holds what is missing, and which line each credit takes its units from. An invoice that was booked in
part gets an order of its own for the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from stockwright.base.errors import Invalid, Refused
from stockwright.base.hashing import sha256
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.base.money import sum_amounts
from stockwright.base.ports import SetClock
from stockwright.catalog.stocked import StockedProduct, find_stocked, one_variant
from stockwright.imports.booking import RowKeys, booked_once, find_booked, load_variant_ids, part_of
from stockwright.imports.model import BookedBefore
from stockwright.imports.report import ImportReport, one_line
from stockwright.imports.retail import SaleRow, read_sales
from stockwright.orders.model import Order
from stockwright.orders.records import find_order
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    deliver_order,
    pack_order,
    place_order,
    return_order,
)
from stockwright.reservations.allocation import free_expired
from stockwright.sales.lines import LINES_MAX, line_id
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.lookup import THE_ONLY
from stockwright.store.idempotency import AlreadyDone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.imports.reader import Table
    from stockwright.request import Request

UNDONE: Final = "Import undone"
ORDERS_OF_INVOICE_MAX: Final = 100
NO_PRODUCT: Final = "no such product; import the products first, or check why it was refused"
NOT_A_SALE: Final = "a negative quantity outside a credit note: a correction of the stock, not a sale"
NOT_A_CREDIT: Final = "a credit note with a quantity that is not negative"
NOT_BOUGHT: Final = "a credit for goods that this customer did not buy in the file before"


class _Line(Struct):
    """A line of an order that exists or is planned, and how many of its units can still come back."""

    order_id: str
    number: int
    at: int
    price_cents: int
    left: int


class _Invoice(Struct):
    """An order that is planned: the rows of one invoice that are not booked yet."""

    order_id: str
    rows: list[SaleRow]


class _Credit(Struct):
    """A credited row, and the lines that its units are taken from."""

    row: SaleRow
    key: str
    first_part: int
    taken: list[tuple[_Line, int]]


class _Plan(Struct):
    """What is to be booked, and what came to be known on the way."""

    app: App
    request: Request
    report: ImportReport
    id: str
    ids: Mapping[str, str]
    products: Mapping[str, StockedProduct]
    left: dict[str, int]
    """Units on the shelf that no planned order takes."""
    unfinished: list[Order] = field(default_factory=list)
    invoices: list[_Invoice] = field(default_factory=list)
    credits: list[_Credit] = field(default_factory=list)
    bought: dict[tuple[str, str], list[_Line]] = field(default_factory=lambda: defaultdict(list))
    """(customer, product id) → lines, in the order of the file."""


async def import_sales(
    app: App,
    request: Request,
    table: Table,
    report: ImportReport,
    progress: Callable[[int, int], None],
) -> None:
    """Plan the whole file, then book it."""
    rows = read_sales(table, report)
    ids = await load_variant_ids(app, {row.code for row in rows})
    await free_expired(app, request)
    products = await _load_products(app, list(dict.fromkeys(ids.values())))
    left = {variant_id: each.stock.available for variant_id, each in products.items()}
    plan = _Plan(app, request, report, app.ids.new("imp"), ids, products, left)
    await _plan_orders(plan, rows)
    await _plan_credits(plan, rows)
    if not report.stops:
        await _book(plan, progress)


async def _load_products(app: App, variant_ids: Sequence[str]) -> dict[str, StockedProduct]:
    """Load products with the stock of the variants that are meant, by these."""
    loaded: dict[str, StockedProduct] = {}
    for start in range(0, len(variant_ids), STEP_ROWS):
        ids = variant_ids[start : start + STEP_ROWS]
        for variant_id, found in zip(ids, await find_stocked(app, [THE_ONLY.of(each) for each in ids]), strict=True):
            if found is not None:
                loaded[variant_id] = one_variant(found[0], variant_id)
        await give_way()
    return loaded


async def _plan_orders(plan: _Plan, rows: Sequence[SaleRow]) -> None:
    invoices: dict[str, list[SaleRow]] = defaultdict(list)
    for row in rows:
        if row.code not in plan.ids:
            _refuse(plan, [row], NO_PRODUCT)
        elif row.is_credit:
            continue
        elif row.quantity <= 0:
            _refuse(plan, [row], NOT_A_SALE)
        else:
            invoices[row.invoice].append(row)
    for invoice, lines in invoices.items():
        await _plan_invoice(plan, invoice, lines)


async def _plan_invoice(plan: _Plan, invoice: str, rows: Sequence[SaleRow]) -> None:
    """Find what of an invoice is booked, and plan an order for the rest."""
    orders, order_id = await _orders_of(plan.app, invoice, rows)
    booked: Counter[tuple[str, int, int]] = Counter()
    for order in orders:
        plan.report.unchanged += 1
        _note_lines(plan, rows[0].customer, order)
        booked.update((line.variant_id, line.quantity, line.unit_price_cents) for line in order.lines)
        if order.row.is_open:
            # A former import may have been cut off between the steps.
            plan.unfinished.append(order)
    missing = []
    for row in rows:
        content = (plan.ids[row.code], row.quantity, row.price_cents)
        if booked[content]:
            booked[content] -= 1
            plan.report.booked_before.append(BookedBefore(row.number, _describe(row)))
        else:
            missing.append(row)
    if missing and _can_be_placed(plan, missing):
        plan.invoices.append(_Invoice(order_id, missing))
        for number, row in enumerate(missing):
            line = _Line(order_id, number, row.at, row.price_cents, row.quantity)
            plan.bought[row.customer, plan.ids[row.code]].append(line)


async def _orders_of(app: App, invoice: str, rows: Sequence[SaleRow]) -> tuple[list[Order], str]:
    """Load the orders that an invoice was booked as, without those that were undone; and name the next one."""
    found, free = [], ""
    for at in sorted({row.at for row in rows}):
        for count in range(ORDERS_OF_INVOICE_MAX):
            order_id = _order_id(app, at, invoice, count)
            order = await find_order(app.store, order_id)
            if order is None:
                free = free or order_id
                break
            if not _is_undone(order):
                found.append(order)
    return found, free


def _order_id(app: App, at: int, invoice: str, count: int) -> str:
    """Name an order after its date and invoice: the same at every import, and in the order of time."""
    name = f"{invoice}#{count}" if count else invoice
    return f"{app.ids.first('ord', at)[:-16]}{sha256(name)[:16]}"


def _is_undone(order: Order) -> bool:
    return order.timeline[-1].note.endswith(UNDONE)


def _note_lines(plan: _Plan, customer: str, order: Order) -> None:
    for number, line in enumerate(order.lines):
        left = 0 if order.row.is_cancelled else line.quantity - line.returned
        entry = _Line(order.id, number, order.created_at, line.unit_price_cents, left)
        plan.bought[customer, line.variant_id].append(entry)


def _can_be_placed(plan: _Plan, rows: Sequence[SaleRow]) -> bool:
    """Refuse the rows of an invoice that could not be placed as the shop is now."""
    if len(rows) > LINES_MAX:
        _refuse(plan, rows, f"the invoice has {len(rows)} lines, an order at most {LINES_MAX}")
        return False
    products = [plan.products.get(plan.ids[row.code]) for row in rows]
    currencies = {product.product.currency for product in products if product}
    wanted: Counter[str] = Counter()
    for row, product in zip(rows, products, strict=True):
        if product is None or not product.product.is_sellable:
            _refuse(plan, rows, f"{row.code} is not for sale")
            return False
        wanted[product.stock.variant_id] += row.quantity
    if len(currencies) > 1:
        _refuse(plan, rows, f"the invoice has products of several currencies: {', '.join(sorted(currencies))}")
        return False
    try:
        sum_amounts(row.quantity * row.price_cents for row in rows)
    except Invalid as too_much:
        _refuse(plan, rows, one_line(too_much))
        return False
    for variant_id, units in wanted.items():
        if plan.left[variant_id] < units:
            sku = plan.products[variant_id].stock.sku
            why = f"{units} of {sku} are needed for this invoice, {plan.left[variant_id]} are available"
            _refuse(plan, rows, why, "INSUFFICIENT_STOCK")
            return False
    for variant_id, units in wanted.items():
        plan.left[variant_id] -= units
    return True


async def _plan_credits(plan: _Plan, rows: Sequence[SaleRow]) -> None:
    """Choose the lines that each credit takes back: in the order of time, wherever it is in the file."""
    credited = [row for row in rows if row.is_credit and row.code in plan.ids]
    for row in credited:
        if row.quantity >= 0:
            _refuse(plan, [row], NOT_A_CREDIT)
    credited = [row for row in credited if row.quantity < 0]
    keys_of = RowKeys("credit")
    names = [keys_of.key_of([r.invoice, r.code, r.quantity, r.at, r.price_cents, r.customer]) for r in credited]
    former = {row.number: f"import#{row.invoice}#{row.number}" for row in credited}
    first = await find_booked(plan.app, [f"{key}#0" for key in (*names, *former.values())])
    keys = {row.number: key for row, key in zip(credited, names, strict=True)}
    for row in sorted(credited, key=lambda each: (each.at, each.number)):
        key = keys[row.number]
        parts, units = await _parts_booked(plan.app, key) if f"{key}#0" in first else (0, 0)
        # Version 0.1.0 booked a credit under its row's number.
        if units >= -row.quantity or f"{former[row.number]}#0" in first:
            plan.report.unchanged += 1
            plan.report.booked_before.append(BookedBefore(row.number, _describe(row)))
            continue
        taken = _take(plan.bought.get((row.customer, plan.ids[row.code]), []), row, -row.quantity - units)
        if taken is None:
            _refuse(plan, [row], NOT_BOUGHT)
        else:
            plan.credits.append(_Credit(row, key, parts, taken))


async def _parts_booked(app: App, key: str) -> tuple[int, int]:
    """Count the parts of a credit that an import has booked before it was cut off, and their units."""
    parts = units = 0
    while found := await find_booked(app, [f"{key}#{parts}"]):
        units += found[f"{key}#{parts}"].get("units", 0)
        parts += 1
    return parts, units


def _take(bought: Sequence[_Line], row: SaleRow, missing: int) -> list[tuple[_Line, int]] | None:
    """Take units off the lines bought before: those of the credit's price first, the newest of each first."""
    lines = [line for line in bought if line.left and line.at <= row.at]
    if sum(line.left for line in lines) < missing:
        return None
    newest = sorted(enumerate(lines), key=lambda each: (each[1].price_cents == row.price_cents, each[1].at, each[0]))
    taken: list[tuple[_Line, int]] = []
    for _, line in reversed(newest):
        units = min(line.left, missing)
        if not units:
            break
        line.left -= units
        missing -= units
        taken.append((line, units))
    return taken


async def _book(plan: _Plan, progress: Callable[[int, int], None]) -> None:
    count = len(plan.invoices) + len(plan.credits)
    placed: list[_Invoice] = []
    request = part_of(plan.request, plan.id)
    for order in plan.unfinished:
        await _ship(plan.app.at(SetClock(order.created_at)), request, order)
    for done, invoice in enumerate(plan.invoices, 1):
        progress(done, count)
        try:
            await _place(plan, request, invoice)
        except Refused as refused:
            _refuse(plan, invoice.rows, one_line(refused), refused.code)
            if plan.report.stops:
                await _undo(plan, request, placed)
                return
        else:
            placed.append(invoice)
            plan.report.created += 1
    not_placed = {invoice.order_id for invoice in plan.invoices} - {invoice.order_id for invoice in placed}
    for done, credit in enumerate(plan.credits, len(plan.invoices) + 1):
        progress(done, count)
        if any(line.order_id in not_placed for line, _ in credit.taken):
            _refuse(plan, [credit.row], NOT_BOUGHT)
        else:
            await _book_credit(plan, credit)


async def _place(plan: _Plan, request: Request, invoice: _Invoice) -> None:
    first = invoice.rows[0]
    shop = plan.app.at(SetClock(first.at))
    command = PlaceOrder(
        [LineWanted(row.quantity, sku=row.code, unit_price_cents=row.price_cents) for row in invoice.rows],
        reference=first.invoice,
        buyer=(f"retail-{first.customer or 'guest'}", ""),
        id=invoice.order_id,
    )
    await _ship(shop, request, await place_order(shop, request, command))


async def _ship(app: App, request: Request, order: Order) -> None:
    if "PACKED" in order.row.next:
        await pack_order(app, request, order.id)
    await deliver_order(app, request, order.id)


async def _book_credit(plan: _Plan, credit: _Credit) -> None:
    row, shop = credit.row, plan.app.at(SetClock(credit.row.at))
    for part, (line, units) in enumerate(credit.taken, credit.first_part):
        item = ReturnItem(units, line_id=line_id(line.number))
        command = ReturnOrder(line.order_id, [item], reason=f"Credit note {row.invoice}")
        booked = {"orderId": line.order_id, "line": line.number, "units": units}
        once = booked_once(part_of(plan.request, plan.id), f"{credit.key}#{part}", partial(_stored, booked))
        try:
            await return_order(shop, once, command)
        except AlreadyDone:
            continue
        except Refused as refused:
            _refuse(plan, [row], one_line(refused), refused.code)
            return
        plan.report.returned_units += units
    plan.report.created += 1


def _stored(booked: Mapping[str, Any], _: Order) -> Mapping[str, Any]:
    return booked


async def _undo(plan: _Plan, request: Request, placed: Sequence[_Invoice]) -> None:
    """Take the orders of this import back, the last first; say which could not be."""
    for invoice in reversed(placed):
        shop = plan.app.at(SetClock(invoice.rows[0].at))
        try:
            order = await find_order(shop.store, invoice.order_id)
            if order is not None and order.row.returnable and not order.row.may_be_cancelled(as_admin=True):
                left = [(number, line.quantity - line.returned) for number, line in enumerate(order.lines)]
                items = [ReturnItem(units, line_id=line_id(number)) for number, units in left if units]
                await return_order(shop, request, ReturnOrder(order.id, items, reason=UNDONE))
            elif order is not None:
                await cancel_order(shop, request, order.id, UNDONE)
        except Refused as refused:
            _refuse(plan, invoice.rows, f"is booked and could not be undone: {one_line(refused)}", refused.code)
        else:
            plan.report.undone += 1
            plan.report.created -= 1


def _describe(row: SaleRow) -> str:
    return f"{row.invoice}, {row.code}, {row.quantity}"


def _refuse(plan: _Plan, rows: Sequence[SaleRow], why: str, code: str = "VALIDATION_ERROR") -> None:
    for row in rows:
        plan.report.refuse(row.number, why, "", _describe(row), code)
