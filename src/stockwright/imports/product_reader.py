"""Rows of products, read strictly in our own columns, which are those of our export."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from msgspec import Struct, field

from stockwright.base.names import clean
from stockwright.imports.values import WrongCell, digits_as_text, price, whole_number
from stockwright.products.barcode import clean_barcode
from stockwright.products.model import KeptStatus, ProductFields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.profiles import Columns
    from stockwright.imports.reader import Row, Table
    from stockwright.imports.report import ImportReport

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
    "barcode": ("barcode",),
    "cost": ("cost",),
    "costDecimal": ("costDecimal",),
    "weightGrams": ("weightGrams",),
    "taxRate": ("taxRate",),
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
CLEARED: Final = frozenset({"type", "brand", "imageUrl", "options", "attributes", "barcode", "weightGrams", "taxRate"})
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


class ReadProduct(Struct):
    """One row that was understood whole: the fields of Product that it gives, and its thresholds."""

    number: int
    sku: str
    fields: ProductFields = field(default_factory=ProductFields)
    thresholds: dict[str, int] = field(default_factory=dict)
    id: str | None = None
    quantity: int | None = None


class RowReader:
    """Reads one row; every wrong cell of it is refused with its reason."""

    def __init__(self, row: Row, table: Table, columns: Columns, currency: str, report: ImportReport) -> None:
        self.row, self.table, self.columns, self.currency, self.report = row, table, columns, currency, report
        self.wrong = False

    def read(self) -> ReadProduct | None:
        sku = self.columns.text(self.row, "sku")
        read = ReadProduct(self.row.number, sku)
        if not sku:
            self._refuse("sku", "is empty")
        self._fields(read)
        self._price(read)
        self._cost(read)
        for column, of in THRESHOLDS.items():
            if self._given(column):
                read.thresholds[of] = self._whole(column)
        read.id = self.columns.text(self.row, "id") or None
        if self._given("available"):
            read.quantity = self._whole("available")
        return None if self.wrong else read

    def _fields(self, read: ReadProduct) -> None:
        for name in TEXTS:
            if self._given(name):
                read.fields[name] = _tidy(name, self.columns.text(self.row, name))
        if self._given("barcode"):
            read.fields["barcode"] = self._barcode()
        if self._given("weightGrams"):
            read.fields["weight_grams"] = self._whole_or_none("weightGrams")
        if self._given("taxRate"):
            read.fields["tax_rate"] = self._whole_or_none("taxRate")
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

    def _whole_or_none(self, name: str) -> int | None:
        return self._whole(name) if self.columns.text(self.row, name) else None

    def _barcode(self) -> str | None:
        try:
            code = digits_as_text(self.columns.text(self.row, "barcode"))
        except WrongCell as wrong:
            self._refuse("barcode", str(wrong))
            return None
        return clean_barcode(code) or None

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

    def _price(self, read: ReadProduct) -> None:
        amount = self._amount(read, "price", "priceDecimal")
        if amount is not None:
            read.fields["price_cents"] = amount

    def _cost(self, read: ReadProduct) -> None:
        if "cost" in self.columns or "costDecimal" in self.columns:
            read.fields["cost_cents"] = self._amount(read, "cost", "costDecimal")

    def _amount(self, read: ReadProduct, minor: str, decimal: str) -> int | None:
        """Read an amount in minor units, as a decimal, or both where they say the same; None where both are empty."""
        amounts: list[int] = []
        currency = read.fields.get("currency", self.currency)
        if self._given(minor):
            amounts.append(self._whole(minor))
        if self._given(decimal):
            try:
                amounts.append(price(self.columns.text(self.row, decimal), currency, self.table.delimiter))
            except WrongCell as wrong:
                self._refuse(decimal, str(wrong))
        if len(set(amounts)) > 1 and not self.wrong:
            heading = self.columns.headings[minor]
            self._refuse(decimal, f"contradicts {heading}; change both, or remove one of the columns")
            return None
        return amounts[0] if amounts else None


def _tidy(name: TextField, text: str) -> str:
    return text.upper() if name == "currency" else clean(text) if name in NAMED else text
