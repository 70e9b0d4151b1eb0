"""ETag, If-None-Match, If-Match and expectedVersion (SPEC §2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.asking import Client
from tests.api.conftest import Made


async def test_unchanged_resources_are_answered_with_304(
    admin: Client, alice: Client, nobody: Client, made: Made
) -> None:
    product = await made()
    order = (await alice.post("/orders", {"productId": product["id"], "quantity": 1})).data
    hold = (await alice.post("/reservations", {"items": [{"productId": product["id"], "quantity": 1}]})).data
    sale = (await admin.post("/sales", {"productId": product["id"], "quantity": 1})).data

    for client, path in (
        (alice, f"/products/{product['id']}"),
        (nobody, f"/items/{product['id']}"),
        (nobody, f"/inventory/product/{product['id']}"),
        (nobody, f"/inventory/sku/{product['sku']}"),
        (alice, f"/orders/{order['id']}"),
        (alice, f"/reservations/{hold['id']}"),
        (admin, f"/sales/{sale['id']}"),
    ):
        etag = (await client.get(path)).headers["etag"]
        for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            same = await client.get(path, headers={"if-none-match": given})
            assert (same.status, same.response.content) == (304, b""), path
            assert same.headers["etag"] == etag
        assert (await client.get(path, headers={"if-none-match": '"other"'})).status == 200


async def test_every_change_of_a_product_or_its_stock_changes_its_etag(
    admin: Client, alice: Client, made: Made
) -> None:
    path = f"/products/{(product := await made())['id']}"
    seen = [(await alice.get(path)).headers["etag"]]

    await admin.patch(path, {"price": 1})
    seen.append((await alice.get(path)).headers["etag"])
    await alice.post("/orders", {"productId": product["id"], "quantity": 1})
    seen.append((await alice.get(path)).headers["etag"])

    assert len(set(seen)) == 3


async def test_if_match_guards_changes_of_a_product(admin: Client, made: Made) -> None:
    path = f"/products/{(await made())['id']}"
    etag = (await admin.get(path)).headers["etag"]

    changed = await admin.patch(path, {"price": 1}, headers={"if-match": etag})
    assert changed.status == 200
    refused = await admin.patch(path, {"price": 2}, headers={"if-match": etag})
    assert refused.refusal == (412, "VERSION_CONFLICT")
    assert refused.details["current"]["price"] == 1
    assert refused.details["current"]["version"] == changed.data["version"]
    assert (await admin.patch(path, {"price": 2, "expectedVersion": 1})).refusal == (412, "VERSION_CONFLICT")
    assert (await admin.delete(path, headers={"if-match": etag})).refusal == (412, "VERSION_CONFLICT")
    assert (await admin.patch(path, {"price": 2, "expectedVersion": changed.data["version"]})).status == 200
    assert (await admin.patch(path, {"price": 3}, headers={"if-match": f'{etag}, "9"'})).refusal == (
        400,
        "VALIDATION_ERROR",
    )
    assert (await admin.patch(path, {"price": 3}, headers={"if-match": "*"})).status == 200


async def test_if_match_guards_changes_of_stock(admin: Client, nobody: Client, made: Made) -> None:
    product = await made()
    await admin.post("/locations", {"id": "north"})
    path = f"/inventory/product/{product['id']}"
    etag = (await nobody.get(path)).headers["etag"]
    restock = {"quantity": 1, "type": "RESTOCK"}

    assert (await admin.patch(f"{path}/stock", restock, headers={"if-match": etag})).status == 200
    for answer in (
        await admin.patch(f"{path}/stock", restock, headers={"if-match": etag}),
        await admin.patch(f"{path}/stock", {**restock, "expectedVersion": 1}),
        await admin.put("/stock", {"productId": product["id"], "quantity": 1}, headers={"if-match": etag}),
        await admin.post(
            "/inventory/transfer",
            {"productId": product["id"], "quantity": 1, "from": "default", "to": "north", "expectedVersion": 1},
        ),
    ):
        assert answer.refusal == (412, "VERSION_CONFLICT")
        assert answer.details["current"]["availableStock"] == 51


async def test_if_match_guards_the_steps_of_an_order(admin: Client, alice: Client, made: Made) -> None:
    product = await made()
    line = {"productId": product["id"], "quantity": 1}
    placed = await alice.post("/orders", line)
    path, old = f"/orders/{placed.data['id']}", {"if-match": placed.headers["etag"]}

    packed = await admin.post(f"{path}/pack", headers=old)
    assert packed.data["status"] == "PACKED"
    for step, body in (("deliver", {}), ("cancel", {}), ("returns", {"items": [line]}), ("pack", {})):
        refused = await admin.post(f"{path}/{step}", body, headers=old)
        assert refused.refusal == (412, "VERSION_CONFLICT"), step
        assert refused.details["current"]["status"] == "PACKED"
        assert (await admin.post(f"{path}/{step}", {**body, "expectedVersion": 1})).status == 412
    assert (await admin.post(f"{path}/deliver", headers={"if-match": packed.headers["etag"]})).status == 200


async def test_if_match_guards_the_steps_of_a_hold(alice: Client, bob: Client, made: Made) -> None:
    product = await made()
    held = await alice.post("/reservations", {"items": [{"productId": product["id"], "quantity": 1}]})
    hold, old = held.data["id"], {"if-match": held.headers["etag"]}

    assert (await alice.post(f"/reservations/{hold}/extend", {"expirationMinutes": 60}, headers=old)).status == 200
    for path in (
        f"/reservations/{hold}/extend",
        f"/inventory/reservation/{hold}/confirm",
        f"/inventory/reservation/{hold}/cancel",
    ):
        refused = await alice.post(path, {}, headers=old)
        assert refused.refusal == (412, "VERSION_CONFLICT")
        assert refused.details["current"]["status"] == "ACTIVE"
        # A stranger learns nothing of it.
        assert (await bob.post(path, {}, headers=old)).refusal == (403, "FORBIDDEN")


async def test_if_match_guards_changes_of_a_location(admin: Client) -> None:
    await admin.post("/locations", {"id": "north"})

    assert (await admin.patch("/locations/north", {"priority": 5, "expectedVersion": 1})).status == 200
    refused = await admin.patch("/locations/north", {"priority": 6, "expectedVersion": 1})
    assert (refused.refusal, refused.details["current"]["priority"]) == ((412, "VERSION_CONFLICT"), 5)


@pytest.mark.parametrize("given", ['"0"', '"-1"', "nonsense", '""', '"1.5"', '"99999999999999999999"', "W/"])
async def test_a_malformed_version_is_refused(admin: Client, made: Made, given: str) -> None:
    path = f"/products/{(await made())['id']}"

    assert (await admin.patch(path, {"price": 1}, headers={"if-match": given})).refusal == (412, "VERSION_CONFLICT")


async def test_a_picture_is_removed_by_null_and_kept_otherwise(admin: Client, made: Made) -> None:
    path = f"/products/{(await made(imageUrl='https://example.com/chair.png'))['id']}"
    assert (await admin.patch(path, {"price": 5})).data["imageUrl"] == "https://example.com/chair.png"
    assert (await admin.patch(path, {"imageUrl": None})).data["imageUrl"] is None


async def _version_of_product(admin: Client, product_id: str) -> dict[str, Any]:
    shown = await admin.get(f"/products/{product_id}")
    return {"etag": shown.headers["etag"], "version": shown.data["version"], "stock": shown.data["stockVersion"]}


PRODUCT, STOCK = {"version"}, {"stock"}
CHANGES = [
    ("PATCH", "/products/{id}", {"price": 1}, PRODUCT),
    ("PUT", "/products/{id}", {"name": "Another name"}, PRODUCT),
    ("PATCH", "/products/{id}", {"lowStockThreshold": 3}, PRODUCT),
    ("PATCH", "/products/{id}", {"quantity": 3}, PRODUCT | STOCK),
    ("PUT", "/products/{id}", {"quantity": 3, "price": 1}, PRODUCT | STOCK),
    ("DELETE", "/products/{id}", None, PRODUCT),
    ("PATCH", "/inventory/product/{id}/stock", {"quantity": 1, "type": "RESTOCK"}, STOCK),
    ("PUT", "/stock", {"productId": "{id}", "quantity": 5}, STOCK),
    ("POST", "/inventory/transfer", {"productId": "{id}", "quantity": 1, "from": "default", "to": "north"}, STOCK),
]


@pytest.mark.parametrize(("method", "path", "body", "compares"), CHANGES)
@pytest.mark.parametrize("moved", ["version", "stock"])
async def test_a_change_checks_the_versions_of_everything_it_changes(
    admin: Client, made: Made, method: str, path: str, body: dict[str, Any] | None, compares: set[str], moved: str
) -> None:
    product = await made(quantity=10)
    await admin.post("/locations", {"id": "north"})
    before = await _version_of_product(admin, product["id"])
    if moved == "version":
        await admin.patch(f"/products/{product['id']}", {"brand": "Meanwhile"})
    else:
        await admin.post("/sales", {"productId": product["id"], "quantity": 3})
    after = await _version_of_product(admin, product["id"])
    assert {name for name in ("version", "stock") if after[name] != before[name]} == {moved}
    assert after["etag"] != before["etag"]
    filled = None if body is None else {name: product["id"] if each == "{id}" else each for name, each in body.items()}

    answer = await admin.ask(method, path.format(id=product["id"]), filled, headers={"if-match": before["etag"]})
    if moved in compares:
        assert answer.refusal == (412, "VERSION_CONFLICT")
        current = answer.details["current"]
        assert after["stock"] in {current["version"], current.get("stockVersion")}
        assert await _version_of_product(admin, product["id"]) == after
    else:
        assert answer.status == 200, answer.response.text


async def test_a_quantity_in_the_body_needs_the_version_of_the_stock_beside_that_of_the_product(
    admin: Client, made: Made
) -> None:
    product = await made(quantity=10)
    path = f"/products/{product['id']}"
    both = {"expectedVersion": product["version"], "expectedStockVersion": product["stockVersion"]}
    refused = await admin.patch(path, {"quantity": 10, "expectedVersion": product["version"]})
    assert (refused.status, refused.fields) == (400, {"expectedStockVersion"})

    for others, also in (
        ({"price": 0}, {"price"}),
        ({"category": "none"}, {"category"}),
        ({"price": "x", "category": "none"}, {"price", "category"}),
    ):
        refused = await admin.patch(path, {"quantity": 10, "expectedVersion": product["version"], **others})
        assert (refused.status, refused.fields) == (400, {"expectedStockVersion", *also})
    refused = await admin.patch(path, {"quantity": -1, "expectedVersion": product["version"]})
    assert (refused.status, refused.fields) == (400, {"expectedStockVersion", "quantity"})
    refused = await admin.patch(path, {"quantity": 10, "expectedVersion": "1", "expectedStockVersion": "x"})
    assert (refused.status, refused.fields) == (400, {"expectedVersion", "expectedStockVersion"})

    await admin.post("/sales", {"productId": product["id"], "quantity": 3})
    for expected in (both, {"expectedStockVersion": product["stockVersion"]}):
        refused = await admin.patch(path, {"quantity": 10, **expected})
        assert refused.refusal == (412, "VERSION_CONFLICT")
        assert (refused.details["current"]["quantity"], refused.details["current"]["stockVersion"]) == (7, 2)
    assert (await admin.patch(path, {"price": 5, **both})).status == 200
    now = (await admin.get(path)).data
    good = {"expectedVersion": now["version"], "expectedStockVersion": now["stockVersion"]}
    assert (await admin.patch(path, {"quantity": 10, **good})).data["quantity"] == 10
