"""Killed under load, twenty times: nothing that was acknowledged is lost, everything is handled, all adds up."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest

from tests.e2e.server import Server

LIVES = 20
CLIENTS = 64
LOAD_SECONDS = 0.7


async def place_orders(
    server: Server, headers: dict[str, str], products: list[str], life: int
) -> dict[str, tuple[str, str]]:
    """Place orders from many clients until the server is killed: key → (order id, product)."""
    acknowledged: dict[str, tuple[str, str]] = {}
    over = False

    async def client(number: int, connection: httpx.AsyncClient) -> None:
        turn = 0
        while not over:
            key, product = f"{life}-{number}-{turn}", products[(number + turn) % len(products)]
            turn += 1
            try:
                answer = await connection.post(
                    f"{server.url}/api/orders",
                    json={"productId": product, "quantity": 1},
                    headers={**headers, "Idempotency-Key": key},
                )
            except httpx.TransportError:
                return
            assert answer.status_code == 201, answer.text
            acknowledged[key] = (answer.json()["data"]["id"], product)

    limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=10) as connection:
        clients = [asyncio.create_task(client(number, connection)) for number in range(CLIENTS)]
        await asyncio.sleep(LOAD_SECONDS)
        await asyncio.to_thread(server.kill)
        over = True
        await asyncio.gather(*clients)
    return acknowledged


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_in_twenty_kills(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await asyncio.to_thread(server.start)
    async with httpx.AsyncClient(base_url=f"{server.url}/api", timeout=30) as client:
        headers = await server.sign_in(client)
        products = []
        for number in range(8):
            body = {"name": f"Chair {number}", "sku": f"CHAIR-{number}", "description": "A chair to sit on.",
                    "category": "other", "price": 1000, "quantity": 100_000}  # fmt: skip
            products.append((await client.post("/products", json=body, headers=headers)).json()["data"]["id"])

        acknowledged: dict[str, tuple[str, str]] = {}
        for life in range(LIVES):
            acknowledged |= await place_orders(server, headers, products, life)
            await asyncio.to_thread(server.start)

        # Enough to lose one, however busy the machine.
        assert len(acknowledged) > LIVES * 10
        audited = await asyncio.to_thread(server.command, "audit", "--json")
        assert audited.returncode == 0, audited.stdout + audited.stderr

        # Asked again with the same key, the same order is told: it is there, once.
        for key, (order_id, product) in list(acknowledged.items())[:: max(1, len(acknowledged) // 300)]:
            again = await client.post(
                "/orders",
                json={"productId": product, "quantity": 1},
                headers={**headers, "Idempotency-Key": key},
            )
            assert (again.status_code, again.json()["data"]["id"]) == (201, order_id)
            assert again.headers["idempotency-replayed"] == "true"

        found = await all_orders(client, headers)
        assert {order_id for order_id, _ in acknowledged.values()} <= found.keys()

        # Every event is handled in the end: every order was mailed about, once, and is confirmed.
        deadline = time.monotonic() + 60
        while any(status == "PENDING" for status in found.values()):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
            found = await all_orders(client, headers)
        mailed = await all_subjects(client, headers)
        assert sorted(mailed) == sorted(f"Order Confirmation - #{order_id}" for order_id in found)
        assert (await client.get("/dead-letters", headers=headers)).json()["data"]["count"] == 0

    assert await asyncio.to_thread(server.stop) == 0
    audited = await asyncio.to_thread(server.command, "audit", "--json")
    report = json.loads(audited.stdout)
    assert report["clean"]
    assert report["holds"] == 0
    assert report["movements"] == 8 + len(found)


async def all_orders(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    query: dict[str, str | int] = {"limit": 100, "scope": "all"}
    while True:
        page = (await client.get("/orders", params=query, headers=headers)).json()["data"]
        found |= {order["id"]: order["status"] for order in page["items"]}
        if page["nextToken"] is None:
            return found
        query["nextToken"] = page["nextToken"]


async def all_subjects(client: httpx.AsyncClient, headers: dict[str, str]) -> list[str]:
    found: list[str] = []
    query: dict[str, str | int] = {"limit": 100}
    while True:
        page = (await client.get("/notifications", params=query, headers=headers)).json()["data"]
        found += [told["subject"] for told in page["items"]]
        if page["nextToken"] is None:
            return found
        query["nextToken"] = page["nextToken"]
