"""A shop that a former release wrote, over HTTP: every page reads, people and machines come in, and it goes on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import httpx2
import msgspec
import pyotp
import pytest

from stockwright.app import build, close
from stockwright.asgi import build_asgi
from stockwright.audit.usecases import audit
from stockwright.catalog.backfill import backfill
from stockwright.config import Settings
from stockwright.context import App
from stockwright.routes import ROUTES
from stockwright.store.migrations.sqlite import FileUpgrade
from stockwright.sweeper import sweep
from tests.api.asking import Client
from tests.api.conftest import asking
from tests.conftest import Clock
from tests.formats import FORMER, known, unpack
from tests.rollups.recount import assert_exact

NO_JSON = frozenset({"/events/stream", "/metrics", "/docs/spec"})
LAST_EVENT = "SELECT body FROM event ORDER BY position DESC LIMIT 1"


@pytest.fixture(params=FORMER)
def number(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine() -> str:
    """A folder is the embedded store's."""
    return "sqlite"


@pytest.fixture
async def shop(number: str, tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    """The shop, upgraded, a second after its last event."""
    path = unpack(number, tmp_path)
    with closing(apsw.Connection(str(path))) as connection:
        [(body,)] = connection.execute(LAST_EVENT).fetchall()
        clock.at = msgspec.json.decode(body)["at"] + 1000
    with closing(FileUpgrade(path)) as upgrade:
        while not upgrade.done:
            upgrade.step()
    app = await build(Settings(data_dir=tmp_path, rate_limit=False, log_level="error"), clock)
    yield app
    report = await audit(app)
    await close(app)
    assert (report.drifts, report.unsettled) == ([], [])


@pytest.fixture
async def http(shop: App) -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(build_asgi(shop)) as made:
        yield made


async def sign_in(http: httpx2.AsyncClient, number: str, email: str, **more: str) -> Client:
    password = known(number)["accounts"][email]
    session = (await Client(http).post("/signin", {"email": email, "password": password, **more})).data
    return Client(http, f"Bearer {session['idToken']}")


async def read_all(client: Client, path: str, **query: str) -> list[Any]:
    """Read every page of a list."""
    items: list[Any] = []
    while True:
        data = (await client.get(path, **query)).data
        if not isinstance(data, dict) or not isinstance(data.get("items"), list):
            return [data]
        items += data["items"]
        if not data.get("nextToken"):
            return items
        query["nextToken"] = data["nextToken"]


async def read_everything(client: Client, number: str) -> dict[str, int]:
    """Read every list to its end, and each thing that it names by itself; returns how many they were."""
    counts: dict[str, int] = {}
    gets = {route.path for route in ROUTES if route.method == "GET" and not route.root} - NO_JSON
    things: dict[str, list[str]] = {"{productId}": list(known(number)["products"].values())[:2]}
    for path in sorted(each for each in gets if "{" not in each):
        if path.endswith("/export"):
            answer = await client.get(path)
            assert answer.status == 200
            counts[path] = answer.response.text.count("\n")
            continue
        wide = {"scope": "all"} if path in {"/orders", "/orderslist", "/reservations"} else {}
        limit = {"limit": "100"} if path not in {"/categories", "/health", "/health/live", "/health/ready"} else {}
        wide |= {"code": "FMT-BENCH"} if path == "/inventory/scan" else {}
        answer = await client.get(path, **wide, **limit)
        found = await read_all(client, path, **wide, **(limit if answer.status == 200 else {}))
        counts[path] = len(found)
        things[path] = [each["id"] for each in found if isinstance(each, dict) and "id" in each]
    for path in sorted(each for each in gets if "{" in each):
        listed = path.partition("/{")[0]
        # A former release had nothing yet of what some lists are of.
        names = things.get("/orders" if listed == "/order" else listed, things["{productId}"])
        asked = 0
        for name in names if "{sku}" not in path else ["FMT-BENCH", "fmt-lamp"]:
            answer = await client.get(re.sub(r"{\w+}", name, path))
            assert answer.status == 200, (path, name, answer.response.text)
            asked += 1
        counts[path] = asked
    return counts


async def test_every_read_works_before_and_after_the_backfills(
    shop: App, http: httpx2.AsyncClient, number: str, clock: Clock
) -> None:
    admin = await sign_in(http, number, "owner@formats.example")
    while not await backfill(shop):
        pass
    await assert_exact(shop)
    before = await read_everything(admin, number)
    assert before["/orders/{id}"] >= 140
    assert before["/inventory/movements"] > 500
    assert before["/reservations/{id}"] >= 9
    assert before["/notifications"] > 400
    assert before["/dead-letters"] >= 1
    assert before["/locations"] >= 5
    for _ in range(2):
        await sweep(shop)
    after = await read_everything(admin, number)
    assert after.keys() == before.keys()
    clock.advance(minutes=60 * 25)
    await sweep(shop)
    hold = known(number)["holds"]["ACTIVE"]
    admin = await sign_in(http, number, "owner@formats.example")
    assert (await admin.get(f"/reservations/{hold}")).data["status"] == "EXPIRED"


async def test_passwords_sessions_second_factors_and_api_keys_still_work(
    http: httpx2.AsyncClient, number: str, clock: Clock
) -> None:
    shop = known(number)
    nobody = Client(http)
    for email in shop["accounts"]:
        code = {"mfaCode": pyotp.TOTP(shop["totp"][email]).at(clock.at // 1000)} if email in shop["totp"] else {}
        me = await sign_in(http, number, email, **code)
        assert (await me.get("/users/me")).data["email"] == email
        wrong = await nobody.post("/signin", {"email": email, "password": "Wrong-Horse-7", **code})
        assert wrong.status == 401
    [with_code] = shop["totp"]
    without = await nobody.post("/signin", {"email": with_code, "password": shop["accounts"][with_code]})
    assert without.status == 401
    renewed = (await nobody.post("/token/refresh", {"refreshToken": shop["refreshToken"]})).data
    assert (await Client(http, f"Bearer {renewed['idToken']}").get("/users/me")).data["email"].startswith("buyer@")
    lamp = {"productId": shop["products"]["lamp"], "quantity": 1}
    assert (await Client(http, shop["apiKey"]).post("/sales", lamp)).status == 201


async def test_work_in_progress_of_the_former_release_is_completed_by_this_one(
    shop: App, http: httpx2.AsyncClient, number: str
) -> None:
    ids = known(number)
    admin = await sign_in(http, number, "owner@formats.example")
    buyer = await sign_in(http, number, "buyer@formats.example")
    bench, lamp = ids["products"]["bench"], ids["products"]["lamp"]
    confirmed, packed = ids["orders"]["CONFIRMED"], ids["orders"]["PACKED"]
    assert (await admin.post(f"/orders/{confirmed}/pack", {})).data["status"] == "PACKED"
    back = {"items": [{"productId": lamp, "quantity": 1}]}
    assert (await admin.post(f"/orders/{packed}/returns", back)).status in {200, 201}
    assert (await admin.post(f"/orders/{packed}/deliver", {})).data["status"] == "DELIVERED"
    assert (await buyer.post(f"/orders/{ids['orders']['PENDING']}/cancel", {})).data["status"] == "CANCELLED"
    assert (await admin.post(f"/inventory/reservation/{ids['holds']['ACTIVE']}/confirm", {})).status == 200
    assert (await admin.patch("/locations/shed", {"active": True})).data["active"] is True
    assert (await admin.patch(f"/products/{bench}", {"price": 2500})).data["price"] == 2500
    chair = {
        "name": "Chair",
        "sku": "NEW-1",
        "description": "A chair to sit on.",
        "category": "Garden Furniture",
        "price": 100,
    }
    assert (await admin.post("/products", {**chair, "quantity": 3})).data["category"] == "garden furniture"
    assert (await admin.post(f"/dead-letters/{ids['deadLetter']}/redrive", {})).status in {200, 202}
    assert (await buyer.post("/orders", {"productId": bench, "quantity": 1})).status == 201
