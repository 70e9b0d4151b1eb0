"""Thirty kinds of damage to a file of another system's products: nothing is booked that the file did not mean."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from stockwright.base.errors import Refused
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.context import App
from stockwright.imports.model import OnError
from stockwright.imports.usecases import StartImport, import_here
from tests.conftest import ADMIN
from tests.imports.moving import shopify

COUNT = 6
TEXT = shopify(COUNT, "https://pictures.example").replace(b"https://pictures.example/", b"")
"""Products 0 and 3 have no variants; 1 and 4 have two, 2 and 5 six. Their pictures have no addresses."""
ROWS = TEXT.split(b"\r\n")


def row(number: int, *changes: tuple[bytes, bytes]) -> bytes:
    """The file with changes in one row, counted as a spreadsheet does."""
    changed = list(ROWS)
    for before, after in changes:
        assert before in changed[number - 1]
        changed[number - 1] = changed[number - 1].replace(before, after, 1)
    return b"\r\n".join(changed)


DAMAGED: dict[str, bytes] = {
    "a quote that is never closed": row(3, (b"A-001-0", b'"A-001-0')),
    "a quote inside a cell": row(3, (b"A-001-0", b'A-"001-0')),
    "text behind a closing quote": row(3, (b"A-001-0", b'"A-0"01-0')),
    "a thousands separator": row(3, (b"11.50", b'"1,150.00"')),
    "a decimal comma": row(3, (b"11.50", b'"11,50"')),
    "a price with a sign": row(3, (b"11.50", b"$11.50")),
    "no price": row(3, (b"11.50", b"")),
    "a price of nothing": row(3, (b"11.50", b"0")),
    "a price below nothing": row(3, (b"11.50", b"-11.50")),
    "a number shortened by a spreadsheet": row(3, (b"11.50", b"1.15E+1")),
    "a number as a date": row(3, (b",200,", b",20-Jan,")),
    "an error of a spreadsheet": row(3, (b"11.50", b"#REF!")),
    "a formula": row(3, (b"11.50", b"=5+6.5")),
    "letters that look like digits": row(3, (b"11.50", "１１.50".encode())),
    "the letter O": row(3, (b"11.50", b"11.5O")),
    "half a unit": row(2, (b",0,,,10.50", b",0.5,,,10.50")),
    "a SKU twice": row(4, (b"A-001-1", b"A-001-0")),
    "a SKU of another product": row(4, (b"A-001-1", b"A-000-0")),
    "a SKU that is too short": row(3, (b"A-001-0", b"A")),
    "two variants that are the same": row(4, (b"Night", b"Sand")),
    "a variant without a value": row(4, (b"Night", b"")),
    "no title": row(3, (b"Article 1,", b",")),
    "a title that is too short": row(3, (b"Article 1,", b"A,")),
    "a status that there is not": row(3, (b"active", b"perhaps")),
    "a mark that is none": row(3, (b"true", b"perhaps")),
    "a cost that is none": row(3, (b"4.20", b"cheap")),
    "a weight that is none": row(3, (b",200,", b",light,")),
    "a barcode shortened by a spreadsheet": row(3, (b"11.50,,,,", b"11.50,,,,4.00638E+12")),
    "a cell too many": row(3, (b"Harbour", b"Harbour,x")),
    "a cell too few": row(3, (b"Harbour,", b"")),
    "a heading twice": TEXT.replace(b"Vendor", b"Title"),
    "a heading missing": TEXT.replace(b"Variant Price", b"What it costs"),
    "no headings": TEXT.partition(b"\r\n")[2],
    "lines above the headings": b"Our products\r\n\r\n" + TEXT,
    "cut off inside a cell": TEXT[: TEXT.rindex(b"A-005-5") + 3],
    "a byte of zero": row(3, (b"Harbour", b"Har\x00bour")),
    "bytes of UTF-16 missing": TEXT.decode().encode("utf-16")[:-1],
    "nothing": b"",
    "two rows run together": TEXT.replace(b"\r\narticle-002,Article", b"article-002,Article"),
    "semicolons in one row": row(3, (b",", b";"), (b",", b";"), (b",", b";")),
}


async def booked(app: App, content: bytes, on_error: OnError) -> dict[str, dict[str, Any]]:
    """What a file puts into the shop, by SKU."""
    with contextlib.suppress(Refused):
        await import_here(app, ADMIN, StartImport(kind="products", content=content, on_error=on_error))
    found, _ = await list_products(app, ADMIN, ListProducts(limit=100))
    return {
        each.product.sku: {
            "name": each.product.name,
            "price": each.product.price_cents,
            "cost": each.product.cost_cents,
            "status": each.product.status,
            "variants": {
                variant.sku: (dict(variant.options), variant.price_cents, stock.available)
                for variant, stock in each.variants
            },
            "available": each.stock.available,
        }
        for each in found
    }


def test_there_are_thirty_kinds() -> None:
    assert len(DAMAGED) >= 30


@pytest.mark.parametrize("damage", DAMAGED)
async def test_a_damaged_file_books_nothing(app: App, damage: str) -> None:
    assert await booked(app, DAMAGED[damage], "stop") == {}


async def test_the_file_itself_books_everything(app: App) -> None:
    found = await booked(app, TEXT, "stop")
    assert sorted(found) == ["A-000-0", "A-003-0", "ARTICLE-001", "ARTICLE-002", "ARTICLE-004", "ARTICLE-005"]
    assert [len(found[f"ARTICLE-00{n}"]["variants"]) for n in (1, 2, 4, 5)] == [2, 6, 2, 6]
    assert found["A-003-0"]["available"] == 3


@pytest.mark.parametrize("damage", DAMAGED)
async def test_of_a_damaged_file_only_what_is_whole_is_booked(app: App, damage: str) -> None:
    found = await booked(app, DAMAGED[damage], "skip")
    assert found.keys() <= {"A-000-0", "A-003-0", "ARTICLE-001", "ARTICLE-002", "ARTICLE-004", "ARTICLE-005"}
    for sku, each in found.items():
        number = int(sku[2:5]) if sku.startswith("A-") else int(sku[-3:])
        variants = {f"A-{number:03d}-{n}" for n in range([1, 2, 6][number % 3])} if number % 3 else set()
        assert each["name"] == f"Article {number}"
        assert (each["price"], each["cost"]) == ((10 + number) * 100 + 50, None if variants else 420)
        assert each["variants"].keys() == variants
        units = [number + n for n in range(max(1, len(variants)))]
        assert each["available"] == sum(units)
        assert [available for *_, available in each["variants"].values()] == (units if variants else [])
