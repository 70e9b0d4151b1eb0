"""Thirty kinds of damage to a file: it is booked as it was meant, or not at all."""

from __future__ import annotations

import contextlib

import pytest

from stockwright.base.errors import Refused
from stockwright.catalog.inventory_views import get_by_product
from stockwright.context import App
from stockwright.imports.usecases import StartImport, import_here
from tests.conftest import ADMIN, Product

GOOD = "sku,quantity,reason\nCHAIR,20,Delivery éé\nLAMP,3,Delivery é\n"
MEANT, NOTHING = [25, 8], [5, 5]
TEXT = GOOD.encode()
DAMAGED: dict[str, bytes] = {
    "a quote that is never closed": TEXT.replace(b"CHAIR", b'"CHAIR'),
    "a quote inside a cell": TEXT.replace(b"CHAIR", b'CH"AIR'),
    "text behind a closing quote": TEXT.replace(b"CHAIR", b'"CH"AIR'),
    "a thousands separator": TEXT.replace(b",20,", b',"1,000",'),
    "a thousands separator without quotes": TEXT.replace(",20,Delivery éé".encode(), b",1,000"),
    "a decimal comma": TEXT.replace(b",20,", b',"20,5",'),
    "half a unit": TEXT.replace(b",20,", b",20.5,"),
    "a number shortened by a spreadsheet": TEXT.replace(b",20,", b",2E+1,"),
    "a number as a date": TEXT.replace(b",20,", b",20-Jan,"),
    "an error of a spreadsheet": TEXT.replace(b",20,", b",#REF!,"),
    "a formula": TEXT.replace(b",20,", b",=10+10,"),
    "letters that look like digits": TEXT.replace(b",20,", ",２０,".encode()),
    "the letter O": TEXT.replace(b",20,", b",2O,"),
    "a minus sign of typography": TEXT.replace(b",20,", ",−20,".encode()),
    "no number": TEXT.replace(b",20,", b",,"),
    "too many digits": TEXT.replace(b",20,", b",99999999999999999999,"),
    "no SKU": TEXT.replace(b"CHAIR", b""),
    "a SKU that is not there": TEXT.replace(b"CHAIR", b"CHAIRS"),
    "a location that is not there": TEXT.replace(b"reason", b"location"),
    "a cell too many": TEXT.replace(b",20,", b",20,x,"),
    "a cell too few": TEXT.replace(b"CHAIR,20,", b"CHAIR,"),
    "a heading twice": TEXT.replace(b"reason", b"SKU"),
    "a heading missing": TEXT.replace(b"quantity", b"pieces"),
    "no headings": TEXT.partition(b"\n")[2],
    "lines above the headings": b"Our stock\n\n" + TEXT,
    "cut off inside a letter": TEXT[: TEXT.rindex(b"\xc3") + 1],
    "a byte of zero": TEXT.replace(b"CHAIR", b"CH\x00AIR"),
    "bytes of UTF-16 missing": GOOD.encode("utf-16")[:-1],
    "a workbook": b"PK\x03\x04" + TEXT,
    "nothing": b"",
    "two rows run together": TEXT.replace(b"\nLAMP", b"LAMP"),
    "semicolons in one row": TEXT.replace(b"LAMP,3,", b"LAMP;3;"),
    "goods that are not there": TEXT.replace(b",20,", b",-20,"),
}
HARMLESS: dict[str, bytes] = {
    "a byte-order mark": GOOD.encode("utf-8-sig"),
    "UTF-16": GOOD.encode("utf-16"),
    "Windows-1252": GOOD.encode("cp1252"),
    "line ends of Windows": TEXT.replace(b"\n", b"\r\n"),
    "semicolons": TEXT.replace(b",", b";"),
    "tabs and a last line without an end": TEXT.replace(b",", b"\t").rstrip(),
    "blank lines and blanks": TEXT.replace(b"\n", b"\n\n").replace(b"CHAIR", b" CHAIR "),
    "numbers of a spreadsheet": TEXT.replace(b",20,", b",20.0,"),
    "headings in capitals": TEXT.replace(b"sku,quantity", b"SKU,Quantity"),
}


async def booked(app: App, product: Product, content: bytes) -> list[int]:
    ids = [(await product(5, sku=sku)).product.id for sku in ("CHAIR", "LAMP")]
    with contextlib.suppress(Refused):
        await import_here(app, ADMIN, StartImport(kind="stock", content=content))
    return [(await get_by_product(app, each)).stock.available for each in ids]


def test_there_are_thirty_kinds() -> None:
    assert len(DAMAGED) >= 30


@pytest.mark.parametrize("damage", DAMAGED)
async def test_a_damaged_file_books_nothing(app: App, product: Product, damage: str) -> None:
    assert await booked(app, product, DAMAGED[damage]) == NOTHING


@pytest.mark.parametrize("shape", HARMLESS)
async def test_a_file_of_another_shape_is_booked_as_it_is_meant(app: App, product: Product, shape: str) -> None:
    assert await booked(app, product, HARMLESS[shape]) == MEANT
