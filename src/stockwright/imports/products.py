"""Products from a spreadsheet in our own columns, which are those of our export: made, or changed, by SKU.

A row changes what its columns hold and what differs; a row that differs in nothing changes nothing. The
stock of a product that is there is not changed: that is what `import stock` is for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Invalid, Refused, check_all
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.base.names import clean, name_key
from stockwright.catalog.new_product import CATEGORY_DEFAULT, CreateProduct, create_product
from stockwright.catalog.stocked import StockedProduct, load_stocked
from stockwright.catalog.usecases import UpdateProduct, check_thresholds, delete_product, update_product
from stockwright.imports.booking import load_product_ids, part_of
from stockwright.imports.profiles import Columns, find_columns
from stockwright.imports.report import one_line
from stockwright.imports.values import WrongCell, price, whole_number
from stockwright.products.categories import add_category, delete_category, list_categories
from stockwright.products.model import (
    KeptStatus,
    Product,
    ProductFields,
    check_category_name,
    check_new_id,
    check_product,
    differing_fields,
    fields_of,
    with_fields,
)
from stockwright.settings.records import load_settings
from stockwright.stock.model import BLANK, check_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from stockwright.context import App
    from stockwright.imports.reader import Row, Table
    from stockwright.imports.report import ImportReport
    from stockwright.request import Request

FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "id": ("id", "productId"),
    "sku": ("sku",),
    "name": ("name", "productName"),
    "description": ("description",),
    "category": ("category",),
    "type": ("type",),
    "brand": ("brand",),
    "price": ("price",),
    "priceDecimal": ("priceDecimal",),
    "currency": ("currency",),
    "imageUrl": ("imageUrl",),
    "options": ("options",),
    "attributes": ("attributes",),
    "status": ("status",),
    "available": ("available", "quantity"),
    "lowStockThreshold": ("lowStockThreshold", "threshold"),
    "reorderPoint": ("reorderPoint",),
    "reorderQuantity": ("reorderQuantity",),
}
"""Each field, and the headings that it may have."""
NOT_READ: Final = ("createdAt",)
TextField = Literal["name", "description", "category", "type", "brand", "currency"]
TEXTS: Final[tuple[TextField, ...]] = get_args(TextField)
CLEARED: Final = frozenset({"type", "brand", "imageUrl", "options", "attributes"})
"""Where an empty cell says that the product has none; any other empty cell says nothing."""
THRESHOLDS: Final = {
    "lowStockThreshold": "low_stock",
    "reorderPoint": "reorder_point",
    "reorderQuantity": "reorder_quantity",
}
SPELLED: Final[tuple[Literal["brand", "type"], ...]] = ("brand", "type")
"""Written as the shop does, whatever the file's case."""
NAMED: Final = frozenset({"name", "type", "brand", "category"})
"""Names: compared without regard to case and blanks, but for the product's own."""
OBJECTS: Final[tuple[Literal["options", "attributes"], ...]] = ("options", "attributes")
STATUSES: Final[tuple[KeptStatus, ...]] = get_args(KeptStatus)


class ProductRow(Struct):
    """One row that was understood whole: the fields of Product that it gives, and its thresholds."""

    number: int
    sku: str
    fields: ProductFields = field(default_factory=ProductFields)
    thresholds: dict[str, int] = field(default_factory=dict)
    id: str | None = None
    quantity: int | None = None


class _Done(Struct):
    """What this import has made or changed, and how it was before."""

    number: int
    product: StockedProduct
    before: StockedProduct | None


async def import_product_rows(
    app: App,
    request: Request,
    table: Table,
    report: ImportReport,
    progress: Callable[[int, int], None],
) -> None:
    """Check every row, then make and change the products."""
    currency = (await load_settings(app.store)).currency
    columns = find_columns(table, FIELDS, report, not_read=NOT_READ)
    rows = _read(table, columns, currency, report)
    known = await _load(app, rows)
    new_categories = _spell_categories(rows, await list_categories(app))
    _check(rows, known, frozenset(new_categories), report)
    if new_categories:
        report.notes.append(f"New categories: {', '.join(new_categories)}")
    if report.stops:
        return
    await _write(app, part_of(request, app.ids.new("imp")), rows, known, new_categories, report, progress)


def _read(table: Table, columns: Columns, currency: str, report: ImportReport) -> list[ProductRow]:
    rows: list[ProductRow] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        if row.fault:
            report.refuse(row.number, row.fault)
            continue
        read = _Reader(row, table, columns, currency, report).read()
        if read is None:
            continue
        first = seen.setdefault(read.sku.casefold(), read.number)
        if first != read.number:
            report.refuse(read.number, f"is already in row {first}", columns.headings["sku"], read.sku)
            continue
        rows.append(read)
    return rows


class _Reader:
    """Reads one row; every wrong cell of it is refused with its reason."""

    def __init__(self, row: Row, table: Table, columns: Columns, currency: str, report: ImportReport) -> None:
        self.row, self.table, self.columns, self.currency, self.report = row, table, columns, currency, report
        self.wrong = False

    def read(self) -> ProductRow | None:
        sku = self.columns.text(self.row, "sku")
        read = ProductRow(self.row.number, sku)
        if not sku:
            self._refuse("sku", "is empty")
        self._fields(read)
        self._price(read)
        for column, of in THRESHOLDS.items():
            if self._given(column):
                read.thresholds[of] = self._whole(column)
        read.id = self.columns.text(self.row, "id") or None
        if self._given("available"):
            read.quantity = self._whole("available")
        return None if self.wrong else read

    def _fields(self, read: ProductRow) -> None:
        for name in TEXTS:
            if self._given(name):
                read.fields[name] = _tidy(name, self.columns.text(self.row, name))
        if self._given("imageUrl"):
            read.fields["image_url"] = self.columns.text(self.row, "imageUrl") or None
        if self._given("status"):
            read.fields["status"] = self._status()
        for part in OBJECTS:
            if self._given(part):
                read.fields[part] = self._object(part)

    def _given(self, name: str) -> bool:
        return name in self.columns and (name in CLEARED or bool(self.columns.text(self.row, name)))

    def _refuse(self, name: str, why: str) -> None:
        self.wrong = True
        text = self.columns.text(self.row, name)
        self.report.refuse(self.row.number, why, self.columns.headings[name], text)

    def _status(self) -> KeptStatus:
        text = self.columns.text(self.row, "status").upper()
        for status in STATUSES:
            if status == text:
                return status
        self._refuse("status", f"must be one of {', '.join(sorted(STATUSES))}")
        return "ACTIVE"

    def _whole(self, name: str) -> int:
        try:
            return whole_number(self.columns.text(self.row, name))
        except WrongCell as wrong:
            self._refuse(name, str(wrong))
            return 0

    def _object(self, name: str) -> dict[str, Any]:
        text = self.columns.text(self.row, name)
        try:
            read = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            self._refuse(name, 'must be JSON such as {"color": ["red", "blue"]}')
            return {}
        return read

    def _price(self, read: ProductRow) -> None:
        """Read the price in minor units, as a decimal, or both where they say the same."""
        amounts = {}
        currency = read.fields.get("currency", self.currency)
        if self._given("price"):
            amounts["price"] = self._whole("price")
        if self._given("priceDecimal"):
            try:
                amounts["priceDecimal"] = price(
                    self.columns.text(self.row, "priceDecimal"), currency, self.table.delimiter
                )
            except WrongCell as wrong:
                self._refuse("priceDecimal", str(wrong))
        if len(set(amounts.values())) > 1 and not self.wrong:
            price_heading = self.columns.headings["price"]
            self._refuse("priceDecimal", f"contradicts {price_heading}; change both, or remove one of the columns")
        elif amounts:
            read.fields["price_cents"] = next(iter(amounts.values()))


def _tidy(name: TextField, text: str) -> str:
    return text.upper() if name == "currency" else clean(text) if name in NAMED else text


async def _load(app: App, rows: Sequence[ProductRow]) -> dict[str, StockedProduct]:
    """Load the products that are there, by SKU as the file writes it."""
    ids = await load_product_ids(app, [row.sku for row in rows])
    wanted = list(dict.fromkeys(ids.values()))
    loaded: dict[str, StockedProduct] = {}
    for start in range(0, len(wanted), STEP_ROWS):
        loaded |= await load_stocked(app, wanted[start : start + STEP_ROWS])
        await give_way()
    return {sku: loaded[product_id] for sku, product_id in ids.items() if product_id in loaded}


def _spell_categories(rows: Sequence[ProductRow], categories: Sequence[str]) -> list[str]:
    """Write each category as the managed list does; returns those that are not in it."""
    spelled = {name_key(each): each for each in categories}
    new = []
    for row in rows:
        category = row.fields.get("category")
        if category is None:
            continue
        if name_key(category) not in spelled:
            spelled[name_key(category)] = category
            new.append(category)
        row.fields["category"] = spelled[name_key(category)]
    return new


def _check(
    rows: Sequence[ProductRow],
    known: Mapping[str, StockedProduct],
    new_categories: AbstractSet[str],
    report: ImportReport,
) -> None:
    """Refuse every row that the rules of the catalogue refuse."""
    other_stock = 0
    for row in rows:
        before = known.get(row.sku)
        try:
            check_thresholds(replace(before.stock if before else BLANK, **row.thresholds))
            if before is None:
                check_quantity(row.quantity or 0, "available", least=0)
                _check_product(_new_product(row), new_categories)
            else:
                after = with_fields(before.product, _changes(row, before.product))
                if after != before.product:
                    _check_product(after, new_categories, before.product)
                other_stock += row.quantity not in (None, before.stock.available)
        except Refused as refused:
            report.refuse_for(row.number, refused)
    if other_stock:
        report.notes.append(
            f"{other_stock} rows have another stock than the shop; existing products keep their stock "
            "(import stock --mode set changes it)"
        )


def _check_product(product: Product, new_categories: AbstractSet[str], before: Product | None = None) -> None:
    """Refuse what the catalogue would; a category of a row is in the list, or is added to it."""
    check_all(
        lambda: check_product(product, frozenset({product.category}), before),
        lambda: check_category_name(product.category, "category") if product.category in new_categories else None,
    )


def _new_product(row: ProductRow) -> Product:
    if row.fields.get("status") == "UNLISTED":
        raise Invalid.field("status", "must be ACTIVE or INACTIVE for a new product")
    if row.id is not None:
        check_new_id(row.id, "id")
    name = row.fields.get("name", "")
    new = Product(row.id or "new", clean(row.sku), name, description=name, category=CATEGORY_DEFAULT)
    return with_fields(new, row.fields)


def _changes(row: ProductRow, product: Product) -> ProductFields:
    """Return the fields that differ; another spelling of a brand or type is no difference."""
    changed, former = differing_fields(row.fields, product), fields_of(product)
    for name in SPELLED:
        if name in changed and name_key(changed[name]) == name_key(former[name]):
            del changed[name]
    return changed


async def _write(
    app: App,
    request: Request,
    rows: Sequence[ProductRow],
    known: Mapping[str, StockedProduct],
    new_categories: Sequence[str],
    report: ImportReport,
    progress: Callable[[int, int], None],
) -> None:
    """Make and change the products; where one is refused after all, `stop` takes the others back."""
    refused = {error.row for error in report.errors}
    done: list[_Done] = []
    added = [await add_category(app, request, name) for name in new_categories]
    for count, row in enumerate(rows, 1):
        progress(count, len(rows))
        if row.number in refused:
            continue
        try:
            await _write_row(app, request, row, known.get(row.sku), done, report)
        except Refused as wrong:
            report.refuse_for(row.number, wrong)
            if report.stops:
                await _undo(app, request, done, added, report)
                return


async def _write_row(
    app: App,
    request: Request,
    row: ProductRow,
    before: StockedProduct | None,
    done: list[_Done],
    report: ImportReport,
) -> None:
    if before is None:
        bare = CreateProduct("", row.sku, None, None, 0, row.quantity or 0, thresholds=row.thresholds, id=row.id)
        done.append(_Done(row.number, await create_product(app, request, replace(bare, **row.fields)), None))
        report.created += 1
        return
    product_id = before.product.id
    thresholds = {n: v for n, v in row.thresholds.items() if getattr(before.stock, n) != v}
    changes = _changes(row, before.product)
    if not changes and not thresholds:
        report.unchanged += 1
        return
    # A concurrent edit of a product is not overwritten: the row is refused.
    command_ = UpdateProduct(product_id, changes, None, thresholds, before.product.version)
    done.append(_Done(row.number, await update_product(app, request, command_), before))
    report.updated += 1


async def _undo(app: App, request: Request, done: Sequence[_Done], added: Sequence[str], report: ImportReport) -> None:
    """Delete what was made and give back what was changed, the last first; say what could not be undone."""
    for each in reversed(done):
        product_id, version = each.product.product.id, each.product.product.version
        try:
            if each.before is None:
                await delete_product(app, request, product_id, version)
            else:
                fields = fields_of(each.before.product)
                del fields["sku"]
                held = each.before.stock
                thresholds = {name: getattr(held, name) for name in THRESHOLDS.values()}
                await update_product(app, request, UpdateProduct(product_id, fields, None, thresholds, version))
        except Refused as refused:
            report.refuse(each.number, f"is done and could not be undone: {one_line(refused)}")
        else:
            report.undone += 1
            report.created -= each.before is None
            report.updated -= each.before is not None
    for name in added:
        try:
            await delete_category(app, request, name)
        except Refused as refused:
            report.notes.append(f"The category {name} was added and is in use: {one_line(refused)}")
