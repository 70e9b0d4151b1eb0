"""One meaning of "available": units at an inactive location can be bought nowhere (SPEC section 1)."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from stockwright.audit.usecases import audit
from stockwright.context import App
from tests.api.asking import Client
from tests.api.conftest import Made


async def closed_store(admin: Client, made: Made, *, open_units: int = 0, closed_units: int = 40) -> dict[str, Any]:
    """A product with units at an inactive location, two of them reserved there."""
    product = await made(quantity=open_units)
    await admin.post("/locations", {"id": "closed", "priority": 1})
    where = {"productId": product["id"], "sku": product["sku"], "location": "closed"}
    assert (await admin.post("/inventory/initialize", {**where, "initialStock": closed_units})).status == 201
    assert (await admin.patch("/locations/closed", {"active": False})).status == 200
    return product


async def test_availability_excludes_inactive_locations_in_every_view(
    app: App, admin: Client, alice: Client, nobody: Client, made: Made
) -> None:
    product = await closed_store(admin, made)
    name, sku = product["id"], product["sku"]

    shown = (await admin.get(f"/products/{name}")).data
    assert (shown["quantity"], shown["isLowStock"], shown["inactiveStock"], shown["totalStock"]) == (0, True, 40, 40)
    [listed] = (await admin.get("/products", lowStock="true")).data["items"]
    assert (listed["id"], listed["quantity"]) == (name, 0)
    assert (await admin.get("/products", lowStock="false")).data["items"] == []
    for path in (f"/items/{name}", "/items"):
        item = (await nobody.get(path)).data
        assert (item if "inStock" in item else item["items"][0])["inStock"] is False, path
    summary = (await admin.get("/inventory")).data
    for stock in (
        summary["items"][0],
        (await nobody.get(f"/inventory/product/{name}")).data,
        (await nobody.get(f"/inventory/sku/{sku}")).data,
        (await admin.get(f"/inventory/product/{name}/explain")).data,
        (await admin.get("/inventory/low-stock")).data["items"][0],
    ):
        sums = [stock[f"{part}Stock"] for part in ("available", "reserved", "inactive", "total")]
        assert (sums, stock["status"], stock["isLowStock"]) == ([0, 0, 40, 40], "OUT", True)
        levels = {each["location"]: (each["active"], each["totalStock"]) for each in stock["locations"]}
        assert levels == {"default": (True, 0), "closed": (False, 40)}
    assert summary["items"][0]["suggestedReorderQuantity"] == 50
    assert {part: summary["totals"][part] for part in ("availableStock", "inactiveStock", "totalStock")} == {
        "availableStock": 0,
        "inactiveStock": 40,
        "totalStock": 40,
    }
    assert (summary["totals"]["outOfStock"], summary["totals"]["lowStock"]) == (1, 0)
    assert (await admin.get("/inventory", status="OUT")).data["count"] == 1
    assert (await admin.get("/inventory", status="IN_STOCK")).data["count"] == 0
    assert (await admin.get("/reports/summary")).data["inventory"]["outOfStock"] == 1
    value = (await admin.get("/reports/stock-value")).data
    assert [value[part]["units"] for part in ("available", "reserved", "inactive", "total")] == [0, 0, 40, 40]
    explained = (await admin.get(f"/inventory/product/{name}/explain")).data["explanation"]
    assert "40 at inactive locations: 0 can be bought" in explained
    [row] = csv.DictReader(io.StringIO((await admin.get("/products/export")).response.text))
    assert row["available"] == "0"
    exported = list(csv.DictReader(io.StringIO((await admin.get("/inventory/export")).response.text)))
    assert [(row["location"], row["available"], row["inactive"], row["total"]) for row in exported] == [
        ("default", "0", "0", "0"),
        ("closed", "0", "40", "40"),
    ]

    for line in ({}, {"location": "closed"}):
        asked = {"items": [{"productId": name, "quantity": 1, **line}]}
        checked = (await nobody.post("/inventory/check-availability", asked)).data
        assert (checked["available"], checked["items"][0]["availableStock"]) == (False, 0)
        for client, path, body in (
            (alice, f"/inventory/product/{name}/reserve", {"quantity": 1, **line}),
            (alice, "/reservations", asked),
            (alice, "/orders", {"productId": name, "quantity": 1}),
            (admin, "/sales", {"productId": name, "quantity": 1, **line}),
        ):
            refused = await client.post(path, body)
            assert (refused.refusal, refused.details["available"]) == ((409, "INSUFFICIENT_STOCK"), 0), path
        sold = await admin.patch(f"/inventory/product/{name}/stock", {"quantity": 1, "type": "SALE", **line})
        assert (sold.refusal, sold.details["available"]) == ((409, "INSUFFICIENT_STOCK"), 0)

    assert (await admin.patch(f"/products/{name}", {"quantity": shown["quantity"]})).data["version"] == shown["version"]
    assert (await admin.patch(f"/products/{name}", {"quantity": 3})).data["quantity"] == 3
    after = (await nobody.get(f"/inventory/product/{name}")).data
    assert {each["location"]: each["availableStock"] for each in after["locations"]} == {"default": 3, "closed": 40}
    assert (await audit(app)).is_clean


async def test_an_inactive_location_can_be_counted_restocked_and_emptied(
    app: App, admin: Client, nobody: Client, made: Made
) -> None:
    product = await closed_store(admin, made, open_units=5)
    path, there = f"/inventory/product/{product['id']}", {"location": "closed"}

    for kind, quantity, left in (("RESTOCK", 2, 42), ("RETURN", 1, 43), ("ADJUSTMENT", -3, 40)):
        changed = await admin.patch(f"{path}/stock", {"quantity": quantity, "type": kind, **there})
        assert (changed.data["inactiveStock"], changed.data["availableStock"]) == (left, 5), kind
    assert (await admin.put("/stock", {"productId": product["id"], "quantity": 30, **there})).data[
        "inactiveStock"
    ] == 30
    move = {"productId": product["id"], "quantity": 30, "from": "closed", "to": "default"}
    assert (await admin.post("/inventory/transfer", move)).data["availableStock"] == 35
    back = {"productId": product["id"], "quantity": 5, "from": "default", "to": "closed"}
    moved = (await admin.post("/inventory/transfer", back)).data
    assert (moved["availableStock"], moved["inactiveStock"]) == (30, 5)
    # A count of the whole product counts what lies anywhere, and takes what is missing from active locations first.
    counted = (await admin.put("/stock", {"productId": product["id"], "quantity": 3})).data
    assert (counted["availableStock"], counted["inactiveStock"], counted["totalStock"]) == (0, 3, 3)
    assert (await audit(app)).is_clean


async def test_reserved_units_of_a_deactivated_location_are_shipped_or_released_as_inactive(
    app: App, admin: Client, alice: Client, nobody: Client, made: Made
) -> None:
    product = await made(quantity=10)
    await admin.post("/locations", {"id": "other"})
    where = {"productId": product["id"], "sku": product["sku"], "location": "other", "initialStock": 10}
    await admin.post("/inventory/initialize", where)
    hold = {"quantity": 2, "location": "other"}
    holds = [(await alice.post(f"/inventory/product/{product['id']}/reserve", hold)).data["id"] for _ in range(2)]
    await admin.patch("/locations/other", {"active": False})

    stock = (await nobody.get(f"/inventory/product/{product['id']}")).data
    assert [stock[f"{part}Stock"] for part in ("available", "reserved", "inactive", "total")] == [10, 4, 6, 20]
    assert (await alice.post(f"/inventory/reservation/{holds[0]}/confirm", {})).data["status"] == "CONFIRMED"
    assert (await alice.post(f"/inventory/reservation/{holds[1]}/cancel", {})).data["status"] == "CANCELLED"
    stock = (await nobody.get(f"/inventory/product/{product['id']}")).data
    assert [stock[f"{part}Stock"] for part in ("available", "reserved", "inactive", "total")] == [10, 0, 8, 18]
    await admin.patch("/locations/other", {"active": True})
    stock = (await nobody.get(f"/inventory/product/{product['id']}")).data
    assert [stock[f"{part}Stock"] for part in ("available", "reserved", "inactive", "total")] == [18, 0, 0, 18]
    assert (await audit(app)).is_clean


async def test_a_stock_is_initialized_once_unless_another_location_is_named(admin: Client) -> None:
    body = {"productId": "foreign-1", "sku": "F-1", "initialStock": 5}
    assert (await admin.post("/inventory/initialize", {**body, "location": "north"})).status == 201
    refused = await admin.post("/inventory/initialize", body)
    assert (refused.refusal, refused.details["location"]) == ((409, "ALREADY_EXISTS"), "north")
    assert (await admin.post("/inventory/initialize", {**body, "location": "north"})).refusal == (409, "ALREADY_EXISTS")
    opened = await admin.post("/inventory/initialize", {**body, "location": "south"})
    assert (opened.status, opened.data["availableStock"]) == (201, 10)
    assert (await admin.post("/inventory/initialize", {**body, "productId": "foreign-2", "sku": "F-2"})).status == 201
    refused = await admin.post("/inventory/initialize", {**body, "productId": "foreign-2", "sku": "F-2"})
    assert refused.refusal == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize("kind", ["RESTOCK", "RETURN", "ADJUSTMENT"])
async def test_units_that_arrive_at_a_location_without_a_level_open_one(
    app: App, admin: Client, made: Made, kind: str
) -> None:
    product = await made(quantity=5)
    await admin.post("/locations", {"id": "north"})
    path = f"/inventory/product/{product['id']}/stock"
    changed = await admin.patch(path, {"quantity": 4, "type": kind, "location": "north"})
    assert changed.status == 200, changed.response.text
    assert {each["location"]: each["totalStock"] for each in changed.data["locations"]} == {"default": 5, "north": 4}
    assert [(each["type"], each["location"], each["quantity"]) for each in changed.data["movements"]] == [
        (kind, "north", 4)
    ]
    assert (await audit(app)).is_clean


async def test_nothing_leaves_a_location_without_a_level_and_an_unknown_one_is_not_found(
    app: App, admin: Client, made: Made
) -> None:
    product = await made(quantity=5)
    await admin.post("/locations", {"id": "north"})
    path, product_id = f"/inventory/product/{product['id']}/stock", product["id"]
    for kind, quantity in (("SALE", 1), ("ADJUSTMENT", -1)):
        refused = await admin.patch(path, {"quantity": quantity, "type": kind, "location": "north"})
        assert (refused.refusal, refused.details["available"]) == ((409, "INSUFFICIENT_STOCK"), 0)
    move = {"productId": product_id, "quantity": 1}
    assert (await admin.post("/inventory/transfer", {**move, "from": "north", "to": "default"})).refusal == (
        409,
        "INSUFFICIENT_STOCK",
    )
    for answer in (
        await admin.patch(path, {"quantity": 1, "type": "RESTOCK", "location": "moon"}),
        await admin.put("/stock", {"productId": product_id, "quantity": 1, "location": "moon"}),
        await admin.post("/inventory/transfer", {**move, "from": "default", "to": "moon"}),
        await admin.post("/inventory/transfer", {**move, "from": "moon", "to": "default"}),
    ):
        assert answer.refusal == (404, "NOT_FOUND")
        assert "location 'moon'" in answer.error["message"]
    counted = await admin.put("/stock", {"productId": product_id, "quantity": 0, "location": "north"})
    assert [each["location"] for each in counted.data["locations"]] == ["default"]
    counted = await admin.put("/stock", {"productId": product_id, "quantity": 7, "location": "north"})
    assert {each["location"]: each["totalStock"] for each in counted.data["locations"]} == {"default": 5, "north": 7}
    assert (await admin.post("/inventory/transfer", {**move, "from": "default", "to": "north"})).status == 200
    assert (await audit(app)).is_clean
