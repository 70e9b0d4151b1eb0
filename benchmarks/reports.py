"""Reports with many orders: what each takes of the server's processor, and until it is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx2
from msgspec import Struct

from benchmarks.shop import Served, add_orders, fill, serving, settings_of
from stockwright.app import build, close
from stockwright.audit.rollups import rebuild
from stockwright.base.ids import first_id

DAYS: Final = 30
DAY_MS: Final = 86_400_000
TIMES: Final = 21
ZONES: Final = ("UTC", "Asia/Kolkata")


class Cost(Struct, frozen=True):
    """What a report takes, in milliseconds: of the processor and until the answer (medians), and the first answer."""

    name: str
    cpu_ms: float
    answered_ms: float
    first_ms: float


def make_shop(folder: Path, orders: int, products: int) -> float:
    """Make a shop with orders spread over the last 30 days; returns the seconds that their rollups took."""
    ids = fill(folder, products)
    first_at, step = int(time.time() * 1000) - DAYS * DAY_MS + DAY_MS // 2, (DAYS - 1) * DAY_MS / orders

    def placed_at(number: int) -> int:
        return int(first_at + step * number)

    add_orders(
        folder, ids, orders, placed_at=placed_at, name=lambda n: f"{first_id('ord', placed_at(n))[:-16]}{n:016d}"
    )

    async def count() -> float:
        app = await build(settings_of(folder))
        try:
            begun = time.process_time()
            await rebuild(app)
            return time.process_time() - begun
        finally:
            await close(app)

    return asyncio.run(count())


def measure(folder: Path) -> Iterator[Cost]:
    """Ask a shop for each report, one after the other."""
    year = (datetime.now(UTC) - timedelta(days=365)).date()
    with serving(folder) as served:
        for name, path in (
            ("summary", "/api/reports/summary"),
            *((f"sales, 30 days, {zone}", f"/api/reports/sales?timeZone={zone}") for zone in ZONES),
            *((f"top products, 30 days, {zone}", f"/api/reports/top-products?timeZone={zone}") for zone in ZONES),
            ("sales, 366 days by week", f"/api/reports/sales?by=week&from={year}"),
            ("top products, 366 days", f"/api/reports/top-products?from={year}"),
        ):
            yield _cost(served, name, path)


def _cost(served: Served, name: str, path: str) -> Cost:
    with httpx2.Client(base_url=served.url, headers=served.headers, timeout=60) as client:
        took: list[tuple[float, float]] = []
        for _ in range(TIMES):
            cpu, begun = served.cpu_seconds(), time.perf_counter()
            client.get(path).raise_for_status()
            took.append((served.cpu_seconds() - cpu, time.perf_counter() - begun))
    cpus, waits = sorted(cpu for cpu, _ in took), sorted(wait for _, wait in took)
    return Cost(name, cpus[TIMES // 2] * 1000, waits[TIMES // 2] * 1000, took[0][1] * 1000)
