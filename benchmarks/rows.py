"""What `benchmarks.versus` asks of a release: the rows of its table."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping

import httpx2
from msgspec import Struct

from stockwright.cli.load import Load

CONNECTIONS = 64
FEW = 8
LARGE = 100_000
"""Products in the large shop."""
ORDERS = 1_000_000
"""Orders in the shop of the reports."""
ASKED = 20_000
"""So many addresses are asked in turn where each answer is to be made, not shown again."""
READERS = 3


class Shop(Struct, frozen=True):
    """A served shop."""

    url: str
    headers: Mapping[str, str]
    ids: list[str]


class Row(Struct, frozen=True, kw_only=True):
    """A row: what is asked, how, and of which shop."""

    title: str
    load: Callable[[Shop], Load]
    connections: int = CONNECTIONS
    kind: str = "small"
    """The shop: `small`, `large`, or that with `orders`."""
    beside: Callable[[Shop], Load] | None = None
    """What others read meanwhile, over READERS connections."""
    only_this: bool = False
    """Whether the other release cannot do it: its reports end at 100,000 orders."""


def _get(*paths: str) -> Callable[[Shop], Load]:
    return lambda shop: Load(shop.url, paths, headers=shop.headers)


def _post(shop: Shop, path: str, bodies: list[str], *, keys: bool = True) -> Load:
    return Load(shop.url, [path], "POST", shop.headers, bodies, f"{secrets.token_hex(6)}-" if keys else "")


def _orders(shop: Shop) -> Load:
    ids = shop.ids
    bodies = [
        json.dumps({"items": [{"productId": ids[(at * 7 + part * 31) % len(ids)], "quantity": 1} for part in range(3)]})
        for at in range(2000)
    ]
    return _post(shop, "/api/orders", bodies)


def _bulk(shop: Shop) -> Load:
    ids, hot = shop.ids, shop.ids[0]
    bodies = [
        json.dumps({"items": [{"productId": each, "quantity": 1} for each in [hot, *ids[at : at + 49]]]})
        for at in range(1, min(1000, len(ids) - 50), 50)
    ]
    return _post(shop, "/api/reservations", bodies)


def _availability(shop: Shop) -> Load:
    body = json.dumps({"items": [{"productId": each, "quantity": 1} for each in shop.ids[:50]]})
    return _post(shop, "/api/inventory/check-availability", [body], keys=False)


def _reserve(shop: Shop) -> Load:
    return _post(shop, f"/api/inventory/product/{shop.ids[0]}/reserve", ['{"quantity":1,"orderId":"x"}'])


def _product(shop: Shop) -> Load:
    return Load(shop.url, [f"/api/products/{each}" for each in shop.ids[:500]], headers=shop.headers)


def _search(words: Callable[[int], str]) -> Callable[[Shop], Load]:
    """Search for other words each time: an answer is shown again only to those who ask the same."""
    return _get(*(f"/api/products?search={words(number).replace(' ', '+')}&_={number}" for number in range(ASKED)))


def _each_time(path: str) -> Callable[[Shop], Load]:
    return _get(*(f"{path}{'&' if '?' in path else '?'}_={number}" for number in range(ASKED)))


def prepare_large(shop: Shop) -> None:
    """Sell 200 products out, and 200 nearly."""
    with httpx2.Client(base_url=shop.url, headers=dict(shop.headers), timeout=60) as client:
        for number in range(400):
            product_id = shop.ids[number * len(shop.ids) // 400]
            body = {"productId": product_id, "quantity": 0 if number % 2 else 5}
            client.put("/api/stock", json=body).raise_for_status()


_LIVE = _get("/api/health/live")
_KINDS = ("oak", "pine", "steel", "glass", "brass", "linen", "clay")
ROWS: dict[str, Row] = {
    "order": Row(title="Order of 3 lines, mail and confirmation included", load=_orders),
    "reserve": Row(title="Reserve, one hot product", load=_reserve),
    "product": Row(title="GET product", load=_product),
    "list": Row(title="GET 20 products", load=_get("/api/products?limit=20")),
    "list-made": Row(title="… of which each answer is made", load=_each_time("/api/products?limit=20")),
    "availability": Row(title="Availability of 50 items", load=_availability),
    "bulk": Row(title="Reservations of 50 lines, one product hot", load=_bulk),
    "rare": Row(
        title="Search, a rare word",
        load=_search(lambda number: f"BENCH-{number}"),
        connections=FEW,
        kind="large",
    ),
    "two": Row(
        title="Search, two words", load=_search(lambda number: f"oak {7 * number}"), connections=FEW, kind="large"
    ),
    "tenth": Row(
        title="Search, a word in a seventh of all",
        load=_search(lambda number: _KINDS[number % 7]),
        connections=FEW,
        kind="large",
    ),
    "none": Row(title="Search, no hit", load=_search(lambda number: f"velvet {number}"), connections=FEW, kind="large"),
    "out": Row(title="Inventory, sold out", load=_each_time("/api/inventory?status=OUT"), connections=1, kind="large"),
    "low": Row(
        title="Products, low in stock", load=_each_time("/api/products?lowStock=true"), connections=1, kind="large"
    ),
    "name": Row(title="Products by name", load=_each_time("/api/products?sort=name"), connections=1, kind="large"),
    "value": Row(title="Stock value", load=_each_time("/api/reports/stock-value"), connections=1, kind="large"),
    "summary": Row(
        title="Report: summary", load=_each_time("/api/reports/summary"), connections=1, kind="orders", only_this=True
    ),
    "sales": Row(
        title="Report: sales of 30 days",
        load=_each_time("/api/reports/sales"),
        connections=1,
        kind="orders",
        only_this=True,
    ),
    "top": Row(
        title="Report: top products",
        load=_each_time("/api/reports/top-products"),
        connections=1,
        kind="orders",
        only_this=True,
    ),
    "live": Row(title="GET /health/live, one client", load=_LIVE, connections=1, kind="large"),
    "live-search": Row(
        title="… beside searches", load=_LIVE, connections=1, kind="large", beside=_search(lambda n: _KINDS[n % 7])
    ),
    "live-value": Row(
        title="… beside stock values", load=_LIVE, connections=1, kind="large", beside=_get("/api/reports/stock-value")
    ),
    "live-export": Row(
        title="… beside exports of the products",
        load=_LIVE,
        connections=1,
        kind="large",
        beside=_get("/api/products/export"),
    ),
    "live-reports": Row(
        title="… beside three reports",
        load=_LIVE,
        connections=1,
        kind="orders",
        beside=_get("/api/reports/summary", "/api/reports/sales", "/api/reports/top-products"),
        only_this=True,
    ),
}
