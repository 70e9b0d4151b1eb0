"""Ids, SKUs, options and categories on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from stockwright.base.free_fields import LINE_BYTES_MAX, check_free
from stockwright.http.rules import Check, Wire
from stockwright.products.barcode import BARCODE_MAX, check_barcode
from stockwright.products.model import (
    CATEGORY_MAX,
    CATEGORY_MIN,
    FOREIGN_SKU_MAX,
    ID_MAX,
    PRICE_CENTS_MAX,
    TAX_RATE_MAX,
    WEIGHT_GRAMS_MAX,
    check_reference,
)

Id = Annotated[str, Meta(min_length=1, max_length=ID_MAX)]
Sku = Annotated[str, Meta(min_length=1, max_length=FOREIGN_SKU_MAX)]
"""Any SKU that a product may have: `initialize` takes longer ones than the catalogue."""
Code = Annotated[str, Meta(min_length=1, max_length=ID_MAX)]
"""What was scanned or typed: a barcode, else a SKU, else an id."""
Barcode = Annotated[str, Meta(min_length=1, max_length=BARCODE_MAX), Check(check_barcode)]
Cost = Annotated[int, Meta(ge=0, le=PRICE_CENTS_MAX)]
WeightGrams = Annotated[int, Meta(ge=0, le=WEIGHT_GRAMS_MAX)]
TaxRate = Annotated[int, Meta(ge=0, le=TAX_RATE_MAX)]
"""Hundredths of a percent."""
Options = dict[Annotated[str, Meta(max_length=100)], Any]

_CHOSEN = Check(lambda value, field: check_free(value, field, LINE_BYTES_MAX))
ChosenOptions = Annotated[Options, _CHOSEN]
"""What is chosen of a product's options."""
ChosenColor = Annotated[Any, _CHOSEN]
"""S3's way to choose a color: by its value or position."""

Reference = Annotated[str, Meta(max_length=ID_MAX), Check(check_reference)]


class CategoryBody(Wire):
    """The name of a new category, or the new name of a category."""

    name: Annotated[str, Meta(min_length=CATEGORY_MIN, max_length=CATEGORY_MAX)]


class CategoryView(Wire):
    """A category of products."""

    name: str
