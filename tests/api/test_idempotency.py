"""Idempotency-Key: the same key and request have one effect and one answer (SPEC §2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from stockwright.api.app import build_asgi
from stockwright.api.table import ROUTES
from stockwright.usecases.context import App
from tests.api.asking import Answer, Client
from tests.api.conftest import KEYBOARD, Made, asking

TESTED_TAGS = {"Catalogue", "Inventory", "Reservations", "Orders", "Sales"}
CHANGES_NOTHING = {("POST", "/inventory/check-availability")}


class Scene:
    """A product, an order and a hold of it, to be changed in every way there is."""

    def __init__(self, product: dict[str, Any], order: dict[str, Any], hold: dict[str, Any]) -> None:
        self.product, self.order, self.hold = product, order, hold

    def request(self, method: str, path: str) -> tuple[str, Any]:
        """Return the path and body of a good request to a route."""
        product = self.product["id"]
        line = {"productId": product, "quantity": 1}
        order, hold = self.order["id"], self.hold["id"]
        body: Any = {
            ("POST", "/products"): {**KEYBOARD, "sku": "NEW-1"},
            ("PUT", "/products/{id}"): {"quantity": 20, "price": 5},
            ("PATCH", "/products/{id}"): {"name": "Another name"},
            ("POST", "/categories"): {"name": "garden"},
            ("POST", "/inventory/initialize"): {"productId": "foreign", "sku": "FOREIGN-1", "initialStock": 5},
            ("PATCH", "/inventory/product/{productId}/stock"): {"quantity": 5, "type": "RESTOCK"},
            ("PUT", "/stock"): {"productId": product, "quantity": 30},
            ("POST", "/inventory/transfer"): {**line, "from": "default", "to": "north"},
            ("POST", "/locations"): {"id": "south"},
            ("PATCH", "/locations/{id}"): {"priority": 7},
            ("POST", "/inventory/product/{productId}/reserve"): {"quantity": 1},
            ("POST", "/reservations"): {"items": [line]},
            ("POST", "/reservations/{id}/extend"): {"expirationMinutes": 60},
            ("POST", "/orders"): {"items": [line, line]},
            ("POST", "/orders/{id}/returns"): {"items": [line]},
            ("POST", "/sales"): {"items": [line]},
        }.get((method, path), {})
        names = {"{productId}": product, "{name}": "food"}
        if path.startswith("/locations"):
            names["{id}"] = "north"
        elif path.startswith("/products"):
            names["{id}"] = product
        else:
            names["{id}"] = hold if "reservation" in path else order
        for name, value in names.items():
            path = path.replace(name, value)
        return path, body


@pytest.fixture
async def scene(admin: Client, alice: Client, made: Made) -> Scene:
    product = await made(quantity=10)
    await admin.post("/locations", {"id": "north"})
    line = {"productId": product["id"], "quantity": 2}
    order = (await alice.post("/orders", line)).data
    hold = (await alice.post("/reservations", {"items": [line]})).data
    return Scene(product, order, hold)


CHANGING = [(r.method, r.path) for r in ROUTES if r.changes and r.tag in TESTED_TAGS]


@pytest.mark.parametrize(("method", "path"), [each for each in CHANGING if each not in CHANGES_NOTHING])
async def test_every_change_has_one_effect_and_one_answer(
    app: App, admin: Client, scene: Scene, clock: Any, method: str, path: str
) -> None:
    if path.endswith(("deliver", "returns")) or path.startswith("/orderdelivered"):
        await admin.post(f"/orders/{scene.order['id']}/pack")
    if method == "DELETE" and path.startswith("/products"):
        await admin.post(f"/orders/{scene.order['id']}/cancel")
        await admin.post(f"/inventory/reservation/{scene.hold['id']}/cancel")
    if path.endswith("cleanup-expired"):
        clock.advance(minutes=16)
    asked, body = scene.request(method, path)

    first = await admin.ask(method, asked, body, key="k-1")
    assert first.status in {200, 201}, first.response.text
    assert not first.replayed
    before = await state(app)
    clock.advance(seconds=5)
    again = await admin.ask(method, asked, body, key="k-1")

    assert (again.status, again.data) == (first.status, first.data)
    assert again.headers.get("etag") == first.headers.get("etag")
    assert await state(app) == before
    assert again.replayed
    other = await admin.ask(method, asked, {**(body or {}), "extra": 1}, key="k-1")
    assert other.refusal == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await state(app) == before


async def state(app: App) -> int:
    """How much was written down so far: each change appends to the log."""
    return len(await app.store.tail(limit=1000))


async def test_the_same_key_fifty_times_at_once_makes_one_order(
    app: App, admin: Client, alice: Client, made: Made
) -> None:
    product = await made(quantity=100)
    body = {"productId": product["id"], "quantity": 1}
    # A second process of the same shop knows nothing of what is under way in the first.
    async with asking(build_asgi(app)) as elsewhere:
        other = Client(elsewhere, alice.authorization)
        answers: list[Answer] = await asyncio.gather(
            *(client.post("/orders", body, key="once") for _ in range(25) for client in (alice, other))
        )

    told = Counter(answer.status for answer in answers)
    assert told.keys() <= {201, 409}
    assert {answer.refusal[1] for answer in answers if answer.status == 409} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert len({answer.data["id"] for answer in answers if answer.status == 201}) == 1
    assert sum(answer.status == 201 and not answer.replayed for answer in answers) == 1
    assert len((await alice.get("/orders")).data["items"]) == 1
    assert (await admin.get(f"/products/{product['id']}")).data["quantity"] == 99
    assert (await alice.post("/orders", body, key="once")).replayed


async def test_a_key_is_one_persons_own(alice: Client, bob: Client, made: Made) -> None:
    body = {"productId": (await made())["id"], "quantity": 1}

    first, second = await alice.post("/orders", body, key="k"), await bob.post("/orders", body, key="k")

    assert first.data["id"] != second.data["id"]
    assert not second.replayed


async def test_a_key_is_for_one_request_only(admin: Client, made: Made) -> None:
    product = await made()
    path = f"/products/{product['id']}"
    assert (await admin.patch(path, {"price": 1}, key="k")).status == 200

    for answer in (
        await admin.put(path, {"price": 1}, key="k"),
        await admin.patch(path, {"price": 2}, key="k"),
        await admin.patch(f"{path}?a=1", {"price": 1}, key="k"),
        await admin.put("/stock", {"productId": product["id"], "quantity": 1}, key="k"),
    ):
        assert answer.refusal == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await admin.get(path)).data["price"] == 1


async def test_a_refused_request_leaves_its_key_free(admin: Client, alice: Client, made: Made) -> None:
    product = await made(quantity=1)
    body = {"productId": product["id"], "quantity": 2}

    assert (await alice.post("/orders", body, key="k")).refusal == (409, "INSUFFICIENT_STOCK")
    await admin.patch(f"/inventory/product/{product['id']}/stock", {"quantity": 5, "type": "RESTOCK"})
    assert (await alice.post("/orders", body, key="k")).status == 201


async def test_what_was_done_is_replayed_though_it_could_not_be_done_again(
    admin: Client, alice: Client, made: Made
) -> None:
    product = await made(quantity=1)
    order = await alice.post("/orders", {"productId": product["id"], "quantity": 1}, key="k")

    again = await alice.post("/orders", {"productId": product["id"], "quantity": 1}, key="k")
    assert (again.replayed, again.data) == (True, order.data)
    await admin.post(f"/orders/{order.data['id']}/cancel")
    await admin.delete(f"/products/{product['id']}", key="d")
    assert (await admin.delete(f"/products/{product['id']}", key="d")).replayed
    assert (await alice.post("/orders", {"productId": product["id"], "quantity": 1}, key="k")).replayed


async def test_a_replay_has_its_own_request_id(alice: Client, made: Made) -> None:
    body = {"productId": (await made())["id"], "quantity": 1}
    first = await alice.post("/orders", body, key="k", headers={"x-request-id": "one"})
    again = await alice.post("/orders", body, key="k", headers={"x-request-id": "two"})

    assert (first.json["meta"]["requestId"], again.json["meta"]["requestId"]) == ("one", "two")


@pytest.mark.parametrize("key", [b"", b" ", b"a b", b"x" * 256, b"\xc3\xa9", b"a\tb", b"a\x7f"])
async def test_a_key_is_1_to_255_printable_characters(admin: Client, key: bytes) -> None:
    headers = [(b"authorization", (admin.authorization or "").encode()), (b"idempotency-key", key)]
    response = await admin.http.request("POST", "/api/categories", json={"name": "garden"}, headers=headers)

    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["field"] == "Idempotency-Key"


async def test_a_key_of_255_characters_is_fine(admin: Client) -> None:
    assert (await admin.post("/categories", {"name": "garden"}, key="x" * 255)).status == 201


async def test_reading_takes_no_key(admin: Client, made: Made) -> None:
    await made()

    assert (await admin.get("/products", key="k")).status == 200
    assert (await admin.post("/categories", {"name": "garden"}, key="k")).status == 201
