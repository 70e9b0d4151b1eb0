"""Rows of one product → the product, its variants and its pictures, whatever system wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct, field

from stockwright.base.errors import Invalid
from stockwright.base.hashing import sha256
from stockwright.base.names import clean, name_key
from stockwright.imports.fields import OPTIONS_READ, THRESHOLDS
from stockwright.products.barcode import check_barcode
from stockwright.products.model import (
    DESCRIPTION_MAX,
    DESCRIPTION_MIN,
    SKU_FROM_NAME_MAX,
    ProductFields,
    sku_from_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.columns import Columns
    from stockwright.imports.product_reader import ReadCells
    from stockwright.imports.profile import Profile

PLAIN: Final[Mapping[str, str]] = {
    "name": "name",
    "description": "description",
    "category": "category",
    "type": "type",
    "brand": "brand",
    "currency": "currency",
    "imageUrl": "image_url",
    "options": "options",
    "attributes": "attributes",
    "status": "status",
}
"""Field of a file → field of Product, where the value is taken as it is."""
NO_LETTERS: Final = "ITEM"
OPTION_NUMBERS: Final = range(1, OPTIONS_READ + 1)
EMPTY: Final[Mapping[str, Any]] = {"type": "", "brand": "", "options": {}, "attributes": {}}
"""What a product has where a cell says that it has none; else None."""


class ReadPicture(Struct, frozen=True):
    """A picture to be fetched: of a product, or of the variant with these options."""

    row: int
    url: str
    alt: str = ""
    options: Mapping[str, str] = {}


class ReadVariant(Struct):
    """A variant as its row has it; `sku` is None where the row has none."""

    number: int
    sku: str | None
    options: dict[str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, int] = field(default_factory=dict)
    quantity: int | None = None


class ReadProduct(Struct):
    """A product that was understood whole, with what its rows give of it."""

    number: int
    numbers: list[int]
    sku: str
    fields: ProductFields = field(default_factory=ProductFields)
    thresholds: dict[str, int] = field(default_factory=dict)
    id: str | None = None
    quantity: int | None = None
    variants: list[ReadVariant] = field(default_factory=list)
    pictures: list[ReadPicture] = field(default_factory=list)
    has_own_row: bool = True
    """Whether the file has the product itself, and not its variants alone."""

    @property
    def skus(self) -> list[str]:
        """Its SKU and those of its variants."""
        return [self.sku, *(each.sku for each in self.variants if each.sku)]

    @property
    def barcodes(self) -> list[tuple[str, str]]:
        """Its barcode and those of its variants, each with the path to its variant."""
        own = self.fields.get("barcode")
        found = [("", own)] if own else []
        of_variants = ((f"variants[{n}].", each.fields.get("barcode")) for n, each in enumerate(self.variants))
        return [*found, *((path, code) for path, code in of_variants if code)]


class CannotAssemble(Exception):
    """Rows that do not make one product: which row, which of its fields, and why."""

    def __init__(self, row: int, name: str, why: str) -> None:
        super().__init__(why)
        self.row, self.name = row, name


class Assembler:
    """Makes products of rows that were read, by the rules of their profile."""

    def __init__(self, profile: Profile, columns: Columns) -> None:
        self._profile = profile
        self._price = next((each for each in ("priceDecimal", "price") if each in columns), "")
        """The field with the price, if the file has one."""
        self.shortened = self.described = self.external = self.miscoded = 0
        """How many descriptions were cut, or lengthened by the name; products of others; barcodes left out."""

    def product(self, rows: Sequence[ReadCells]) -> ReadProduct:
        """Return the product of these rows, which is not empty; raises CannotAssemble."""
        profile = self._profile
        own = [row for row in rows if not row.parent]
        if not profile.rows_are_variants and len(own) > 1:
            raise CannotAssemble(own[1].number, profile.names[-1], f"is already in row {own[0].number}")
        first = own[0] if own else rows[0]
        product = ReadProduct(first.number, [row.number for row in rows], "", has_own_row=bool(own))
        if own:
            self._own_fields(product, first)
        if profile.rows_are_variants:
            of_variants = [row for row in rows if _has_variant(row)]
        else:
            of_variants = [row for row in rows if row.parent]
        names = self._option_names(first)
        variants = [self._variant(row, names) for row in of_variants]
        if profile.rows_are_variants and len(variants) == 1 and self._is_plain(variants[0]):
            _take_over(product, variants.pop())
        product.variants = variants
        for row in rows:
            if row.parent:
                self._add_pictures(product, row, "images", self._options_of(row, names))
                continue
            self._add_pictures(product, row, "images", {})
            self._add_pictures(product, row, "variantImage", self._options_of(row, names) if variants else {})
        self._name_it(product, first)
        if variants:
            self._share_price(product)
            _share_units(product)
        return product

    def _own_fields(self, product: ReadProduct, row: ReadCells) -> None:
        fields = cast("dict[str, Any]", product.fields)
        for name, own in PLAIN.items():
            if name in row.values:
                value = row.values[name]
                fields[own] = EMPTY.get(name) if value is None else value
        if "status" not in row.values and row.get("published") is not None:
            fields["status"] = "ACTIVE" if row.get("published") else "INACTIVE"
        elif row.get("published") is False:
            fields["status"] = "INACTIVE"
        if not self._profile.rows_are_variants:
            fields |= self._details(row)
            price = _amount(row, "price")
            if price is not None:
                fields["price_cents"] = price
            product.quantity = _units(row)
            product.thresholds = _thresholds(row)
            product.id = None if self._profile.is_foreign else row.get("id")
        if self._profile.is_foreign:
            self._fit(fields, row)

    def _details(self, row: ReadCells) -> dict[str, Any]:
        """Return barcode, cost, weight and tax rate; another system may have barcodes with a wrong check digit."""
        found = _details(row)
        if self._profile.is_foreign and found.get("barcode") is not None:
            try:
                check_barcode(found["barcode"])
            except Invalid:
                self.miscoded += 1
                del found["barcode"]
        return found

    def _fit(self, fields: dict[str, Any], row: ReadCells) -> None:
        """Make another system's texts fit: a description may be too long, too short, or in another column."""
        text: str = fields.get("description") or row.get("shortDescription") or ""
        name: str = fields.get("name", "")
        fields.pop("description", None)
        if len(text) > DESCRIPTION_MAX:
            self.shortened += 1
            text = f"{text[: DESCRIPTION_MAX - 1].rsplit(maxsplit=1)[0]}…"
        elif text and len(text) < DESCRIPTION_MIN:
            self.described += 1
            text = f"{name}: {text}" if len(name) + len(text) + 2 >= DESCRIPTION_MIN else name
        if text or name:
            fields["description"] = text or name
        attributes = {
            row.get(f"option{n}Name"): row.get(f"option{n}Value")
            for n in OPTION_NUMBERS
            if row.get("rowType", "").startswith("simple") and row.get(f"option{n}Name") and row.get(f"option{n}Value")
        }
        if attributes:
            fields["attributes"] = attributes
        self.external += "external" in row.get("rowType", "")

    def _option_names(self, first: ReadCells) -> dict[str, str]:
        names = {f"option{n}Name": first.get(f"option{n}Name", "") for n in OPTION_NUMBERS}
        if self._profile.option:
            names["option1Name"] = names["option1Name"] or self._profile.option
        return names

    def _options_of(self, row: ReadCells, names: Mapping[str, str]) -> dict[str, str]:
        """Return a variant's options; where a row leaves the names out, they are those of the first row."""
        if "options" in row.values and row.parent:
            return {clean(str(name)): clean(str(value)) for name, value in (row.get("options") or {}).items()}
        found: dict[str, str] = {}
        for n in OPTION_NUMBERS:
            value = row.get(f"option{n}Value", "")
            name = row.get(f"option{n}Name", "") or names[f"option{n}Name"]
            if value and name:
                found[name] = value
            elif value:
                raise CannotAssemble(row.number, f"option{n}Value", "has no name: the column with it is empty")
        return found

    def _variant(self, row: ReadCells, names: Mapping[str, str]) -> ReadVariant:
        variant = ReadVariant(row.number, row.get("sku") or None, self._options_of(row, names))
        if "imageUrl" in row.values and not self._profile.rows_are_variants:
            variant.fields["image_url"] = row.values["imageUrl"]
        variant.fields |= self._details(row)
        price = _amount(row, "price")
        if price is None and self._price and self._profile.is_foreign:
            raise CannotAssemble(row.number, self._price, "is empty; each variant needs its price")
        if price is not None or "price" in row.values or "priceDecimal" in row.values:
            variant.fields["price_cents"] = price
        variant.quantity, variant.thresholds = _units(row), _thresholds(row)
        return variant

    def _is_plain(self, variant: ReadVariant) -> bool:
        """Return whether a product with one variant has no options at all."""
        return all(name_key(value) in self._profile.only_values for value in variant.options.values())

    def _share_price(self, product: ReadProduct) -> None:
        """Let variants with the product's price have none of their own; where it has none, the first one's is its."""
        if not self._profile.is_foreign:
            return
        first = next((each.fields["price_cents"] for each in product.variants if each.fields.get("price_cents")), None)
        if first is not None and product.has_own_row:
            product.fields.setdefault("price_cents", first)
        shared = product.fields.get("price_cents")
        for each in product.variants:
            if each.fields.get("price_cents") == shared:
                each.fields["price_cents"] = None

    def _name_it(self, product: ReadProduct, first: ReadCells) -> None:
        """Give a product its SKU: that of its row, or one that is made the same way at every import."""
        profile = self._profile
        if not profile.rows_are_variants:
            product.sku = first.get("sku", "") if product.has_own_row else first.parent
        if product.sku:
            return
        if not profile.is_foreign:
            raise CannotAssemble(first.number, "sku", "is empty")
        word = first.get("group") or product.fields.get("name", "")
        if not word:
            raise CannotAssemble(first.number, "name", "is empty; a product needs a name or a SKU")
        number = first.get("id", "")
        product.sku = made_sku(f"{word} {number}" if number else word)
        if any(name_key(each.sku or "") == name_key(product.sku) for each in product.variants):
            product.sku = f"{product.sku}-ALL"

    def _add_pictures(self, product: ReadProduct, row: ReadCells, name: str, options: Mapping[str, str]) -> None:
        known = {(each.url, tuple(each.options.items())) for each in product.pictures}
        for url, alt in row.get(name) or ():
            if (url, tuple(options.items())) not in known:
                text = alt or (row.get("imageAlt", "") if name == "images" else "")
                product.pictures.append(ReadPicture(row.number, url, text, options))


def _take_over(product: ReadProduct, variant: ReadVariant) -> None:
    """Make a product without options of its only variant."""
    product.sku = variant.sku or ""
    product.quantity, product.thresholds = variant.quantity, variant.thresholds
    given = {name: value for name, value in variant.fields.items() if value is not None}
    product.fields.update(cast("ProductFields", given))


def made_sku(word: str) -> str:
    """Make a SKU of a name; one that is too long for its letters gets a few of its hash."""
    sku = sku_from_name(word)
    if sku.startswith(NO_LETTERS):
        # Of letters that are not Latin.
        return f"{NO_LETTERS}-{sha256(word)[:8].upper()}"
    if len(sku) >= SKU_FROM_NAME_MAX - 1 and len(word) > SKU_FROM_NAME_MAX:
        return f"{sku[: SKU_FROM_NAME_MAX - 7]}-{sha256(word)[:6].upper()}"
    return sku


def _share_units(product: ReadProduct) -> None:
    """Take the units of a product with variants only from these."""
    if product.quantity and product.quantity != sum(each.quantity or 0 for each in product.variants):
        raise CannotAssemble(product.number, "available", "is of all variants together; each needs its own units")
    product.quantity = None


def _has_variant(row: ReadCells) -> bool:
    """Return whether a row is of a variant, and not of a further picture alone."""
    return bool(row.get("sku") or row.options() or _amount(row, "price") is not None or "option1Value" in row.values)


def _amount(row: ReadCells, name: str) -> int | None:
    """Return an amount in minor units, whether it was written so or as a decimal."""
    minor = row.get(name)
    both: int | None = row.get(f"{name}Decimal") if minor is None else minor
    return both


def _details(row: ReadCells) -> dict[str, Any]:
    """Return barcode, cost, weight and tax rate, as far as the row says them."""
    found: dict[str, Any] = {}
    if "barcode" in row.values:
        found["barcode"] = row.values["barcode"]
    if "cost" in row.values or "costDecimal" in row.values:
        found["cost_cents"] = _amount(row, "cost")
    for name, value in row.values.items():
        if name == "weightGrams" or (name.startswith("weight_") and value is not None):
            found["weight_grams"] = value
    if "taxRate" in row.values:
        found["tax_rate"] = row.values["taxRate"]
    return found


def _units(row: ReadCells) -> int | None:
    """Return the units of a row: those of all its columns of them."""
    found = [value for name, value in row.values.items() if name.partition("#")[0] == "available"]
    return sum(found) if found else None


def _thresholds(row: ReadCells) -> dict[str, int]:
    return {own: row.values[name] for name, own in THRESHOLDS.items() if row.get(name) is not None}
