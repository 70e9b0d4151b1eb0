"""What the columns of a file are: by its profile, as somebody said before, or by what they are called."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stockwright.base.hashing import sha256
from stockwright.imports.columns import find_columns
from stockwright.imports.fields import FIELDS
from stockwright.imports.profiles import profiles_of
from stockwright.imports.reader import heading_key
from stockwright.imports.report import VALUE_SHOWN_MAX, ImportReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.imports.model import ImportKind
    from stockwright.imports.profile import Profile
    from stockwright.imports.reader import Table

EXAMPLES: Final = 3
WORDS: Final[Mapping[str, str]] = {
    "article": "sku", "articleno": "sku", "articlenumber": "sku", "artikel": "sku", "artikelnr": "sku",
    "artikelnummer": "sku", "code": "sku", "itemcode": "sku", "itemno": "sku", "itemnumber": "sku", "partnumber": "sku",
    "productcode": "sku", "ref": "sku", "reference": "sku", "stockcode": "sku", "référence": "sku",
    "bezeichnung": "name", "item": "name", "itemname": "name", "nom": "name", "product": "name", "produkt": "name",
    "title": "name", "titel": "name", "nombre": "name",
    "beschreibung": "description", "details": "description", "text": "description",
    "group": "category", "kategorie": "category", "warengruppe": "category", "catégorie": "category",
    "hersteller": "brand", "manufacturer": "brand", "marke": "brand", "vendor": "brand", "marque": "brand",
    "amount": "priceDecimal", "preis": "priceDecimal", "price": "priceDecimal", "retailprice": "priceDecimal",
    "sellingprice": "priceDecimal", "unitprice": "priceDecimal", "vk": "priceDecimal", "prix": "priceDecimal",
    "buyingprice": "costDecimal", "cost": "costDecimal", "ek": "costDecimal", "purchaseprice": "costDecimal",
    "ean": "barcode", "gtin": "barcode", "isbn": "barcode", "upc": "barcode",
    "bestand": "available", "instock": "available", "inventory": "available", "menge": "available",
    "onhand": "available", "qty": "available", "stock": "available", "units": "available",
    "bild": "images", "image": "images", "imageurl": "images", "photo": "images", "picture": "images",
    "pictures": "images", "währung": "currency", "gewicht": "weightGrams", "weight": "weightGrams",
    "lager": "location", "place": "location", "warehouse": "location", "grund": "reason", "note": "reason",
}  # fmt: skip
"""What people call their columns, as `heading_key` writes it → the field."""
OF_STOCK: Final = {"available": "quantity"}
"""What another field means in a file of stock."""


class Column(Struct, frozen=True):
    """A column of a file: what it is called, what is in it, and which field it seems to be ("": none)."""

    heading: str
    examples: list[str]
    field: str


class Shape(Struct, frozen=True):
    """A file as it was understood before anything of it was checked."""

    profile: str
    """"" where no profile has its headings."""
    encoding: str
    delimiter: str
    rows: int
    columns: list[Column]
    is_remembered: bool


def shape_key(kind: ImportKind, table: Table) -> str:
    """Name the shape of a file: files with the same headings, in any order, have one name."""
    return f"{kind}#{sha256(chr(10).join(sorted(map(heading_key, table.headings))))[:32]}"


def shape_of(kind: ImportKind, table: Table, profile: Profile | None, mapping: Mapping[str, str] | None) -> Shape:
    """Say what a file's columns are."""
    rows = list(islice(table.rows, EXAMPLES * 4))
    fields = _by_mapping(mapping) if mapping is not None else _by_profile(table, profile)
    if fields is None:
        fields = _guessed(kind, table)
    columns = []
    for position, heading in enumerate(table.headings):
        if not heading:
            continue
        found = (row.cells[position].strip() for row in rows if position < len(row.cells))
        examples = [text[:VALUE_SHOWN_MAX] for text in dict.fromkeys(found) if text][:EXAMPLES]
        columns.append(Column(heading, examples, fields.get(heading_key(heading), "")))
    name = "" if profile is None or mapping is not None else profile.name
    return Shape(name, table.encoding, table.delimiter, len(table.rows), columns, mapping is not None)


def _by_mapping(mapping: Mapping[str, str]) -> dict[str, str]:
    return {heading_key(heading): field for heading, field in mapping.items()}


def _by_profile(table: Table, profile: Profile | None) -> dict[str, str] | None:
    if profile is None:
        return None
    columns = find_columns(table, profile.fields, ImportReport(profile.name))
    return {heading_key(heading): name.partition("#")[0] for name, heading in columns.headings.items()}


def _guessed(kind: ImportKind, table: Table) -> dict[str, str]:
    """Guess by the words, then by what our own and other systems' files call it; a field is guessed once."""
    offered = {name for name, each in FIELDS[kind].items() if each.is_offered}
    known = {
        heading_key(heading): field
        for profile in reversed(profiles_of(kind, "count"))
        for field, headings in profile.fields.items()
        for heading in headings
    }
    found: dict[str, str] = {}
    for heading in table.headings:
        key = heading_key(heading)
        bare = "".join(letter for letter in key if letter.isalnum())
        field = WORDS.get(bare) or known.get(key, "")
        field = OF_STOCK.get(field, field) if kind == "stock" else field
        if field in offered and field not in found.values():
            found[key] = field
    return found
