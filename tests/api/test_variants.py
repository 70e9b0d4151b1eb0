"""Variants with stock of their own, over HTTP: what is sent, what is shown, and what stays as it was without them."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.api.asking import Client
from tests.api.conftest import Made
from tests.pictures import picture

PNG = {"content-type": "image/png"}

PHONE: dict[str, Any] = {
    "name": "Phone", "description": "A phone to call with.", "category": "phone", "price": 49900, "sku": "PH-1",
    "options": [{"name": "color", "values": ["coral", "mint"]}],
    "variants": [
        {"options": {"color": "coral"}, "sku": "PH-1-C", "quantity": 50},
        {"options": {"color": "mint"}, "sku": "PH-1-M", "quantity": 5, "price": 51900},
    ],
}  # fmt: skip


async def test_a_product_shows_its_variants_and_their_sum(admin: Client, alice: Client) -> None:
    made = (await admin.post("/products", PHONE)).data
    assert (made["quantity"], made["stockPerVariant"], made["isLowStock"]) == (55, True, True)
    assert made["options"] == {"color": ["coral", "mint"]}
    shown = [(each["sku"], each["options"], each["price"], each["quantity"]) for each in made["variants"]]
    assert shown == [("PH-1-C", {"color": "coral"}, 49900, 50), ("PH-1-M", {"color": "mint"}, 51900, 5)]
    for each in (made, *made["variants"]):
        assert each.pop("cost") is None
    assert (await alice.get(f"/products/{made['id']}")).data == made
    (listed,) = (await alice.get("/products", search="ph-1-m")).data["items"]
    assert listed == made
    item = (await Client(alice.http).get(f"/items/{made['id']}")).data
    assert [(each["options"], each["inStock"]) for each in item["variants"]] == [
        ({"color": "coral"}, True),
        ({"color": "mint"}, True),
    ]
    assert "quantity" not in item["variants"][0]
    stock = (await alice.get(f"/inventory/product/{made['id']}")).data
    assert (stock["availableStock"], [each["availableStock"] for each in stock["variants"]]) == (55, [50, 5])
    mint = (await alice.get("/inventory/sku/PH-1-M")).data
    assert (mint["productId"], mint["variantId"], mint["availableStock"]) == (made["id"], made["variants"][1]["id"], 5)


async def test_a_product_without_variants_shows_nothing_of_them(admin: Client, alice: Client, made: Made) -> None:
    board = await made()
    order = (await alice.post("/orders", {"productId": board["id"], "quantity": 1})).data
    stock = (await alice.get(f"/inventory/product/{board['id']}")).data
    (movement,) = (await admin.get("/inventory/movements")).data["items"]
    for shown in (board, order["items"][0], stock, movement):
        assert not {"variants", "variantId", "stockPerVariant"} & shown.keys()


async def test_lines_name_variants_in_every_way(admin: Client, alice: Client) -> None:
    made = (await admin.post("/products", PHONE)).data
    product_id, mint = made["id"], made["variants"][1]["id"]
    for line in (
        {"variantId": mint},
        {"sku": "PH-1-M"},
        {"productId": product_id, "options": {"color": "mint"}},
        {"id": product_id, "color": "2"},
    ):
        order = (await alice.post("/orders", {"items": [{**line, "quantity": 1}]})).data
        (shown,) = order["items"]
        assert (shown["productId"], shown["variantId"], shown["sku"]) == (product_id, mint, "PH-1-M")
        assert (shown["options"], shown["pricePerUnit"]) == ({"color": "mint"}, 51900)
    refused = await alice.post("/orders", {"productId": product_id, "quantity": 1})
    assert refused.refusal == (400, "VALIDATION_ERROR")
    assert "PH-1-C (color: coral), PH-1-M (color: mint)" in refused.details[0]["message"]
    check = {"items": [{"sku": "PH-1-M", "quantity": 1}, {"productId": product_id, "color": "coral", "quantity": 51}]}
    found = (await alice.post("/inventory/check-availability", check)).data
    assert [each["available"] for each in found["items"]] == [True, False]
    hold = {"quantity": 1, "options": {"color": "mint"}}
    held = (await alice.post(f"/inventory/product/{product_id}/reserve", hold)).data
    assert held["items"][0]["variantId"] == mint
    change = {"quantity": 3, "type": "RESTOCK", "sku": "PH-1-M"}
    changed = (await admin.ask("PATCH", f"/inventory/product/{product_id}/stock", change)).data
    assert (changed["variantId"], changed["availableStock"]) == (mint, 3)
    assert (await admin.ask("PUT", "/stock", {"variantId": mint, "quantity": 9})).data["totalStock"] == 9


async def test_variants_are_changed_over_http(admin: Client) -> None:
    made = (await admin.post("/products", PHONE)).data
    path = f"/products/{made['id']}/variants"
    added = (await admin.post(path, {"options": {"color": "sage"}, "quantity": 2})).data
    assert [each["sku"] for each in added["variants"]] == ["PH-1-C", "PH-1-M", "PH-1-SAGE"]
    mint = f"{path}/{made['variants'][1]['id']}"
    changed = (await admin.ask("PATCH", mint, {"price": None, "quantity": 7, "lowStockThreshold": 1})).data
    assert (changed["variants"][1]["price"], changed["variants"][1]["quantity"]) == (49900, 7)
    stale = await admin.ask("PATCH", mint, {"price": 5, "expectedVersion": made["version"]})
    assert stale.refusal == (412, "VERSION_CONFLICT")
    left = (await admin.ask("DELETE", mint)).data
    assert ([each["sku"] for each in left["variants"]], left["quantity"]) == (["PH-1-C", "PH-1-SAGE"], 52)
    wrong = await admin.ask("PATCH", f"/products/{made['id']}", {"quantity": 5})
    assert wrong.fields == {"quantity"}


async def test_a_variant_shows_a_picture_of_the_product(admin: Client) -> None:
    made = (await admin.post("/products", PHONE)).data
    path = f"/products/{made['id']}"
    assert made["variants"][0]["imageUrl"] is None
    first, second = [(await admin.ask("POST", f"{path}/images", raw=picture(), headers=PNG)).data for _ in range(2)]
    mint = f"{path}/variants/{made['variants'][1]['id']}"
    wrong = await admin.ask("PATCH", mint, {"imageId": "img_other"})
    assert wrong.fields == {"imageId"}
    shown = (await admin.ask("PATCH", mint, {"imageId": second["id"]})).data["variants"]
    assert [(each["imageId"], each["imageUrl"]) for each in shown] == [
        (None, first["url"]),
        (second["id"], second["url"]),
    ]
    item = (await admin.get(f"/items/{made['id']}")).data
    assert [each["imageUrl"] for each in item["variants"]] == [first["url"], second["url"]]
    added = {"options": {"color": "sage"}, "imageId": first["id"], "quantity": 1}
    assert (await admin.post(f"{path}/variants", added)).data["variants"][2]["imageId"] == first["id"]
    other = "https://pictures.example/mint.png"
    by_address = (await admin.ask("PATCH", mint, {"imageUrl": other})).data["variants"][1]
    assert (by_address["imageId"], by_address["imageUrl"]) == (None, other)
    await admin.ask("PATCH", mint, {"imageId": second["id"]})
    await admin.ask("DELETE", f"{path}/images/{second['id']}")
    # Its picture is gone: the product's first one is shown.
    left = (await admin.get(path)).data["variants"][1]
    assert left["imageUrl"] == first["url"]


async def test_a_shared_stock_is_spread_over_http(admin: Client, alice: Client) -> None:
    shared = {"name": "Phone", "price": 49900, "sku": "PH-2", "quantity": 8, "options": {"color": ["coral", "mint"]}}
    made = (await admin.post("/products", shared)).data
    path = f"/products/{made['id']}/variants/spread"
    order = (await alice.post("/orders", {"productId": made["id"], "quantity": 1, "color": "coral"})).data
    shares = [{"options": {"color": "coral"}, "quantity": 5}, {"options": {"color": "mint"}, "price": 1, "quantity": 3}]
    refused = await admin.post(path, {"variants": shares})
    assert refused.refusal == (409, "CONFLICT")
    await alice.post(f"/orders/{order['id']}/cancel")
    for wrong, field in (
        ({"variants": []}, "variants"),
        ({"variants": [{**shares[0], "locations": [{"location": "default", "quantity": 8}]}]}, "variants[0].locations"),
        ({"variants": [{"options": {"color": "coral"}, "locations": [{"location": "a", "quantity": -1}]}]},
         "variants[0].locations[0].quantity"),
    ):  # fmt: skip
        assert (await admin.post(path, wrong)).fields == {field}
    spread = (await admin.post(path, {"variants": shares})).data
    shown = [(each["sku"], each["price"], each["quantity"]) for each in spread["variants"]]
    assert shown == [("PH-2-CORAL", 49900, 5), ("PH-2-MINT", 1, 3)]
    assert (spread["stockPerVariant"], spread["quantity"]) == (True, 8)
    assert (await admin.get(f"/products/{made['id']}")).data == spread


async def test_an_export_of_stock_has_a_row_of_each_variant(admin: Client) -> None:
    await admin.post("/products", PHONE)
    text = (await admin.get("/inventory/export")).response.text
    rows = [(each["sku"], each["name"], each["available"]) for each in csv.DictReader(io.StringIO(text))]
    assert rows == [("PH-1-C", "Phone (color: coral)", "50"), ("PH-1-M", "Phone (color: mint)", "5")]
