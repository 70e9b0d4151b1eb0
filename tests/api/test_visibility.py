"""What is not on sale is shown to admins alone, by every route and every filter."""

from __future__ import annotations

import re

import pytest

from stockwright.routes import ROUTES
from tests.api.asking import Client
from tests.api.conftest import Made

NAME, SKU = "Unreleased gadget", "SECRET-77"
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"search": "gadget"},
    {"search": SKU},
    {"category": "electronics"},
    {"status": "INACTIVE"},
    {"status": "UNLISTED"},
)
BY_SKU_OR_ID = {"/inventory/sku/{sku}", "/inventory/product/{productId}"}
"""Public routes that answer who knows the id or SKU, with stock and no name (S4)."""


async def shown(client: Client, product_id: str, word: str) -> set[str]:
    """Ask every route that reads, with every filter, and return those whose answer holds the word."""
    found = set[str]()
    for route in ROUTES:
        if route.method != "GET" or route.path.endswith("/stream") or route.root:
            continue
        path = re.sub(r"{\w+}", product_id, route.path.replace("{sku}", SKU))
        for given in FILTERS:
            answer = await client.ask("GET", path, **given)
            if word in answer.response.text:
                found.add(route.path)
    return found


async def test_inactive_products_are_shown_to_admins_only(
    admin: Client, alice: Client, nobody: Client, made: Made
) -> None:
    product_id = (await made(name=NAME, sku=SKU, status="INACTIVE", brand="Acme"))["id"]

    assert {"/products", "/products/{id}", "/inventory"} <= await shown(admin, product_id, NAME)
    assert await shown(alice, product_id, NAME) == set()
    assert await shown(nobody, product_id, NAME) == set()


async def test_products_known_only_by_their_stock_are_shown_to_admins_only(
    admin: Client, alice: Client, nobody: Client
) -> None:
    body = {"productId": "foreign-7", "sku": SKU, "initialStock": 5}
    assert (await admin.post("/inventory/initialize", body)).status == 201

    assert {"/products", "/products/{id}", "/inventory"} <= await shown(admin, "foreign-7", SKU)
    assert await shown(alice, "foreign-7", SKU) <= BY_SKU_OR_ID
    assert await shown(nobody, "foreign-7", SKU) <= BY_SKU_OR_ID


@pytest.mark.parametrize("field", ["lowStockThreshold", "threshold", "reorderPoint", "reorderQuantity"])
async def test_the_summary_shows_thresholds_to_admins_only(
    admin: Client, alice: Client, made: Made, field: str
) -> None:
    await made(name=NAME, sku=SKU)

    (row,) = (await admin.get("/inventory")).data["items"]
    assert isinstance(row[field], int)
    (row,) = (await alice.get("/inventory")).data["items"]
    assert field not in row
    assert (row["name"], row["productName"], row["stockCount"]) == (NAME, NAME, row["totalStock"])
