"""Killed under load, again and again: nothing that was acknowledged is lost, everything is handled, all adds up."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import time
from pathlib import Path

import httpx2
import pytest

from tests.e2e.forking import Forker
from tests.e2e.server import Server, send
from tests.patience import PATIENCE_SECONDS
from tests.proving import SECONDS, SEED, WORKERS

LIVES = 100 if SECONDS else 20
KILLS_MIN = 1000 // len(WORKERS) if SECONDS else 20
CLIENTS = 64
LOAD_SECONDS_MAX = 5
LONG_SECONDS, LONG_EVERY = 1.4, 5
"""Now and then a life lasts until handlers have written how far they are, which they do once a second."""
WORKER_ALONE_EVERY = 3
"""Of a server with several workers now and then one alone is killed, and replaced."""


def strike(server: Server, life: int) -> None:
    """Kill the server, or one of its workers; in the end it runs."""
    workers = server.workers()
    if len(workers) > 1 and life % WORKER_ALONE_EVERY == 0:
        send(workers[life % 2], signal.SIGKILL)
    else:
        server.kill()
        server.start()


async def place_orders(
    server: Server, headers: dict[str, str], products: list[str], life: int
) -> dict[str, tuple[str, str]]:
    """Place orders from many clients until the server is struck: key → (order id, product)."""
    acknowledged: dict[str, tuple[str, str]] = {}
    over, enough = False, asyncio.Event()
    most = random.Random(f"{SEED} {life}").randrange(12, 60)

    async def client(number: int, connection: httpx2.AsyncClient) -> None:
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
            except httpx2.TransportError:
                return
            assert answer.status_code == 201, answer.text
            acknowledged[key] = (answer.json()["data"]["id"], product)
            if len(acknowledged) >= most:
                enough.set()

    limits = httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with httpx2.AsyncClient(limits=limits, timeout=10, verify=False) as connection:
        clients = [asyncio.create_task(client(number, connection)) for number in range(CLIENTS)]
        # In the middle of it, after some orders more or less.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), LOAD_SECONDS_MAX)
        if life % LONG_EVERY == 0:
            await asyncio.sleep(LONG_SECONDS)
        await asyncio.to_thread(strike, server, life)
        over = True
        await asyncio.gather(*clients)
    return acknowledged


@pytest.mark.slow
@pytest.mark.parametrize("workers", WORKERS)
async def test_nothing_acknowledged_is_lost_however_often_it_is_killed(tmp_path: Path, workers: str) -> None:
    started, kills, orders = time.monotonic(), 0, 0
    while kills < KILLS_MIN or time.monotonic() - started < SECONDS / len(WORKERS):
        folder = tmp_path / str(kills)
        folder.mkdir()
        orders += await live(folder, workers)
        kills += LIVES
    print(f"crash: {workers} workers, {kills} kills under load, {orders} orders")


async def live(folder: Path, workers: str) -> int:
    """Open a shop, kill it under load LIVES times, and look whether all is there; returns how many orders that is."""
    server = Server(folder / "data", workers=workers)
    server.forker = Forker(server.env, server.log, folder)
    try:
        return await lives(server)
    finally:
        server.end()
        server.forker.close()


async def lives(server: Server) -> int:
    await asyncio.to_thread(server.start)
    async with httpx2.AsyncClient(base_url=f"{server.url}/api", timeout=30) as client:
        headers = await server.sign_in(client)
        products = []
        for number in range(8):
            body = {"name": f"Chair {number}", "sku": f"CHAIR-{number}", "description": "A chair to sit on.",
                    "category": "other", "price": 1000, "quantity": 100_000}  # fmt: skip
            products.append((await client.post("/products", json=body, headers=headers)).json()["data"]["id"])

        acknowledged: dict[str, tuple[str, str]] = {}
        for life in range(LIVES):
            acknowledged |= await place_orders(server, headers, products, life)

        # Enough to lose one, however busy the machine.
        assert len(acknowledged) > LIVES * 10
        audited = await asyncio.to_thread(server.command, "audit", "--json")
        assert audited.returncode == 0, audited.stdout + audited.stderr

        # Asked again with the same key, the answer is the same order: it exists once.
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
        deadline = time.monotonic() + PATIENCE_SECONDS
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
    return len(found)


async def all_orders(client: httpx2.AsyncClient, headers: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    query: dict[str, str | int] = {"limit": 100, "scope": "all"}
    while True:
        page = (await client.get("/orders", params=query, headers=headers)).json()["data"]
        found |= {order["id"]: order["status"] for order in page["items"]}
        if page["nextToken"] is None:
            return found
        query["nextToken"] = page["nextToken"]


async def all_subjects(client: httpx2.AsyncClient, headers: dict[str, str]) -> list[str]:
    found: list[str] = []
    query: dict[str, str | int] = {"limit": 100}
    while True:
        page = (await client.get("/notifications", params=query, headers=headers)).json()["data"]
        found += [result["subject"] for result in page["items"]]
        if page["nextToken"] is None:
            return found
        query["nextToken"] = page["nextToken"]
