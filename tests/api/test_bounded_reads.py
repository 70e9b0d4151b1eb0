"""What a GET costs: no more calls of the store, and no more rows, in a shop of thousands than in one of a handful."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from stockwright.routes import ROUTES
from tests.api.large import Metered, a_shop
from tests.api.scene import ADMIN, ALICE, Scene

SIZES = {"sqlite": 2500, "dynamodb": 300}
CALLS_MAX = 25
ROWS_MAX = 1500
"""Of a page of one: filters look through five pages of 200 with their stock, and the event log through 1,000 events."""

EXEMPT = {
    "/events/stream": "sends what comes; its replay is bounded by tests of its own",
    "/docs/spec": "reads no store",
    "/reports/stock-history": "bounded by its range of days, 200,000 movements, and the slots for reports",
    "/inventory/product/{productId}/explain": "reads the open holds of the shop, and takes a slot for reports",
    "/products/export": "written while it is read, in steps, and takes a slot for exports",
    "/inventory/export": "written while it is read, in steps, and takes a slot for exports",
    "/movements/export": "written while it is read, in steps, and takes a slot for exports",
    "/orders/export": "written while it is read, in steps, and takes a slot for exports",
}

PRODUCTS: list[dict[str, str]] = [
    {"category": "electronics"},
    {"category": "nothing"},
    {"type": "nothing"},
    {"brand": "nothing"},
    {"search": "keyboard"},
    {"search": "zz nothing"},
    {"search": "4006381333931"},
]
NEEDED: dict[str, dict[str, str]] = {"/inventory/scan": {"code": "KB-1"}}
"""What a route cannot be asked without."""
FILTERS: dict[str, list[dict[str, str]]] = {
    "/products": [
        *PRODUCTS,
        *[{"sort": sort} for sort in ("oldest", "name", "-name", "price", "-price")],
        *[{"lowStock": low, "sort": sort} for low in ("true", "false") for sort in ("newest", "name")],
        {"lowStock": "true", "category": "nothing"},
        {"status": "INACTIVE"},
        {"sort": "name", "category": "nothing"},
    ],
    "/items": PRODUCTS,
    "/inventory": [{"status": status} for status in ("IN_STOCK", "LOW", "OUT")] + [{"search": "zz nothing"}],
    "/inventory/movements": [{"type": "RETURN"}, {"location": "north"}],
    "/events": [{"name": "nothing.happened"}, {"subject": "nothing"}],
    "/notifications": [{"channel": "sms"}],
    "/orders": [{"scope": "all"}, {"status": "CANCELLED"}, {"scope": "all", "status": "DELIVERED"}],
    "/orderslist": [{"scope": "all"}],
    "/reservations": [{"scope": "all"}, {"scope": "all", "status": "CONFIRMED"}, {"status": "EXPIRED"}],
}


def path_of(route: Any, ids: dict[str, str]) -> str:
    named = {"productId": ids["product"], "sku": "KB-1", "name": "electronics"}
    first = route.path.split("/")[1]
    of = {"products": "product", "items": "product", "orders": "placed", "order": "placed", "users": "alice"}
    of |= {"reservations": "hold", "sales": "sale"}
    return re.sub(r"{(\w+)}", lambda part: named.get(part[1]) or ids.get(of.get(first, ""), "none"), route.path)


async def costs(scene: Scene, metered: Metered) -> dict[str, tuple[int, int]]:
    """Ask every GET route that is bounded, with each of its filters: calls and rows."""
    found: dict[str, tuple[int, int]] = {}
    for route in ROUTES:
        if route.method != "GET" or route.path in EXEMPT:
            continue
        for query in ({}, *FILTERS.get(route.path, ())):
            asked = {**NEEDED.get(route.path, {}), **query}
            sent = {"limit": "1", **asked} if route.query is not None and "limit" in str(vars(route.query)) else asked
            for who in (ADMIN, ALICE):
                metered.calls = metered.rows = 0
                answer = await scene.clients[who].get(path_of(route, scene.ids), **sent)
                assert answer.status in {200, 403, 404}, (route.path, query, answer.response.text)
                found[f"{route.path} {query} {who}"] = metered.calls, metered.rows
    return found


async def test_a_get_needs_no_more_reads_in_a_large_shop(tmp_path: Path, engine: str) -> None:
    async with a_shop(tmp_path / "small", engine, 5) as small:
        few = await costs(*small)
    async with a_shop(tmp_path / "large", engine, SIZES[engine]) as large:
        for partition in ("PRODUCT", "PRODUCT_NAME", "STOCK_LOW", "MOVEMENT", "SALE", "RESERVATION#ACTIVE"):
            index = {"PRODUCT_NAME": "owner"}.get(partition, "list")
            found = await large[1].count(partition, index=index, limit=100_000)
            assert (found >= SIZES[engine]) == (partition != "STOCK_LOW"), partition
        many = await costs(*large)
    over = {asked: (few[asked], cost) for asked, cost in many.items() if cost[0] > CALLS_MAX or cost[1] > ROWS_MAX}
    assert over == {}
    # Without a filter that looks for what is rare, a page costs what it costs in the smallest shop.
    plain = {asked: (few[asked], many[asked]) for asked in many if " {} " in asked}
    assert {asked: pair for asked, pair in plain.items() if pair[1][1] > pair[0][1] + 25} == {}


def test_each_exemption_in_this_test_is_a_route() -> None:
    assert EXEMPT.keys() <= {route.path for route in ROUTES if route.method == "GET"}


@pytest.mark.parametrize("path", sorted(FILTERS))
def test_each_filtered_list_in_this_test_is_a_route(path: str) -> None:
    assert path in {route.path for route in ROUTES if route.method == "GET"}
