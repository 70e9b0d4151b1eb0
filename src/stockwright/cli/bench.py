"""`stockwright bench`: how fast a running shop answers, from this machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import httpx2
from rich.table import Table

from stockwright.base.errors import Misconfigured
from stockwright.cli.load import Load, Measured, measure
from stockwright.cli.run import err, fail, out, print_json

UNITS = 1_000_000_000


def bench(url: str, email: str, password: str, *, seconds: float, connections: int, as_json: bool) -> None:
    """Measure, and print one table. It makes a product and lets holds on it run out after a minute."""
    try:
        with httpx2.Client(base_url=f"{url.rstrip('/')}/api", timeout=30) as client:
            session = _asked(client.post("/signin", json={"email": email, "password": password}))
            headers = {"Authorization": f"Bearer {session['token']}"}
            client.headers.update(headers)
            product = _asked(client.post("/products", json=_product()))["id"]
    except httpx2.TransportError as fault:
        fail(Misconfigured(f"nothing answers at {url}: {fault}"))
    rows: list[tuple[str, Measured]] = []
    for name, load in _loads(url.rstrip("/"), headers, product):
        err.print(f"[dim]{name} …[/]")
        rows.append((name, measure(load, connections, seconds)))
    if as_json:
        print_json(
            [
                {"name": name, "rate": got.rate, "p50Ms": got.p50_ms, "p99Ms": got.p99_ms, "refused": got.refused}
                for name, got in rows
            ]
        )
        return
    constant = rows[0][1].rate
    table = Table("Asked", "Per second", "p50", "p99", "Refused", "Of the first", title=f"{connections} connections")
    for name, got in rows:
        part = f"{got.rate / constant:.2f}" if constant else ""
        table.add_row(name, f"{got.rate:,.0f}", f"{got.p50_ms:.1f} ms", f"{got.p99_ms:.1f} ms", str(got.refused), part)
    out.print(table)
    if any(got.refused for _, got in rows):
        err.print("Some were refused: STOCKWRIGHT_RATE_LIMIT=off switches the shop's rate limit off.")


def _loads(url: str, headers: dict[str, str], product: str) -> Iterator[tuple[str, Load]]:
    key = f"bench-{secrets.token_hex(6)}-"
    hold = '{"quantity":1,"orderId":"bench","expirationMinutes":1}'
    order = f'{{"items":[{{"productId":"{product}","quantity":1}}]}}'
    yield "A constant (/health/live)", Load(url, ["/api/health/live"])
    yield "GET product", Load(url, [f"/api/products/{product}"], headers=headers)
    yield "GET 20 products", Load(url, ["/api/products?limit=20"], headers=headers)
    yield "Reserve, one hot SKU", Load(url, [f"/api/inventory/product/{product}/reserve"], "POST", headers, [hold], key)
    yield "Order, one hot SKU", Load(url, ["/api/orders"], "POST", headers, [order], f"{key}o-")


def _product() -> dict[str, Any]:
    return {
        "name": "Benchmark",
        "description": "Made by `stockwright bench`; delete it when its holds have run out.",
        "category": "other",
        "price": 100,
        "sku": f"BENCH-{secrets.token_hex(4)}",
        "quantity": UNITS,
    }


def _asked(answer: httpx2.Response) -> Any:
    body = answer.json()
    if not body.get("success"):
        fail(Misconfigured(f"the shop refused: {body.get('error', {}).get('message', answer.status_code)}"))
    return body["data"]
