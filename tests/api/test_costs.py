"""What a product cost the shop is shown to those who may change products, and to nobody else, by any route."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator

import pytest

from stockwright.accounts.api_keys import create_api_key
from stockwright.base.actor import SCOPES
from stockwright.request import BY_SYSTEM
from stockwright.routes import ROUTES
from tests.api.asking import Answer, Client
from tests.api.scene import ADMIN, ALICE, BOB, COST, GOOD, Scene

pytestmark = pytest.mark.one_engine
THINGS = ("product", "phone", "placed", "delivered", "sale", "hold", "count")
SHOWING = {
    *("/products", "/products/{id}", "/products/export"),
    *("/orders", "/orders/{id}", "/order/{id}", "/sales", "/sales/{id}"),
}
"""The routes that must show an admin what things cost, or this test sees nothing."""

ROOMS = ("/products", "/order", "/sales", "/inventory", "/reservations", "/stock")
"""Where products, and what was sold of them, are shown."""


async def others(scene: Scene) -> AsyncIterator[Client]:
    """Go through everybody who may not change products: customers, visitors, and keys of each other scope."""
    for email in (ALICE, BOB, ""):
        yield scene.clients[email]
    for scope in SCOPES:
        if scope != "products:write":
            key = await create_api_key(scene.app, BY_SYSTEM, "machine", [scope])
            yield Client(scene.http, key.shown)


async def showing(scene: Scene, client: Client) -> set[str]:
    """Ask every route that reads, of everything that there is, and return those that show a cost."""
    found: set[str] = set()
    for route in ROUTES:
        if route.method != "GET" or route.path.endswith("/stream") or route.root:
            continue
        for thing in THINGS if "{" in route.path else THINGS[:1]:
            path = re.sub(r"{\w+}", scene.ids[thing], route.path.replace("{sku}", "KB-1"))
            for given in ({}, {"scope": "all"}) if "order" in path else ({},):
                if str(COST) in (await client.get(path, **given)).response.text:
                    found.add(route.path)
    return found


async def test_no_route_that_reads_shows_others_what_a_product_cost(scene: Scene) -> None:
    assert await showing(scene, scene.clients[ADMIN]) >= SHOWING
    async for client in others(scene):
        assert await showing(scene, client) == set()


def headings_of(answer: Answer) -> list[str]:
    return next(csv.reader(io.StringIO(answer.response.text)))


async def test_an_export_without_costs_has_no_columns_for_them(scene: Scene) -> None:
    """An empty cell clears what it stands for when the file is imported."""
    headings = {"cost", "costDecimal"}
    exported = headings_of(await scene.clients[ADMIN].get("/products/export"))
    assert headings <= set(exported)
    async for client in others(scene):
        answer = await client.get("/products/export")
        if answer.status == 200:
            assert headings_of(answer) == [x for x in exported if x not in headings]


async def test_no_answer_to_a_change_shows_others_what_a_product_cost(scene: Scene) -> None:
    answered = set()
    async for client in others(scene):
        for method, path in GOOD:
            if not path.startswith(ROOMS) or "import" in path:
                continue
            ask = await scene.ask(method, path)
            answer = await client.ask(method, ask.path, ask.body)
            assert str(COST) not in answer.response.text, (method, path)
            if answer.status in {200, 201}:
                answered.add((method, path))
    assert {("POST", "/orders"), ("POST", "/sales"), ("POST", "/orders/{id}/cancel")} <= answered


async def test_a_refusal_shows_the_present_state_without_costs(scene: Scene) -> None:
    alice, placed = scene.clients[ALICE], scene.ids["placed"]
    refused = await alice.post(f"/orders/{placed}/cancel", {"expectedVersion": 99})
    assert (refused.status, refused.details["current"]["id"]) == (412, placed)
    assert str(COST) not in refused.response.text
    product = {"name": "Keyboard three", "expectedVersion": 99}
    refused = await scene.clients[ADMIN].ask("PATCH", f"/products/{scene.ids['product']}", product)
    assert (refused.status, refused.details["current"]["cost"]) == (412, COST)


async def test_a_key_that_may_change_products_sees_what_they_cost(scene: Scene) -> None:
    key = Client(scene.http, (await create_api_key(scene.app, BY_SYSTEM, "shop", ["products:write"])).shown)
    changed = await key.ask("PATCH", f"/products/{scene.ids['product']}", {"cost": COST + 1})
    assert changed.data["cost"] == COST + 1
