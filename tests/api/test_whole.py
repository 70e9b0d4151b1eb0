"""The whole product, as `serve` puts it together: the API, the event handlers and the sweeper."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close, running
from stockwright.asgi import build_asgi
from stockwright.audit.usecases import audit
from stockwright.config import Settings
from stockwright.context import App
from stockwright.request import BY_SYSTEM
from tests.api.asking import Client
from tests.api.conftest import KEYBOARD, PASSWORD, asking

BOSS = "boss@example.com"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[App]:
    """A running shop on the machine's own clock, audited when it closes."""
    app = await build(Settings(data_dir=tmp_path, rate_limit=False, log_level="error"))
    await add_account(app, BY_SYSTEM, SignUp(BOSS, PASSWORD), "admin")
    async with running(app):
        yield app
    report = await audit(app)
    await close(app)
    assert report.drifts == []


@pytest.fixture
async def anybody(shop: App) -> AsyncIterator[Client]:
    async with asking(build_asgi(shop)) as http:
        yield Client(http)


async def entered(anybody: Client, email: str, path: str = "/signin", name: str = "username") -> dict[str, Any]:
    answer = await anybody.post(path, {name: email, "password": PASSWORD, "clientId": "c", "userPoolId": "p"})
    body: dict[str, Any] = answer.data
    return body


async def until(client: Client, path: str, name: str, wanted: Any) -> dict[str, Any]:
    """Ask again until a field is as wanted, for at most ten seconds."""
    data: dict[str, Any] = {}
    for _ in range(200):
        data = (await client.get(path)).data
        if data[name] == wanted:
            return data
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} is {data[name]}, not {wanted}")


async def test_s2_an_order_is_confirmed_and_its_mail_is_stored(anybody: Client) -> None:
    admin = Client(anybody.http, f"Bearer {(await entered(anybody, BOSS))['idToken']}")
    product = (await admin.post("/products", KEYBOARD)).data

    order = (await admin.post("/orders", {"productId": product["id"], "quantity": 2})).data

    await until(admin, f"/orders/{order['id']}", "status", "CONFIRMED")
    sent = (await admin.get("/notifications")).data["items"]
    mail = next(each for each in sent if each["to"] == BOSS)
    assert "Wireless Keyboard" in mail["body"]
    assert (await admin.get(f"/inventory/product/{product['id']}")).data["totalStock"] == 48
    for step in ("pack", "deliver"):
        await admin.post(f"/orders/{order['id']}/{step}")
    assert (await admin.delete(f"/products/{product['id']}")).status == 200


async def test_s3_a_customer_signs_up_and_orders_with_a_bare_token(anybody: Client) -> None:
    admin = Client(anybody.http, f"Bearer {(await entered(anybody, BOSS))['idToken']}")
    product = (await admin.post("/products", {**KEYBOARD, "category": "phone"})).data
    pack = (await admin.post("/api-keys", {"name": "warehouse", "scopes": ["orders:pack"]})).data
    deliver = (await admin.post("/api-keys", {"name": "courier", "scopes": ["orders:deliver"]})).data
    body = {"clientId": "c", "userPoolId": "p", "username": "user@example.com", "password": PASSWORD}

    assert (await anybody.post("/signup", body)).status == 201
    customer = Client(anybody.http, (await entered(anybody, "user@example.com"))["idToken"])
    assert [each["id"] for each in (await anybody.get("/items", category="phone")).data["items"]] == [product["id"]]
    order = (await customer.post("/orders", {"items": [{"id": product["id"], "count": 1, "color": "1"}]})).data
    assert order["userEmail"] == "user@example.com"
    packed = await Client(anybody.http, pack["key"]).post(f"/orderpacked/{order['id']}")
    delivered = await Client(anybody.http, deliver["key"]).post(f"/orderdelivered/{order['id']}")
    assert (packed.data["fulfillmentStatus"], delivered.data["fulfillmentStatus"]) == ("packed", "delivered")
    assert (await customer.get("/orderslist")).data["items"][0]["status"] == "DELIVERED"


@pytest.mark.parametrize(
    ("path", "name"), [("/signin", "username"), ("/users/login", "email"), ("/auth/login", "email")]
)
async def test_only_the_id_token_authorizes_requests(anybody: Client, path: str, name: str) -> None:
    session = await entered(anybody, BOSS, path, name)

    assert session["token"] == session["idToken"]
    assert session["expiresIn"] == 3600
    for token, status in ((session["idToken"], 200), (session["accessToken"], 401), (session["refreshToken"], 401)):
        for authorization in (f"Bearer {token}", token):
            answer = await Client(anybody.http, authorization).get("/products")
            assert answer.status == status
            if status == 401:
                assert answer.error["message"] == "Invalid or missing authentication token"


async def test_two_hundred_buyers_of_fifty_units_buy_exactly_fifty(anybody: Client, shop: App) -> None:
    admin = Client(anybody.http, f"Bearer {(await entered(anybody, BOSS))['idToken']}")
    product = (await admin.post("/products", {**KEYBOARD, "quantity": 50})).data
    body = {"productId": product["id"], "quantity": 1}

    answers = await asyncio.gather(*(admin.post("/orders", body) for _ in range(200)))

    assert Counter(answer.status for answer in answers) == {201: 50, 409: 150}
    assert {answer.refusal[1] for answer in answers if answer.status == 409} == {"INSUFFICIENT_STOCK"}
    assert (await admin.get(f"/products/{product['id']}")).data["quantity"] == 0


async def test_an_order_of_593_lines_is_placed_at_once(anybody: Client) -> None:
    admin = Client(anybody.http, f"Bearer {(await entered(anybody, BOSS))['idToken']}")
    skus = [f"SKU-{number:03}" for number in range(593)]
    await asyncio.gather(*(admin.post("/products", {**KEYBOARD, "sku": sku, "price": 100}) for sku in skus))

    order = await admin.post("/orders", {"items": [{"sku": sku, "quantity": 2} for sku in skus]})

    assert (order.status, len(order.data["items"]), order.data["totalAmount"]) == (201, 593, 593 * 200)
    too_many = [{"sku": skus[0], "quantity": 1}] * 1001
    assert (await admin.post("/orders", {"items": too_many})).fields == {"items"}
