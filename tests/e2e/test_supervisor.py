"""What the first process of several does: it replaces workers that die or hang, and stops all of them in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx2
import msgspec
import pytest

from stockwright.base.event import Event
from stockwright.base.shards import SHARDS, shard_of
from stockwright.cli.workers import VARIABLE
from tests.e2e.server import Server, send
from tests.e2e.test_workers import Load, check, make_products, wait_for_workers
from tests.patience import PATIENCE_SECONDS
from tests.proving import SECONDS, WORKERS


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data", workers="2")
    yield made
    made.end()


def numbered(server: Server) -> dict[int, int]:
    """The workers: number → process id."""
    found = {}
    for pid in wait_for_workers(server):
        variables = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        [part] = [each.partition("=")[2] for each in variables if each.startswith(VARIABLE)]
        found[json.loads(part)["number"]] = pid
    return found


async def confirmations(client: httpx2.AsyncClient, headers: dict[str, str], since: float) -> dict[int, float]:
    """When the first order of each shard was confirmed after a moment, by its event: shard → seconds."""
    found: dict[int, float] = {}
    query: dict[str, str | int] = {"limit": 100, "name": "order.confirmed"}
    while True:
        page = (await client.get("/events", params=query, headers=headers)).json()["data"]
        for event in page["items"]:
            at = datetime.fromisoformat(event["createdAt"]).timestamp()
            if at <= since:
                return found
            found[shard_of(Event("", "", event["subject"], 0))] = at - since
        if page["nextToken"] is None:
            return found
        query["nextToken"] = page["nextToken"]


async def kill_and_wait(server: Server, headers: dict[str, str], victim: int) -> float:
    """Kill a worker that is not replaced; returns when each of its shards had its next handled event (s)."""
    pid, shards = numbered(server)[victim], set(range(victim, SHARDS, 2))
    assert server.process is not None
    # Held still, the first process starts nobody in its place.
    send(server.process.pid, signal.SIGSTOP)
    killed_at = time.time()
    send(pid, signal.SIGKILL)
    found: dict[int, float] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not shards <= found.keys():
        assert time.monotonic() < deadline, found
        # A connection to the worker that is gone waits for the next one: then another is tried.
        with contextlib.suppress(httpx2.TransportError):
            async with httpx2.AsyncClient(base_url=f"{server.url}/api", timeout=10) as client:
                found = await confirmations(client, headers, killed_at)
    send(server.process.pid, signal.SIGCONT)
    await asyncio.to_thread(wait_for_workers, server, without=pid)
    return max(found[shard] for shard in shards)


@pytest.mark.slow
async def test_the_events_of_a_killed_worker_are_handed_on_although_it_is_not_replaced(server: Server) -> None:
    """Prints how long it took from the kill to the next handled event of the last of its shards."""
    server.start()
    headers, products = await make_products(server)
    took: list[float] = []
    started = time.monotonic()
    while not took or time.monotonic() - started < SECONDS / 4:
        load = Load(server, headers, products, life=len(took))
        async with load.running():
            await load.reach(60)
            took.append(await kill_and_wait(server, headers, len(took) % 2))
        await check(server, headers, set(load.acknowledged.values()))
    print(f"handed on: {len(took)} kills, {sorted(took)[len(took) // 2]:.2f} s, at most {max(took):.2f} s")
    assert server.stop(signal.SIGTERM) == 0


@pytest.mark.slow
async def test_a_worker_that_hangs_is_killed_and_replaced(server: Server) -> None:
    server.start()
    headers, products = await make_products(server)
    load = Load(server, headers, products)
    hanging = wait_for_workers(server)[0]
    async with load.running():
        await load.reach(20)
        send(hanging, signal.SIGSTOP)
        await asyncio.to_thread(wait_for_workers, server, without=hanging)
        await load.reach(len(load.acknowledged) + 60)
    await check(server, headers, set(load.acknowledged.values()))
    log = server.log.read_text()
    assert log.count("worker hangs") == 1
    assert log.count("worker ended") == 1
    assert server.stop(signal.SIGTERM) == 0


def test_workers_that_were_held_still_together_with_the_first_process_are_not_taken_for_hanging(
    server: Server,
) -> None:
    server.start()
    workers = wait_for_workers(server)
    server.pause(11)
    time.sleep(2)
    assert wait_for_workers(server) == workers
    assert "worker hangs" not in server.log.read_text()
    assert server.stop() == 0


@pytest.mark.slow
def test_workers_that_cannot_start_end_the_server_with_one_line(server: Server) -> None:
    server.start()
    workers = wait_for_workers(server)
    (server.folder / "token-key.pem").write_text("no key")
    for pid in workers:
        send(pid, signal.SIGKILL)
    assert server.process is not None
    assert server.process.wait(timeout=PATIENCE_SECONDS) == 1
    log = server.log.read_text()
    assert "token-key.pem is damaged or not a key" in log
    assert "Error: a worker ended 5 times in a row before it served, at last with status 1" in log
    assert "Traceback" not in log
    # The kills, and then as many starts.
    assert log.count("worker ended") <= 2 * (1 + 5)


async def read_stream(server: Server, headers: dict[str, str], opened: asyncio.Event) -> bytes:
    """Read a live stream to its end, which must be an orderly one."""
    read = b""
    async with (
        httpx2.AsyncClient(timeout=PATIENCE_SECONDS) as client,
        client.stream("GET", f"{server.url}/api/events/stream", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        async for part in answer.aiter_bytes():
            read += part
            opened.set()
    return read


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_stop_ends_streams_and_finishes_requests_in_every_process(tmp_path: Path, workers: str) -> None:
    server = Server(tmp_path / "data", workers=workers)
    server.start()
    try:
        headers, _ = await make_products(server, count=1)
        opened = [asyncio.Event() for _ in range(8)]
        streams = [asyncio.create_task(read_stream(server, headers, each)) for each in opened]
        await asyncio.gather(*(each.wait() for each in opened))
        gate, sent = asyncio.Event(), asyncio.Event()

        async def body(number: int) -> object:
            yield f'{{"name": "Lamp {number}", "sku": "L-{number}", "description": "A lamp to read by.", '.encode()
            sent.set()
            await gate.wait()
            yield b'"category": "other", "price": 5, "quantity": 1}'

        async def slow(number: int) -> int:
            async with httpx2.AsyncClient(timeout=PATIENCE_SECONDS) as client:
                given = {**headers, "content-type": "application/json"}
                answer = await client.post(f"{server.url}/api/products", content=body(number), headers=given)  # type: ignore[arg-type]
                return answer.status_code

        requests = [asyncio.create_task(slow(number)) for number in range(8)]
        await sent.wait()
        await asyncio.sleep(0.5)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop, signal.SIGTERM))
        assert all(read.startswith(b"retry: ") for read in await asyncio.gather(*streams))
        gate.set()
        assert await asyncio.gather(*requests) == [201] * 8
        assert await stopping == 0
    finally:
        server.end()
    assert "Traceback" not in server.log.read_text()
    audited = await asyncio.to_thread(server.command, "audit")
    assert audited.returncode == 0


async def test_the_lines_of_all_workers_are_one_log(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", workers="2", log_level="info")
    os.mkfifo(server.log)
    read: list[bytes] = []

    def read_log() -> None:
        with server.log.open("rb") as pipe:
            read.extend(pipe)

    reading = threading.Thread(target=read_log)
    reading.start()
    server.start()
    try:

        async def ask(number: int) -> None:
            async with httpx2.AsyncClient(base_url=f"{server.url}/api", timeout=30) as client:
                for turn in range(25):
                    # Long enough that lines which are written at once do not fit into a few pages.
                    path = f"/products/asked-{number}-{turn}-{'x' * 600}"
                    assert (await client.get(path)).status_code == 401

        await asyncio.gather(*(ask(number) for number in range(16)))
        assert server.stop(signal.SIGTERM) == 0
    finally:
        server.end()
        reading.join()
    lines = [msgspec.json.decode(line) for line in read if line.startswith(b"{")]
    asked = [line for line in lines if "asked-" in str(line.get("context", {}).get("path"))]
    assert len(asked) == len({each["context"]["path"] for each in asked}) == 16 * 25
    assert {each["worker"] for each in asked} == {0, 1}
    text = b"".join(line for line in read if not line.startswith(b"{"))
    assert b"2 processes serve the shop" in text
    assert b"asked-" not in text


@pytest.mark.parametrize("workers", WORKERS)
def test_signals_to_every_process_at_once_stop_the_shop_in_order(tmp_path: Path, workers: str) -> None:
    server = Server(tmp_path / "data", workers=workers)
    server.start()
    try:
        pids = server.workers()
        for _ in range(2):
            for pid in pids:
                send(pid, signal.SIGTERM)
        assert server.stop(signal.SIGTERM) == 0
    finally:
        server.end()
    assert "Traceback" not in server.log.read_text()
    assert not (server.folder / "stockwright.db-wal").exists()
