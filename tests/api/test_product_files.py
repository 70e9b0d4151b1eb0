"""Files of products with variants and pictures: our own, and those of other systems, in their documented columns."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stockwright.adapters.outbound import HttpOutbound
from stockwright.context import App
from tests.api.asking import Client
from tests.api.conftest import Made
from tests.imports.pictures import PictureServer, serving_pictures

FILES = Path(__file__).parents[1] / "data/imports"
TEE = {
    "sku": "TEE",
    "name": "A soft tee",
    "options": [{"name": "size", "values": ["S", "M", "L"]}, {"name": "color", "values": ["Sand", "Night"]}],
    "variants": [
        {
            "options": {"size": "S", "color": "Sand"},
            "sku": "TEE-S-S",
            "quantity": 5,
            "lowStockThreshold": 3,
            "cost": 700,
        },
        {
            "options": {"size": "M", "color": "Night"},
            "sku": "TEE-M-N",
            "quantity": 7,
            "price": 2100,
            "barcode": "4006381333931",
        },
    ],
    "price": 1900,
    "quantity": None,
}


@pytest.fixture
async def pictures(app: App) -> AsyncIterator[PictureServer]:
    """A server of pictures, in a shop that may call this machine."""
    app.outbound = HttpOutbound(allow_private=True, timeout_seconds=2)
    async with serving_pictures() as server:
        yield server
    await app.outbound.close()


async def by_sku(admin: Client) -> dict[str, dict[str, Any]]:
    items = (await admin.get("/products", limit=100)).data["items"]
    return {each["sku"]: (await admin.get(f"/products/{each['id']}")).data for each in items}


async def imported(admin: Client, content: bytes) -> dict[str, Any]:
    """Import a file to its end: a busy machine may fetch pictures for longer than a request waits."""
    shown: dict[str, Any] = (await admin.post("/products/import", content)).data
    while shown["status"] in {"CHECKING", "BOOKING", "FETCHING"}:
        await asyncio.sleep(0.05)
        shown = (await admin.get(f"/imports/{shown['importId']}")).data
    return shown


def refusals(shown: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(each["row"], each["column"], each["message"]) for each in shown["errors"]]


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    headings = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, headings)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def exported(admin: Client) -> list[dict[str, str]]:
    text = (await admin.get("/products/export")).response.text
    return list(csv.DictReader(io.StringIO(text, newline="")))


# ---- our own files -----------------------------------------------------------------------------


async def test_variants_are_exported_and_an_unchanged_file_changes_nothing(admin: Client, made: Made) -> None:
    await made(**TEE)
    await made()
    rows = await exported(admin)
    assert [
        (row["sku"], row["parent"], row["available"], row["price"]) for row in rows if row["sku"].startswith("TEE")
    ] == [
        ("TEE", "", "", "1900"),
        ("TEE-S-S", "TEE", "5", ""),
        ("TEE-M-N", "TEE", "7", "2100"),
    ]
    again = (await admin.post("/products/import", as_csv(rows))).data
    assert [again[each] for each in ("created", "updated", "unchanged", "failed", "errors", "notes")] == [
        0, 0, 2, 0, [], []
    ]  # fmt: skip


async def test_an_export_makes_the_same_products_in_another_shop(admin: Client, made: Made) -> None:
    """As good as another shop: the SKUs of the products are given up."""
    tee = await made(**TEE)
    rows = await exported(admin)
    await admin.delete(f"/products/{tee['id']}")
    for row in rows:
        row["id"] = ""
    done = (await admin.post("/products/import", as_csv(rows))).data
    assert (done["created"], done["errors"]) == (1, [])
    after = await exported(admin)
    for row in (*rows, *after):
        row["id"] = row["createdAt"] = ""
    assert after == rows
    undone = (await admin.post(f"/imports/{done['importId']}/undo")).data
    assert (undone["undone"], undone["refused"]) == (1, [])
    assert await by_sku(admin) == {}


async def test_variants_are_changed_and_added_and_given_back(admin: Client, made: Made) -> None:
    before = await made(**TEE)
    rows = await exported(admin)
    rows[0]["name"] = "A softer tee"
    rows[1]["price"], rows[1]["lowStockThreshold"] = "1500", "4"
    rows[1]["priceDecimal"] = "15.00"
    rows[2]["price"] = rows[2]["priceDecimal"] = ""
    rows[2]["barcode"], rows[2]["weightGrams"] = "5901234123457", "180"
    rows.append({"sku": "TEE-XL", "parent": "TEE", "options": '{"size": "XL", "color": "Sand"}', "available": "9"})
    seen = (await admin.post("/products/import", as_csv(rows), dryRun=True)).data
    assert [(each["sku"], each["field"], each["before"], each["after"]) for each in seen["preview"]] == [
        ("TEE", "name", "A soft tee", "A softer tee"),
        ("TEE-S-S", "price", None, 1500),
        ("TEE-S-S", "lowStockThreshold", 3, 4),
        ("TEE-M-N", "barcode", "4006381333931", "5901234123457"),
        ("TEE-M-N", "weightGrams", None, 180),
        ("TEE-M-N", "price", 2100, None),
        ("TEE-XL", "variant", None, "XL, Sand"),
    ]
    done = (await admin.post("/products/import", as_csv(rows))).data
    assert (done["updated"], done["errors"]) == (1, [])
    tee = (await by_sku(admin))["TEE"]
    assert [(each["sku"], each["price"], each["quantity"]) for each in tee["variants"]] == [
        ("TEE-S-S", 1500, 5), ("TEE-M-N", 1900, 7), ("TEE-XL", 1900, 9)
    ]  # fmt: skip
    assert (await admin.post("/products/import", as_csv(rows))).data["unchanged"] == 1

    undone = (await admin.post(f"/imports/{done['importId']}/undo")).data
    assert (undone["undone"], undone["refused"]) == (1, [])
    after = (await by_sku(admin))["TEE"]
    for name in ("name", "price", "options", "quantity"):
        assert after[name] == before[name]
    assert [(each["id"], each["price"], each["lowStockThreshold"], each["barcode"]) for each in after["variants"]] == [
        (each["id"], each["price"], each["lowStockThreshold"], each["barcode"]) for each in before["variants"]
    ]


async def test_a_variant_that_was_sold_since_stays(admin: Client, made: Made) -> None:
    await made(**TEE)
    row = {"sku": "TEE-XL", "parent": "TEE", "options": '{"size": "XL", "color": "Sand"}', "available": "9"}
    done = (await admin.post("/products/import", as_csv([row]))).data
    assert (done["updated"], done["errors"]) == (1, [])
    await admin.post("/sales", {"sku": "TEE-XL", "quantity": 1})
    undone = (await admin.post(f"/imports/{done['importId']}/undo")).data
    assert [each["message"].rpartition(": ")[2] for each in undone["refused"]] == [
        "the stock of TEE-XL has moved since"
    ]
    assert len((await by_sku(admin))["TEE"]["variants"]) == 3


async def test_a_wrong_variant_refuses_its_product_whole(admin: Client, made: Made) -> None:
    rows = [
        {"sku": "CAP", "name": "A flat cap", "price": "1500", "options": ""},
        {"sku": "TEE", "name": "A soft tee", "price": "1900", "options": '{"size": ["S", "M"]}'},
        {"sku": "TEE-S", "parent": "TEE", "options": '{"size": "S"}', "available": "1,000"},
        {"sku": "TEE-M", "parent": "TEE", "options": '{"size": "M"}', "available": "2"},
        {"sku": "HAT", "name": "A straw hat", "price": "1500"},
        {"sku": "HAT-X", "parent": "HAT", "options": '{"size": "X"}'},
        {"sku": "HAT-Y", "parent": "HAT", "options": '{"size": "X"}'},
        {"sku": "BELT-1", "parent": "BELT", "options": '{"size": "X"}'},
    ]  # fmt: skip
    shown = (await admin.post("/products/import", as_csv(rows), onError="skip")).data
    assert refusals(shown) == [
        (3, "", "is of the product of row 4, which is refused"),
        (4, "available", "may have a thousands separator; write digits alone, such as 1000"),
        (5, "", "is of the product of row 4, which is refused"),
        (6, "", "is of the product of row 8, which is refused"),
        (7, "", "is of the product of row 8, which is refused"),
        (8, "", "variants[1].options are those of variants[0]: size: X"),
        (9, "", "has no product: BELT is neither in the file nor in the shop"),
    ]
    assert (shown["created"], shown["failed"]) == (1, 7)
    assert list(await by_sku(admin)) == ["CAP"]
    failed = (await admin.get(f"/imports/{shown['importId']}/errors.csv")).response.text
    assert len(failed.splitlines()) == 8


# ---- other systems' ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["shopify_products_old_headings", "shopify_products_new_headings"])
async def test_products_of_shopify(admin: Client, name: str) -> None:
    content = (FILES / f"{name}.csv").read_bytes()
    done = (await admin.post("/products/import", content)).data
    assert (done["profile"], done["errors"]) == ("shopify", [])
    found = await by_sku(admin)
    if "old" in name:
        bag, card = found["CANVAS-BAG"], found["GC-25"]
        assert (bag["name"], bag["brand"], bag["category"], bag["type"]) == ("Canvas Bag", "Harbour", "Luggage", "Bags")
        assert [(each.get("barcode"), each["cost"], each["weightGrams"]) for each in bag["variants"]] == [
            ("4006381333931", 1210, 410),
            (None, 1340, 470),
            (None, 1210, 410),
        ]
        assert bag["description"] == "Carries twelve kilos, and your lunch."
        assert (bag["price"], bag["status"], bag["quantity"]) == (3450, "ACTIVE", 17)
        assert [(each["sku"], each["options"], each["price"], each["quantity"]) for each in bag["variants"]] == [
            ("CB-S-M", {"Color": "Sand", "Size": "M"}, 3450, 14),
            ("CB-S-L", {"Color": "Sand", "Size": "L"}, 3850, 0),
            ("CB-N-M", {"Color": "Night", "Size": "M"}, 3450, 3),
        ]
        assert ("variants" in card, card["status"], card["options"]) == (False, "INACTIVE", {})
        assert "New categories: Luggage" in done["notes"]
    else:
        jacket = found["RAIN-JACKET"]
        assert [(each["sku"], each["quantity"]) for each in jacket["variants"]] == [("RJ-S", 12), ("RJ-M", 7)]
        assert jacket["description"] == "Dry and warm"
        assert "2 barcodes have a wrong check digit, and are left out" in done["notes"]
    again = (await admin.post("/products/import", content, dryRun=True)).data
    assert (again["created"], again["failed"]) == (0, 0)
    assert {each["field"] for each in again["preview"]} <= {"pictures"}
    undone = (await admin.post(f"/imports/{done['importId']}/undo")).data
    assert (undone["refused"], await by_sku(admin)) == ([], {})


async def test_products_of_woocommerce(admin: Client) -> None:
    done = (await admin.post("/products/import", (FILES / "woocommerce_products.csv").read_bytes())).data
    assert refusals(done) == [(3, "", "price must be a whole number of minor units from 1 to 1000000000000")]
    rows: list[dict[str, Any]] = [
        {"ID": 1, "Type": "simple", "SKU": "woo-cap", "Name": "Cap", "Published": 1, "Short description": "A cap",
         "Description": "<p>A <b>flat</b> cap</p>", "Stock": 15, "Regular price": "16,50",
         "Weight (kg)": "0,25", "Categories": "Clothing > Accessories, Sale",
         "Attribute 1 name": "Fabric", "Attribute 1 value(s)": "Wool"},
        {"ID": 2, "Type": "variable", "Name": "Tee", "Published": 1, "Categories": "Clothing",
         "Attribute 1 name": "Size", "Attribute 1 value(s)": "S, M"},
        {"ID": 9, "Type": "simple", "SKU": "woo-mug", "Name": "Mug", "Published": 0, "Regular price": "12"},
        {"ID": 3, "Type": "variation", "SKU": "woo-tee-s", "Name": "Tee - S", "Published": 1, "Stock": 4,
         "Regular price": "20", "Parent": "id:2", "Attribute 1 name": "Size", "Attribute 1 value(s)": "S"},
        {"ID": 4, "Type": "variation", "SKU": "", "Name": "Tee - M", "Published": 1, "Stock": 6, "Regular price": "22",
         "Parent": "id:2", "Attribute 1 name": "Size", "Attribute 1 value(s)": "M"},
        {"ID": 5, "Type": "grouped", "SKU": "set", "Name": "Set", "Published": 1},
    ]  # fmt: skip
    content = b"\xef\xbb\xbf" + as_csv(rows)
    done = (await admin.post("/products/import", content)).data
    assert (done["profile"], done["errors"], done["created"]) == ("woocommerce", [], 3)
    assert "1 rows are groups of other products, and are left out" in done["notes"]
    found = await by_sku(admin)
    cap, tee, mug = found["woo-cap"], found["TEE-2"], found["woo-mug"]
    assert (cap["price"], cap["description"], cap["category"]) == (1650, "A flat cap", "accessories")
    assert cap["weightGrams"] == 250
    assert (cap["attributes"], mug["status"], mug["description"]) == ({"Fabric": "Wool"}, "INACTIVE", "Mug")
    assert [(each["sku"], each["price"], each["quantity"]) for each in tee["variants"]] == [
        ("woo-tee-s", 2000, 4), ("TEE-2-M", 2200, 6)
    ]  # fmt: skip
    assert (await admin.post("/products/import", content)).data["unchanged"] == 3


async def test_items_of_square(admin: Client) -> None:
    rows: list[dict[str, Any]] = [
        {"Token": "T1", "Item Name": "Mug", "Variation Name": "Regular", "SKU": "MUG-1", "Description": "Clay",
         "Category": "Home", "Price": "£1,250.00", "Current Quantity Main St": "10", "New Quantity Main St": "",
         "Current Quantity Mill Ln": "2"},
        {"Token": "T2", "Item Name": "Pot", "Variation Name": "Small", "SKU": "POT-S", "Price": "12.00"},
        {"Token": "T3", "Item Name": "Pot", "Variation Name": "Large", "SKU": "POT-L", "Price": "15.00"},
    ]  # fmt: skip
    done = (await admin.post("/products/import", as_csv(rows))).data
    assert (done["profile"], done["errors"], done["created"]) == ("square", [], 2)
    found = await by_sku(admin)
    assert (found["MUG-1"]["price"], found["MUG-1"]["quantity"], found["MUG-1"]["description"]) == (125000, 12, "Mug")
    pots = found["POT"]["variants"]
    assert [(each["options"], each["price"]) for each in pots] == [
        ({"Variation": "Small"}, 1200), ({"Variation": "Large"}, 1500)
    ]  # fmt: skip
    one = (await admin.post("/products/import", (FILES / "square_items.csv").read_bytes(), dryRun=True)).data
    assert (one["profile"], one["errors"], one["unchanged"]) == ("square", [], 1)


async def test_inventory_of_shopify(admin: Client, made: Made) -> None:
    await made(sku="MUG-1", quantity=1)
    content = (FILES / "shopify_inventory.csv").read_bytes()
    refused = await admin.post("/inventory/import", content, mode="add", profile="shopify")
    assert refused.fields == {"profile"}
    assert (await admin.post("/inventory/import", content, mode="set")).data["errors"][0]["message"] == (
        "there is no location 'Berlin'"
    )
    await admin.post("/locations", {"id": "b-1", "name": "Berlin"})
    done = (await admin.post("/inventory/import", content, mode="set")).data
    assert (done["profile"], done["created"], done["unchanged"], done["errors"]) == ("shopify", 1, 1, [])
    assert (await by_sku(admin))["MUG-1"]["quantity"] == 9


async def test_a_file_of_others_by_what_somebody_says_its_columns_are(admin: Client) -> None:
    rows = [{"Artikel": "HX-1", "Titel": "A hex nut", "VK": "0.40", "Rest": "x"}]
    assert (await admin.post("/products/import", as_csv(rows))).status == 400
    mapping = '{"Artikel": "sku", "Titel": "name", "VK": "priceDecimal", "Rest": ""}'
    done = (await admin.post("/products/import", as_csv(rows), mapping=mapping)).data
    assert (done["profile"], done["created"], done["errors"], done["notes"]) == ("mapping", 1, [], [])
    assert (await by_sku(admin))["HX-1"]["price"] == 40
    for wrong in ('{"Artikel": "skew"}', "[1]", '{"Artikel": "sku", "Titel": "sku"}', '{"VK": "priceDecimal"}'):
        refused = await admin.post("/products/import", as_csv(rows), mapping=wrong)
        assert all(each.startswith("mapping") for each in refused.fields)


# ---- pictures ----------------------------------------------------------------------------------


def bag(url: str) -> list[dict[str, Any]]:
    common = {"Handle": "bag", "Title": "", "Variant Price": "", "Image Src": "", "Variant Image": ""}
    return [
        common | {"Title": "A canvas bag", "Option1 Name": "Color", "Option1 Value": "Sand", "Variant SKU": "BAG-S",
                  "Variant Price": "34.50", "Image Src": f"{url}/sand.jpg", "Image Alt Text": "A sand bag"},
        common | {"Option1 Value": "Night", "Variant SKU": "BAG-N", "Variant Price": "34.50",
                  "Image Src": f"{url}/night.jpg", "Variant Image": f"{url}/night.jpg"},
        common | {"Image Src": f"{url}/inside.jpg"},
    ]  # fmt: skip


async def test_pictures_are_fetched_once_and_undone(admin: Client, pictures: PictureServer) -> None:
    content = as_csv(bag(pictures.url))
    done = await imported(admin, content)
    assert (done["status"], done["pictures"]) == ("DONE", {"named": 4, "fetched": 3, "failed": 0})
    found = (await by_sku(admin))["BAG"]
    assert [each["alt"] for each in found["images"]] == ["A sand bag", "", ""]
    assert found["variants"][1]["imageUrl"] == found["images"][1]["url"]
    assert sorted(pictures.asked) == ["/inside.jpg", "/night.jpg", "/sand.jpg"]
    again = await imported(admin, content)
    assert (again["unchanged"], len(pictures.asked)) == (1, 3)
    undone = (await admin.post(f"/imports/{done['importId']}/undo")).data
    assert (undone["undone"], undone["refused"], await by_sku(admin)) == (1, [], {})


async def test_pictures_of_a_product_that_is_there_are_taken_away_again(
    admin: Client, made: Made, pictures: PictureServer
) -> None:
    before = await made(sku="LAMP", imageUrl=None)
    rows = [{"sku": "LAMP", "name": "A tall lamp", "images": f"{pictures.url}/a.jpg {pictures.url}/b.jpg"}]
    done = await imported(admin, as_csv(rows))
    assert done["pictures"]["fetched"] == 2
    assert len((await by_sku(admin))["LAMP"]["images"]) == 2
    undone = (await admin.post(f"/imports/{done['importId']}/undo")).data
    assert (undone["undone"], undone["refused"]) == (1, [])
    after = (await by_sku(admin))["LAMP"]
    assert (after["name"], after["images"]) == (before["name"], [])


async def test_an_export_names_pictures_that_the_same_shop_knows(admin: Client, pictures: PictureServer) -> None:
    await imported(admin, as_csv(bag(pictures.url)))
    rows = await exported(admin)
    assert (await imported(admin, as_csv(rows)))["unchanged"] == 1
    for row in rows:
        row["id"], row["sku"] = "", row["sku"].replace("BAG", "COPY")
        row["parent"] = row["parent"].replace("BAG", "COPY")
    copied = await imported(admin, as_csv(rows))
    assert (copied["created"], copied["pictures"]) == (1, {"named": 4, "fetched": 3, "failed": 0})
    copy = (await by_sku(admin))["COPY"]
    assert [each["alt"] for each in copy["images"]] == ["A sand bag", "", ""]
    assert copy["variants"][1]["imageUrl"] == copy["images"][1]["url"]
    assert len(pictures.asked) == 3


async def test_a_picture_that_cannot_be_fetched_is_listed_and_blocks_nothing(
    admin: Client, app: App, pictures: PictureServer
) -> None:
    wrong = ["gone.jpg", "moved.jpg", "text.jpg", "endless.jpg", "silent.jpg"]
    rows = [{"sku": f"P-{n:03d}", "name": f"Product {n}", "price": 100, "images": f"{pictures.url}/{each}"}
            for n, each in enumerate(wrong)]  # fmt: skip
    rows.append(
        {"sku": "P-100", "name": "Product", "price": 100, "images": "bag.jpg ftp://x.example/a.jpg /media/a-1.webp"}
    )
    done = await imported(admin, as_csv(rows))
    assert (done["status"], done["created"], done["failed"]) == ("DONE", 6, 0)
    assert done["pictures"] == {"named": 8, "fetched": 0, "failed": 8}
    messages = [each["message"] for each in done["pictureErrors"]]
    for message, part in zip(
        messages,
        ["status 404", "redirects are not followed", "file must be a JPEG", "is larger than 10 MiB", "could not be",
         "no http", "no http", "is not among the pictures"],
        strict=True,
    ):  # fmt: skip
        assert part in message

    app.outbound = HttpOutbound(allow_private=False, timeout_seconds=2)
    before = len(pictures.asked)
    rows = [{"sku": "Q-1", "name": "Product", "price": 100, "images": f"{pictures.url}/a.jpg"}]
    done = await imported(admin, as_csv(rows))
    assert "private address" in done["pictureErrors"][0]["message"]
    assert len(pictures.asked) == before


async def test_a_host_that_is_silent_is_asked_no_more(admin: Client, pictures: PictureServer) -> None:
    rows = [{"sku": "P-100", "name": "Product", "price": 100,
             "images": " ".join(f"{pictures.url}/silent-{n}.jpg" for n in range(12))}]  # fmt: skip
    done = await imported(admin, as_csv(rows))
    assert (done["pictures"]["failed"], len(pictures.asked)) == (12, 5)
    assert "was not tried" in done["pictureErrors"][-1]["message"]


# ---- what a spreadsheet program writes ---------------------------------------------------------

LIBREOFFICE = FILES / "libreoffice"
SAVED = ["comma-utf-8.csv", "semicolon-windows-1252.csv", "workbook.xlsx"]


@pytest.mark.parametrize("name", SAVED)
async def test_an_export_that_a_spreadsheet_program_saved_changes_nothing(admin: Client, name: str) -> None:
    """The one product whose SKU has lost its zeros is refused: 12 is not 0012."""
    first = (await admin.post("/products/import", (LIBREOFFICE / "exported.csv").read_bytes())).data
    assert (first["created"], first["errors"]) == (9, [])
    saved = (await admin.post("/products/import", (LIBREOFFICE / name).read_bytes(), onError="skip")).data
    assert (saved["unchanged"], saved["created"], saved["updated"], saved["notes"]) == (8, 0, 0, [])
    assert [each["message"] for each in saved["errors"]] == ["sku must be 3 to 50 characters"]
    assert saved["encoding"] == {"comma-utf-8.csv": "utf-8", "workbook.xlsx": "xlsx"}.get(name, "cp1252")
    assert "0012" in await by_sku(admin)
