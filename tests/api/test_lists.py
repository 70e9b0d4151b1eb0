"""Lists: pages, tokens that cannot be bent, and positions that stay where they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.asking import Client
from tests.api.conftest import Made


async def pages(client: Client, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    found, token = [], None
    while True:
        data = (await client.get(path, **query, **({"nextToken": token} if token else {}))).data
        assert data["count"] == len(data["items"])
        found.append(data["items"])
        token = data["nextToken"]
        if token is None:
            return found


@pytest.mark.parametrize("sort", ["newest", "oldest", "name", "-name", "price", "-price"])
async def test_every_product_is_on_exactly_one_page(alice: Client, made: Made, sort: str) -> None:
    for number in range(7):
        await made(name=f"Product {number % 3} of its kind", price=100 + number % 2)

    whole = [item["id"] for item in (await alice.get("/products", sort=sort)).data["items"]]
    found = await pages(alice, "/products", sort=sort, limit=3)

    assert [len(page) for page in found] == [3, 3, 1]
    assert [item["id"] for page in found for item in page] == whole


async def test_new_entries_do_not_shift_the_pages_of_a_list(alice: Client, made: Made) -> None:
    for _ in range(4):
        await made()
    first = (await alice.get("/products", limit=2)).data

    await made()
    second = (await alice.get("/products", limit=2, nextToken=first["nextToken"])).data

    assert not {item["id"] for item in first["items"]} & {item["id"] for item in second["items"]}
    assert second["nextToken"] is None


async def test_each_list_of_the_shop_has_pages(admin: Client, alice: Client, made: Made) -> None:
    products = [await made(quantity=5) for _ in range(3)]
    for product in products:
        line = {"productId": product["id"], "quantity": 1}
        await alice.post("/orders", line)
        await alice.post("/reservations", {"items": [line]})
        await admin.post("/sales", line)

    for client, path, query in (
        (alice, "/products", {}),
        (alice, "/items", {"category": "electronics"}),
        (alice, "/inventory", {}),
        (admin, "/inventory/low-stock", {}),
        (alice, "/orders", {"status": "PENDING"}),
        (admin, "/orders", {"scope": "all"}),
        (admin, "/orders", {"scope": "all", "status": "PENDING"}),
        (alice, "/reservations", {}),
        (admin, "/reservations", {"scope": "all"}),
        (admin, "/sales", {}),
    ):
        found = await pages(client, path, limit=2, **query)
        assert [len(page) for page in found] == [2, 1], path
    ledger = await pages(admin, "/inventory/movements", limit=4)
    assert [len(page) for page in ledger] == [4, 2]
    own = await pages(admin, f"/inventory/product/{products[0]['id']}/movements", limit=1)
    assert [page[0]["balanceAfter"] for page in own] == [4, 5]


async def test_a_token_of_another_list_or_filter_is_refused(admin: Client, made: Made) -> None:
    for _ in range(3):
        await made()
    token = (await admin.get("/products", limit=1)).data["nextToken"]

    assert (await admin.get("/products", limit=2, nextToken=token)).status == 200
    for path, query in (
        ("/products", {"category": "electronics"}),
        ("/products", {"sort": "name"}),
        ("/items", {}),
        ("/inventory", {}),
        ("/orders", {}),
    ):
        answer = await admin.get(path, nextToken=token, **query)
        assert answer.refusal == (400, "VALIDATION_ERROR"), path
        assert answer.fields == {"nextToken"}


async def test_a_manipulated_page_token_is_refused(admin: Client, made: Made) -> None:
    for _ in range(2):
        await made()
    token = (await admin.get("/products", limit=1)).data["nextToken"]

    for bent in (token[:-1], token + "A", token[::-1], "A" + token[1:], "nonsense", "eyJQSyI6IlBST0R", "💥"):
        assert (await admin.get("/products", limit=1, nextToken=bent)).fields == {"nextToken"}, bent


async def test_a_wrong_token_is_reported_with_the_other_faults_of_the_query(admin: Client, made: Made) -> None:
    for _ in range(2):
        await made()
    token = (await admin.get("/products", limit=1)).data["nextToken"]
    other = (await admin.get("/products", limit=1, sort="name")).data["nextToken"]

    for wrong in (other, "AAAA", "nonsense"):
        assert (await admin.get("/products", limit=1000, nextToken=wrong)).fields == {"limit", "nextToken"}, wrong
        assert (await admin.get("/products", limt=1, nextToken=wrong)).fields == {"limt", "nextToken"}, wrong
    assert (await admin.get("/products", status="NONE", nextToken="AAAA")).fields == {"status", "nextToken"}
    # Which list it is of is unknown where a filter is wrong.
    assert (await admin.get("/products", status="NONE", nextToken=token)).fields == {"status"}
    assert (await admin.get("/products", limit=1000, nextToken=token)).fields == {"limit"}


@pytest.mark.parametrize("limit", ["0", "-1", "101", "x", "1.5"])
async def test_a_limit_is_1_to_100(admin: Client, limit: str) -> None:
    assert (await admin.get("/products", limit=limit)).fields == {"limit"}


async def test_movements_are_filtered_by_time(admin: Client, made: Made, clock: Any) -> None:
    product = await made(quantity=5)
    clock.advance(minutes=10)
    await admin.put("/stock", {"productId": product["id"], "quantity": 6})

    for path in ("/inventory/movements", f"/inventory/product/{product['id']}/movements"):
        since = await admin.get(path, since="2023-11-14T22:20:00Z")
        until = await admin.get(path, until="2023-11-14T22:20:00.000+00:00")
        assert [each["type"] for each in since.data["items"]] == ["ADJUSTMENT"]
        assert [each["type"] for each in until.data["items"]] == ["INITIAL"]
        assert (await admin.get(path, since="yesterday")).fields == {"since"}
