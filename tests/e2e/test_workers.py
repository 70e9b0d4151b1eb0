"""Several workers serve one shop: what is acknowledged is kept, each mail is sent once, whichever of them dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.server import Server, until, wait_until_gone
from tests.e2e.test_crash import all_orders, all_subjects
from tests.patience import PATIENCE_SECONDS

CLIENTS = 16


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data", workers="2")
    yield made
    made.end()


def wait_for_workers(server: Server, *, without: int = 0) -> list[int]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := server.workers()) != 2 or without in found:
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.02)
    return found


async def make_products(server: Server, count: int = 8) -> tuple[dict[str, str], list[str]]:
    async with httpx2.AsyncClient(timeout=30) as client:
        headers = await server.sign_in(client)
        products = []
        for number in range(count):
            body = {"name": f"Chair {number}", "sku": f"C-{number}", "description": "A chair to sit on.", "price": 10}
            answer = await client.post(
                f"{server.url}/api/products", json={**body, "category": "other", "quantity": 10_000}, headers=headers
            )
            assert answer.status_code == 201, answer.text
            products.append(answer.json()["data"]["id"])
    return headers, products


class Load:
    """Clients that place orders, each over a connection of its own, until they are stopped."""

    def __init__(self, server: Server, headers: dict[str, str], products: list[str], life: int = 0) -> None:
        self.acknowledged: dict[str, str] = {}
        self._server, self._headers, self._products, self._life = server, headers, products, life
        self._over = False

    async def client(self, number: int) -> None:
        turn = 0
        async with httpx2.AsyncClient(timeout=30) as client:
            while not self._over:
                key = f"{self._life}-{number}-{turn}"
                body = {"productId": self._products[(number + turn) % len(self._products)], "quantity": 1}
                turn += 1
                # A worker may die under a request, or hang and keep the others from writing: a client then asks again
                # with its key, of any that is there.
                while not self._over:
                    with contextlib.suppress(httpx2.TransportError):
                        headers = {**self._headers, "Idempotency-Key": key}
                        answer = await client.post(f"{self._server.url}/api/orders", json=body, headers=headers)
                        # Of a process that is being killed, the system may close the connection before it lets go of
                        # what marks the key as in progress.
                        dying = answer.status_code == 409 and '"IDEMPOTENCY_IN_PROGRESS"' in answer.text
                        if answer.status_code != 503 and not dying:
                            assert answer.status_code == 201, answer.text
                            self.acknowledged[key] = answer.json()["data"]["id"]
                            break
                    await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        clients = [asyncio.create_task(self.client(number)) for number in range(CLIENTS)]
        yield self
        self._over = True
        await asyncio.gather(*clients)

    async def reach(self, orders: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.acknowledged) < orders:  # noqa: ASYNC110 - what is waited for is their progress
                await asyncio.sleep(0.01)


async def check(server: Server, headers: dict[str, str], acknowledged: set[str]) -> None:
    """Every acknowledged order is confirmed and was mailed about once, and all numbers add up."""
    async with httpx2.AsyncClient(base_url=f"{server.url}/api", timeout=30) as client:

        async def confirmed() -> bool:
            found = await all_orders(client, headers)
            mailed = len(await all_subjects(client, headers)) >= len(found)
            return mailed and set(found.values()) == {"CONFIRMED"}

        await until(confirmed)
        orders = await all_orders(client, headers)
        assert acknowledged <= orders.keys()
        mails = await all_subjects(client, headers)
        assert sorted(mails) == sorted(f"Order Confirmation - #{order}" for order in orders)
    audited = await asyncio.to_thread(server.command, "audit")
    assert audited.returncode == 0, audited.stdout + audited.stderr


@pytest.mark.slow
async def test_workers_that_are_killed_under_load_are_replaced_and_nothing_is_lost(server: Server) -> None:
    server.start()
    headers, products = await make_products(server)
    load = Load(server, headers, products)
    async with load.running():
        for victim in (0, 1, 1):
            await load.reach(len(load.acknowledged) + 60)
            pid = wait_for_workers(server)[victim]
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(wait_for_workers, server, without=pid)
        await load.reach(len(load.acknowledged) + 60)
    await check(server, headers, set(load.acknowledged.values()))
    assert server.log.read_text().count("worker ended") == 3
    assert server.stop(signal.SIGTERM) == 0


@pytest.mark.slow
async def test_workers_end_with_the_process_that_started_them_and_nothing_is_lost(server: Server) -> None:
    acknowledged: set[str] = set()
    headers: dict[str, str] = {}
    products: list[str] = []
    for life in range(3):
        server.start()
        if not products:
            headers, products = await make_products(server)
        load = Load(server, headers, products, life)
        async with load.running():
            await load.reach(60)
            workers = wait_for_workers(server)
            # The first process alone: its workers end with it.
            assert server.process is not None
            server.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(server.process.wait)
            await asyncio.to_thread(wait_until_gone, workers)
        acknowledged |= set(load.acknowledged.values())
    server.start()
    await check(server, headers, acknowledged)
    assert server.stop() == 0


async def test_counts_of_all_workers_are_one_metric(server: Server) -> None:
    server.start()
    async with httpx2.AsyncClient(timeout=30) as client:
        headers = await server.sign_in(client)
    for _ in range(40):
        # Each over a connection of its own, which the kernel gives to one worker or the other.
        async with httpx2.AsyncClient(timeout=30) as client:
            assert (await client.get(f"{server.url}/api/health/live")).status_code == 200
    counted = [0.0]
    for _ in range(100):
        # A worker adds up its newest requests a tenth of a second later; nothing is missing for long.
        counted = await counts_of_live(server, headers)
        if counted == [40.0]:
            break
        await asyncio.sleep(0.1)
    # Whichever worker answers.
    assert [await counts_of_live(server, headers) for _ in range(4)] == [[40.0]] * 4


async def counts_of_live(server: Server, headers: dict[str, str]) -> list[float]:
    """Return each sum of the requests of `/health/live` that the worker asked shows."""
    async with httpx2.AsyncClient(timeout=30) as client:
        text = (await client.get(f"{server.url}/api/metrics", headers=headers)).text
    assert len(re.findall(r"^stockwright_outbox_lag_events ", text, re.MULTILINE)) == 1
    return [
        float(each) for each in re.findall(r'stockwright_requests_total\{[^}]*route="[^"]*live"[^}]*\} (\S+)', text)
    ]


def test_a_second_server_on_the_folder_is_refused_and_an_orderly_stop_ends_all(server: Server, tmp_path: Path) -> None:
    server.start()
    workers = wait_for_workers(server)
    second = server.command("serve")
    assert second.returncode == 1
    assert "is in use by process" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert server.stop(signal.SIGTERM) == 0
    wait_until_gone(workers)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("value", ["0", "many", "65"])
def test_a_wrong_number_of_workers_is_one_line(tmp_path: Path, value: str) -> None:
    refused = Server(tmp_path / "data", workers=value).command("serve")
    assert refused.returncode == 1
    assert "STOCKWRIGHT_WORKERS must be auto, or a whole number from 1 to 64" in refused.stderr
