"""What open event streams cost: python -m benchmarks.streams.

The processor time of the server for an order, without streams and with many, in turn. All that the order causes is
counted, its handlers' work and the sending of its events to each stream included; the clients of the streams are
another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx2
from rich.console import Console
from rich.table import Table

from benchmarks.shop import PASSWORD, Served, fill, serving, settings_of
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close
from stockwright.cli.load import Load, measure
from stockwright.operations.feed import STREAMS_OF_ACCOUNT_MAX
from stockwright.request import BY_SYSTEM

PRODUCTS: Final = 500
FOLLOW: Final = (
    "import asyncio, json, sys\n"
    "from urllib.parse import urlsplit\n"
    "async def follow(at, accepted, token, counts):\n"
    "    reader, writer = await asyncio.open_connection(at.hostname, at.port)\n"
    "    writer.write(f'GET /api/events/stream HTTP/1.1\\r\\nHost: {at.netloc}\\r\\n'.encode())\n"
    "    writer.write(f'Authorization: Bearer {token}\\r\\nAccept-Encoding: {accepted}\\r\\n\\r\\n'.encode())\n"
    "    head = await reader.readuntil(b'\\r\\n\\r\\n')\n"
    "    assert b' 200 ' in head.splitlines()[0], head\n"
    "    counts[0] += 1\n"
    "    if counts[0] == counts[1]: print('open', flush=True)\n"
    "    while part := await reader.read(1 << 20): pass\n"
    "    counts[2] += 1\n"
    "async def main():\n"
    "    url, accepted, each, *tokens = sys.argv[1:]\n"
    "    counts = [0, int(each) * len(tokens), 0]\n"
    "    at = urlsplit(url)\n"
    "    following = [follow(at, accepted, token, counts) for token in tokens for _ in range(int(each))]\n"
    "    tasks = asyncio.gather(*following)\n"
    "    await asyncio.to_thread(sys.stdin.readline)\n"
    "    print(counts[2], flush=True)\n"
    "    tasks.cancel()\n"
    "asyncio.run(main())\n"
)
"""Opens that many streams with each token, and reads them until it gets a line; prints how many were ended before."""


def _emails(streams: int) -> list[str]:
    return [f"follower{number}@example.com" for number in range(-(-streams // STREAMS_OF_ACCOUNT_MAX))]


async def _add_admins(folder: Path, emails: Sequence[str]) -> None:
    app = await build(settings_of(folder))
    try:
        for email in emails:
            await add_account(app, BY_SYSTEM, SignUp(email, PASSWORD, "Follower"), "admin")
    finally:
        await close(app)


def _follow(served: Served, tokens: Sequence[str], accepted: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", FOLLOW, served.url, accepted, str(STREAMS_OF_ACCOUNT_MAX), *tokens]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101
    if process.stdout.readline() != "open\n":
        raise RuntimeError("the streams could not be opened")
    return process


def _leave(process: subprocess.Popen[str]) -> int:
    ended, _ = process.communicate("\n", timeout=30)
    return int(ended.splitlines()[-1])


def _cpu_per_order(served: Served, ids: Sequence[str], connections: int, seconds: float) -> tuple[float, float]:
    """Place orders for a while; returns the processor time of each (ms), all handled, and how many a second."""
    bodies = [json.dumps({"items": [{"productId": each, "quantity": 1}]}) for each in ids]
    load = Load(served.url, ["/api/orders"], "POST", served.headers, bodies, f"{secrets.token_hex(6)}-")
    before, begun = served.cpu_seconds(), time.perf_counter()
    measured = measure(load, connections, seconds)
    orders = measured.rate * (time.perf_counter() - begun)
    while httpx2.get(f"{served.url}/api/health/ready", timeout=60).json()["data"]["outboxLag"]:
        time.sleep(0.05)
    time.sleep(1.5)
    return (served.cpu_seconds() - before) * 1000 / orders, measured.rate


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=500, help="how many streams (500)")
    parser.add_argument("--connections", type=int, default=16, help="clients that place orders (16)")
    parser.add_argument("--seconds", type=float, default=8, help="how long each turn goes on (8)")
    parser.add_argument("--turns", type=int, default=3, help="turns of each side (3)")
    parser.add_argument("--accept", default="gzip", help="the Accept-Encoding of the streams (gzip; or identity)")
    given = parser.parse_args()
    table = Table("Streams", "CPU for an order", "Orders a second", "Memory", "Streams ended")
    with tempfile.TemporaryDirectory(prefix="stockwright-streams-") as made:
        folder, emails = Path(made) / "data", _emails(given.streams)
        ids = fill(folder, PRODUCTS)
        asyncio.run(_add_admins(folder, emails))
        with serving(folder) as served:
            tokens = [
                httpx2.post(f"{served.url}/api/signin", json={"email": email, "password": PASSWORD}, timeout=60).json()[
                    "data"
                ]["token"]
                for email in emails
            ]
            sides: dict[int, list[tuple[float, float]]] = {0: [], given.streams: []}
            for _ in range(given.turns):
                sides[0].append(_cpu_per_order(served, ids, given.connections, given.seconds))
                _add_row(table, 0, sides[0][-1], served, 0)
                following = _follow(served, tokens, given.accept)
                sides[given.streams].append(_cpu_per_order(served, ids, given.connections, given.seconds))
                _add_row(table, given.streams, sides[given.streams][-1], served, _leave(following))
    Console(width=120).print(table)
    without, beside = (statistics.median(cpu for cpu, _ in side) for side in sides.values())
    Console().print(f"{given.streams} streams: {beside / without - 1:+.1%} processor time for an order")


def _add_row(table: Table, streams: int, found: tuple[float, float], served: Served, ended: int) -> None:
    cpu, rate = found
    table.add_row(str(streams), f"{cpu:.3f} ms", f"{rate:,.0f}", f"{served.memory_mb():.0f} MB", str(ended))


if __name__ == "__main__":
    main()
