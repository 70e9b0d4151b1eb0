"""What a file is, said before it is imported: its profile, or what its columns were said to be, or seem to be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import Client

FILES = Path(__file__).parents[1] / "data/imports"
OTHERS = "Artikelnummer;Bezeichnung;VK;Bestand;EAN;Farbe\nHX-1;A hex nut;0,40;500;;zinc\nHX-2;A wing nut;0,55;20;;\n"


def fields(shown: dict[str, Any]) -> dict[str, str]:
    return {each["heading"]: each["field"] for each in shown["columns"]}


@pytest.mark.parametrize(
    ("name", "kind", "profile"),
    [
        ("shopify_products_old_headings", "products", "shopify"),
        ("shopify_products_new_headings", "products", "shopify"),
        ("woocommerce_products", "products", "woocommerce"),
        ("square_items", "products", "square"),
        ("shopify_inventory", "stock", "shopify"),
    ],
)
async def test_a_profile_is_found_by_the_headings(admin: Client, name: str, kind: str, profile: str) -> None:
    content = (FILES / f"{name}.csv").read_bytes()
    shown = (await admin.post("/imports/columns", content, kind=kind)).data
    assert (shown["profile"], shown["remembered"]) == (profile, False)
    assert "sku" in fields(shown).values()


async def test_columns_are_guessed_and_what_somebody_said_is_remembered(admin: Client) -> None:
    shown = (await admin.post("/imports/columns", OTHERS.encode("cp1252"))).data
    assert (shown["profile"], shown["delimiter"], shown["rows"]) == ("", ";", 2)
    guessed = {"Artikelnummer": "sku", "Bezeichnung": "name", "VK": "priceDecimal", "Bestand": "available",
               "EAN": "barcode", "Farbe": ""}  # fmt: skip
    assert fields(shown) == guessed
    assert shown["columns"][1]["examples"] == ["A hex nut", "A wing nut"]
    assert {"sku", "name", "priceDecimal", "images"} <= {each["name"] for each in shown["fields"]}

    mapping = json.dumps(guessed | {"Farbe": "type"})
    tried = (await admin.post("/products/import", OTHERS.encode(), mapping=mapping, dryRun=True)).data
    assert (tried["created"], tried["errors"]) == (2, [])
    assert not (await admin.post("/imports/columns", OTHERS.encode())).data["remembered"]
    await admin.post("/products/import", OTHERS.encode(), mapping=mapping)
    again = (
        await admin.post("/imports/columns", b"bezeichnung,VK,artikelnummer,Bestand,EAN,Farbe\nx,1,y,2,3,4\n")
    ).data
    assert again["remembered"]
    assert fields(again)["Farbe"] == "type"
    assert fields(again)["artikelnummer"] == "sku"


async def test_stock_is_guessed_too(admin: Client) -> None:
    shown = (await admin.post("/imports/columns", b"Code,Qty,Warehouse\nA-1,5,default\n", kind="stock")).data
    assert fields(shown) == {"Code": "sku", "Qty": "quantity", "Warehouse": "location"}


async def test_a_file_that_cannot_be_read_is_refused(admin: Client) -> None:
    for wrong in (b"", b'a,b\n"x,1\n', b"a,a\n1,2\n"):
        assert (await admin.post("/imports/columns", wrong)).fields == {"file"}
