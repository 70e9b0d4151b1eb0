"""Barcode, cost, weight and tax rate over HTTP: sent, shown, cleared, exported and imported again."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.api.asking import Client
from tests.api.conftest import AsKey, Made
from tests.api.test_variants import PHONE

EAN, UPC = "4006381333931", "036000291452"
FIELDS: dict[str, Any] = {"barcode": EAN, "cost": 4100, "weightGrams": 950, "taxRate": 1900}


def of(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in FIELDS}


async def rows(admin: Client) -> list[dict[str, str]]:
    text = (await admin.get("/products/export")).response.text
    return list(csv.DictReader(io.StringIO(text)))


async def test_the_fields_are_kept_changed_and_cleared(admin: Client, made: Made) -> None:
    board = await made(**FIELDS)
    assert of(board) == FIELDS
    at = f"/products/{board['id']}"
    assert of((await admin.get(at)).data) == FIELDS
    changed = (await admin.ask("PATCH", at, {"cost": 4200, "name": "Keyboard two"})).data
    assert of(changed) == {**FIELDS, "cost": 4200}
    same = (await admin.ask("PUT", at, {**of(changed), "expectedVersion": changed["version"]})).data
    assert same["version"] == changed["version"]
    cleared = (await admin.ask("PUT", at, dict.fromkeys(FIELDS))).data
    assert of(cleared) == dict.fromkeys(FIELDS)


async def test_variants_have_their_own_or_the_products(admin: Client) -> None:
    coral, mint = PHONE["variants"]
    mine = {"barcode": UPC, "cost": 0, "weightGrams": 0, "taxRate": 0}
    made = (await admin.post("/products", {**PHONE, **FIELDS, "variants": [coral, {**mint, **mine}]})).data
    assert [of(each) for each in made["variants"]] == [{**FIELDS, "barcode": None}, mine]
    at = f"/products/{made['id']}/variants/{made['variants'][1]['id']}"
    after = (await admin.ask("PATCH", at, dict.fromkeys(FIELDS))).data
    assert of(after["variants"][1]) == {**FIELDS, "barcode": None}
    more = {"options": {"color": "sage"}, "sku": "PH-1-S", "barcode": UPC}
    after = (await admin.post(f"/products/{made['id']}/variants", more)).data
    assert after["variants"][2]["barcode"] == UPC


async def test_what_is_wrong_is_refused_at_once(admin: Client, made: Made) -> None:
    wrong = {"barcode": "4006381333932", "cost": -1, "weightGrams": 1.5, "taxRate": 10_001}
    body = {"name": "Chair", "price": 100, **wrong, "variants": [{"options": {"color": "red"}, **wrong}]}
    refused = await admin.post("/products", body)
    assert refused.refusal == (400, "VALIDATION_ERROR")
    assert {each["field"] for each in refused.details} == {*wrong, *(f"variants[0].{name}" for name in wrong)}
    assert any("4006381333931" in each["message"] for each in refused.details)
    board = await made(barcode=EAN)
    refused = await admin.ask("PATCH", f"/products/{board['id']}", wrong)
    assert {each["field"] for each in refused.details} == {*wrong}
    taken = await admin.post("/products", {"name": "Chair", "price": 100, "barcode": f"0{EAN}"})
    assert taken.refusal == (409, "ALREADY_EXISTS")
    assert taken.details == {"barcode": f"0{EAN}", "productId": board["id"]}
    assert board["name"] in taken.error["message"]


async def test_the_till_takes_codes(admin: Client, alice: Client, made: Made) -> None:
    board = await made(quantity=9, **FIELDS)
    for body in ({"code": EAN, "quantity": 1}, {"items": [{"code": EAN, "count": 2}]}):
        sold = (await admin.post("/sales", body)).data
        assert [each["sku"] for each in sold["items"]] == [board["sku"]]
    ordered = (await alice.post("/orders", {"items": [{"code": f"0{EAN}", "quantity": 1}]})).data
    assert ordered["productId"] == board["id"]
    for beside in ({"sku": board["sku"]}, {"productId": board["id"]}, {"variantId": board["id"]}):
        refused = await admin.post("/sales", {"items": [{"code": EAN, "quantity": 1, **beside}]})
        assert {each["field"] for each in refused.details} == {"items[0].code", *(f"items[0].{n}" for n in beside)}
        refused = await admin.post("/sales", {"code": EAN, "quantity": 1, **beside})
        assert {each["field"] for each in refused.details} == {"code", *beside}
    unknown = await admin.post("/sales", {"items": [{"code": "nothing", "quantity": 1}]})
    assert unknown.refusal == (404, "NOT_FOUND")
    both = await admin.post("/sales", {"items": [{"code": "nothing", "quantity": 0}]})
    assert {each["field"] for each in both.details} == {"items[0].code", "items[0].quantity"}
    assert (await Client(alice.http).get(f"/inventory/sku/{EAN}")).status == 404


async def test_a_scan_finds_a_product_or_a_variant_or_what_to_choose_from(
    admin: Client, as_key: AsKey, made: Made
) -> None:
    board = await made(quantity=9, **FIELDS)
    till = await as_key("sales")
    for code in (EAN, f"0{EAN}", board["sku"].lower(), board["id"]):
        found = (await till.get("/inventory/scan", code=code)).data
        assert (found["productId"], found["currency"], found["status"]) == (board["id"], "USD", "ACTIVE")
        (only,) = found["variants"]
        assert (only["sku"], only["barcode"], only["price"]) == (board["sku"], EAN, board["price"])
        assert (only["availableStock"], "variantId" in only) == (9, False)
    coral, mint = PHONE["variants"]
    phone = (await admin.post("/products", {**PHONE, "variants": [coral, {**mint, "barcode": UPC}]})).data
    (one,) = (await till.get("/inventory/scan", code=UPC)).data["variants"]
    assert (one["variantId"], one["name"], one["price"]) == (phone["variants"][1]["id"], "Phone (color: mint)", 51900)
    both = (await till.get("/inventory/scan", code="ph-1")).data["variants"]
    assert [(each["sku"], each["options"]) for each in both] == [
        ("PH-1-C", {"color": "coral"}),
        ("PH-1-M", {"color": "mint"}),
    ]
    nothing = await till.get("/inventory/scan", code="nothing/at all")
    assert (nothing.refusal, nothing.details) == ((404, "NOT_FOUND"), {"code": "nothing/at all"})
    assert (await admin.ask("DELETE", f"/products/{board['id']}")).status == 200
    assert (await till.get("/inventory/scan", code=EAN)).status == 404


async def test_the_list_is_searched_by_code(admin: Client, alice: Client, made: Made) -> None:
    board, _ = await made(**FIELDS), await made(sku="OTHER-1")
    for search in (EAN, f"0{EAN}", EAN[:7]):
        for path in ("/products", "/items", "/inventory"):
            found = (await alice.get(path, search=search)).data["items"]
            assert [each.get("id", each.get("productId")) for each in found] == [board["id"]], (path, search)


async def test_an_export_is_imported_again(admin: Client, made: Made) -> None:
    await made(**FIELDS)
    (row,) = await rows(admin)
    shown = {name: row[name] for name in (*FIELDS, "costDecimal")}
    assert shown == {"barcode": EAN, "cost": "4100", "costDecimal": "41.00", "weightGrams": "950", "taxRate": "1900"}
    text = (await admin.get("/products/export")).response.content
    assert (await admin.post("/products/import", text)).data["unchanged"] == 1
    changed = f"sku,barcode,costDecimal,weightGrams,taxRate\n{row['sku']},{UPC},42.5,,700\nNEW-1,,1,2,3\n".encode()
    refused = (await admin.post("/products/import", changed)).data
    assert refused["failed"] == 1
    changed = f"sku,barcode,costDecimal,weightGrams,taxRate\n{row['sku']},{UPC},42.5,,700\n".encode()
    done = (await admin.post("/products/import", changed)).data
    assert done["updated"] == 1
    (after,) = await rows(admin)
    assert [after[name] for name in ("barcode", "cost", "weightGrams", "taxRate")] == [UPC, "4250", "", "700"]
    await admin.post(f"/imports/{done['importId']}/undo")
    assert await rows(admin) == [row]


@pytest.mark.parametrize(
    ("barcode", "why"),
    [
        ("4.00638E+12", "shortened"),
        ("4006381333932", "4006381333931"),
        (UPC, "is that of Wireless Keyboard"),
        (EAN, "already in row 2"),
    ],
)
async def test_a_file_with_a_wrong_barcode_books_nothing(admin: Client, made: Made, barcode: str, why: str) -> None:
    await made(barcode=UPC)
    file = f"sku,name,price,barcode\nA-11,Chair one,100,{EAN}\nA-12,Chair two,100,{barcode}\n".encode()
    done = (await admin.post("/products/import", file)).data
    assert (done["created"], done["failed"]) == (0, 1)
    assert why in done["errors"][0]["message"]
    assert len(await rows(admin)) == 1
