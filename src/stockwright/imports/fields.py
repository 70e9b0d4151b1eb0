"""The fields that a file of products or stock may have, and how a cell of each is read in our own files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from msgspec import Struct

from stockwright.base.names import clean
from stockwright.imports.model import ImportKind
from stockwright.imports.profile import CellReader, Reading
from stockwright.imports.values import WrongCell, digits_as_text, price, whole_number
from stockwright.products.barcode import clean_barcode
from stockwright.products.model import KeptStatus

OPTIONS_READ: Final = 9
"""So many pairs of columns with an option's name and value are read."""
STATUSES: Final[tuple[KeptStatus, ...]] = get_args(KeptStatus)
_BETWEEN_ADDRESSES: Final = re.compile(r"[\s|]+|,(?=\s|https?:|$)")
_YES: Final = frozenset({"1", "true", "yes", "y"})
_NO: Final = frozenset({"0", "-1", "false", "no", "n"})


class Field(Struct, frozen=True):
    """A field: what people call it, and how a cell of it is read."""

    title: str
    read: CellReader
    is_offered: bool = True
    """Whether somebody who says what a column is can choose it."""


def _text(text: str, _: Reading) -> str:
    return text


def _name(text: str, _: Reading) -> str:
    return clean(text)


def _upper(text: str, _: Reading) -> str:
    return text.upper()


def _whole(text: str, _: Reading) -> int:
    return whole_number(text)


def _price(text: str, reading: Reading) -> int:
    return price(text, reading.currency, reading.delimiter)


def barcode(text: str, _: Reading) -> str:
    """Read a barcode; one that a spreadsheet has shortened is refused."""
    return clean_barcode(digits_as_text(text.removeprefix("'")))


def _status(text: str, _: Reading) -> KeptStatus:
    for status in STATUSES:
        if status == text.upper():
            return status
    raise WrongCell(f"must be one of {', '.join(sorted(STATUSES))}")


def yes_or_no(text: str, _: Reading) -> bool:
    """Read a mark: 1, true, yes, or 0, -1, false, no."""
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise WrongCell("must be true or false")


def _object(text: str, _: Reading) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise WrongCell('must be JSON such as {"color": ["red", "blue"]}')
    return read


def addresses(text: str, _: Reading) -> list[tuple[str, str]]:
    """Read pictures: addresses with blanks, line breaks or commas between them, or our own JSON with their texts."""
    if not text.startswith("["):
        return [(each, "") for each in _BETWEEN_ADDRESSES.split(text) if each]
    try:
        read = json.loads(text)
        return [(str(each["url"]), str(each.get("alt", ""))) for each in read]
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise WrongCell('must be addresses, or JSON such as [{"url": "https://…", "alt": "A red lamp"}]') from None


PRODUCT_FIELDS: Final[Mapping[str, Field]] = {
    "sku": Field("SKU", _text),
    "name": Field("Name", _name),
    "description": Field("Description", _text),
    "category": Field("Category", _name),
    "type": Field("Type", _name),
    "brand": Field("Brand", _name),
    "priceDecimal": Field("Price, such as 19.99", _price),
    "price": Field("Price in minor units, such as 1999", _whole),
    "currency": Field("Currency, such as EUR", _upper),
    "barcode": Field("Barcode", barcode),
    "costDecimal": Field("Cost, such as 9.99", _price),
    "cost": Field("Cost in minor units, such as 999", _whole),
    "weightGrams": Field("Weight in grams", _whole),
    "taxRate": Field("Tax rate in hundredths of a percent, such as 1900", _whole),
    "available": Field("Units in stock of a new product", _whole),
    "images": Field("Pictures, by their addresses", addresses),
    "imageAlt": Field("Text of the picture", _text),
    "variantImage": Field("Picture of the variant, by its address", addresses),
    "imageUrl": Field("Address of a picture that stays where it is", _text),
    "group": Field("Name or number that the rows of one product share", _text),
    "parent": Field("SKU of the product that the row is a variant of", _text),
    **{f"option{n}Name": Field(f"Name of option {n}", _name, is_offered=n <= 3) for n in range(1, OPTIONS_READ + 1)},  # noqa: PLR2004 - SPEC: 3 options
    **{f"option{n}Value": Field(f"Value of option {n}", _name, is_offered=n <= 3) for n in range(1, OPTIONS_READ + 1)},  # noqa: PLR2004
    "options": Field("Options, as JSON", _object),
    "attributes": Field("Attributes, as JSON", _object),
    "status": Field("Status (ACTIVE or INACTIVE)", _status),
    "published": Field("For sale (yes or no)", yes_or_no),
    "lowStockThreshold": Field("Low-stock threshold", _whole),
    "reorderPoint": Field("Reorder point", _whole),
    "reorderQuantity": Field("Reorder quantity", _whole),
    "id": Field("Id of the product", _text),
    "rowType": Field("What the row is", _text, is_offered=False),
}
STOCK_FIELDS: Final[Mapping[str, Field]] = {
    "sku": Field("SKU", _text),
    "quantity": Field("Quantity", _whole),
    "location": Field("Location", _text),
    "reason": Field("Reason", _text),
}
FIELDS: Final[Mapping[ImportKind, Mapping[str, Field]]] = {"products": PRODUCT_FIELDS, "stock": STOCK_FIELDS}
THRESHOLDS: Final = {
    "lowStockThreshold": "low_stock",
    "reorderPoint": "reorder_point",
    "reorderQuantity": "reorder_quantity",
}
"""The same fields under the names of Stock."""
