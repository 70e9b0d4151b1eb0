"""Shops to measure: filled in this process, then served by `stockwright serve` in its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close, running
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.config import Settings
from stockwright.context import App
from stockwright.orders.model import Order, Step
from stockwright.orders.records import put_order
from stockwright.request import BY_SYSTEM, Request
from stockwright.sales.lines import OrderLine
from stockwright.stock.model import Movement
from stockwright.stock.records import put_movement
from stockwright.store.batch import Batch

EMAIL, PASSWORD = "bench@example.com", "Vier-Blauwale-77"
AT_ONCE = 200
WRITES = 4000
START_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it is, a token, and its process."""

    url: str
    headers: dict[str, str]
    pid: int
    start_seconds: float

    def memory_mb(self) -> float:
        """Return the resident memory (Linux)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_seconds(self) -> float:
        """Return the processor time of all its threads (Linux)."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def fill(folder: Path, products: int, units: int = 1_000_000) -> list[str]:
    """Make a shop with an admin and that many products; returns the products' ids."""

    async def within() -> list[str]:
        app = await build(settings_of(folder))
        try:
            admin = Request((await add_account(app, BY_SYSTEM, SignUp(EMAIL, PASSWORD, "Bench"), "admin")).as_actor())
            ids: list[str] = []
            # The handlers run beside, as in a shop: nothing waits for them when it is opened.
            async with running(app) as handlers:
                for start in range(0, products, AT_ONCE):
                    made = await asyncio.gather(
                        *[
                            create_product(app, admin, _product(number, units))
                            for number in range(start, min(start + AT_ONCE, products))
                        ]
                    )
                    ids += [each.product.id for each in made]
                await handlers.drain(600)
            return ids
        finally:
            await close(app)

    return asyncio.run(within())


def _product(number: int, units: int) -> CreateProduct:
    return CreateProduct(
        name=f"{_WORDS[number % 7]} {_WORDS[7 + number % 5]} {number}",
        description="Made to be counted, reserved, ordered and counted again.",
        category="other",
        price_cents=1000 + number % 500,
        sku=f"BENCH-{number}",
        quantity=units,
    )


_WORDS = ["oak", "pine", "steel", "glass", "brass", "linen", "clay", "chair", "lamp", "table", "shelf", "basket"]


def add_orders(
    folder: Path,
    product_ids: list[str],
    count: int,
    first: int = 0,
    *,
    placed_at: Callable[[int], int] = lambda number: 1_700_000_000_000 + number,
    name: Callable[[int], str] = lambda number: f"ord_{number:026d}",
) -> None:
    """Write that many delivered orders of three lines straight into the store, each with its movements."""

    async def within(app: App) -> None:
        batch = Batch()
        for number in range(first, first + count):
            order_id, at = name(number), placed_at(number)
            lines = tuple(
                OrderLine(product_ids[(number * 7 + part * 31) % len(product_ids)], "BENCH", "Oak chair", 1000, 1)
                for part in range(3)
            )
            order = Order(
                id=order_id,
                user_id=f"usr_{number % 1000}",
                user_email="buyer@example.com",
                lines=lines,
                allocations={line.product_id: {"default": 1} for line in lines},
                currency="USD",
                total_cents=3000,
                status="DELIVERED",
                timeline=tuple(Step(status, at, "system", "") for status in ("PENDING", "CONFIRMED", "DELIVERED")),
                created_at=at,
                updated_at=at,
                reference="",
            )
            put_order(batch, order)
            if len(batch.writes) >= WRITES:
                await batch.commit(app.store)
                batch = Batch()
        await batch.commit(app.store)

    _within(folder, within)


def add_movements(folder: Path, product_ids: list[str], count: int) -> None:
    """Write that many movements straight into the store."""

    async def within(app: App) -> None:
        batch = Batch()
        for number in range(count):
            product_id = product_ids[number % len(product_ids)]
            put_movement(
                batch,
                Movement(
                    id=f"mov_{number:026d}",
                    product_id=product_id,
                    sku="BENCH",
                    location="default",
                    type="RESTOCK",
                    quantity=1,
                    at=1_700_000_000_000 + number,
                    actor="system",
                    reason="",
                    reference="",
                    request_id="",
                ),
            )
            if len(batch.writes) >= WRITES:
                await batch.commit(app.store)
                batch = Batch()
        await batch.commit(app.store)

    _within(folder, within)


def _within(folder: Path, work: object) -> None:
    async def opened() -> None:
        app = await build(settings_of(folder))
        try:
            await work(app)  # type: ignore[operator]
        finally:
            await close(app)

    asyncio.run(opened())


def settings_of(folder: Path) -> Settings:
    """Return the settings of a shop to measure."""
    return Settings(data_dir=folder, rate_limit=False, log_level="error", demo=False)


def inherited() -> dict[str, str]:
    """Return our environment without settings of a shop, and so that bytecode is cached."""
    own = ("STOCKWRIGHT_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


def _env(folder: Path) -> dict[str, str]:
    return inherited() | {"STOCKWRIGHT_DATA_DIR": str(folder), "STOCKWRIGHT_DEMO": "off"}


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


_MEASURED = (
    "import resource, subprocess, sys\n"
    "status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    "sys.exit(status)\n"
)
"""Starts a command from a small process: what a large one starts counts as large (Linux, vfork)."""


def command(folder: Path, *arguments: str) -> tuple[float, float]:
    """Run a command of ours on a shop; returns its seconds and the most memory (MB) it took."""
    begun = time.perf_counter()
    typed = [sys.executable, "-m", "stockwright.cli.main", *arguments]
    ended = subprocess.run(
        [sys.executable, "-c", _MEASURED, *typed], env=_env(folder), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"stockwright {' '.join(arguments)} ended with {ended.returncode}: {ended.stderr}")
    return time.perf_counter() - begun, int(ended.stdout) / 1024


@contextmanager
def process(arguments: list[str], url: str, env: dict[str, str] | None = None) -> Iterator[tuple[int, float]]:
    """Run a server until the block ends; yields its process id and how long it took to answer."""
    begun = time.perf_counter()
    with subprocess.Popen(arguments, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while True:
                try:
                    httpx2.get(url, timeout=5)
                    break
                except httpx2.TransportError:
                    if server.poll() is not None or time.perf_counter() - begun > START_SECONDS_MAX:
                        raise
                    time.sleep(0.01)
            yield server.pid, time.perf_counter() - begun
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a filled shop as it is shipped, but for the rate limit."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = _env(folder) | {"STOCKWRIGHT_PORT": str(port), "STOCKWRIGHT_RATE_LIMIT": "off"}
    arguments = [sys.executable, "-m", "stockwright.cli.main", "serve"]
    with process(arguments, f"{url}/api/health/ready", env) as (pid, seconds):
        body = httpx2.post(f"{url}/api/signin", json={"email": EMAIL, "password": PASSWORD}, timeout=30).json()
        yield Served(url, {"Authorization": f"Bearer {body['data']['token']}"}, pid, seconds)


@contextmanager
def serving_a_constant() -> Iterator[str]:
    """Serve the reference."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with process([sys.executable, "-m", "benchmarks.constant", str(port)], url):
        yield url
