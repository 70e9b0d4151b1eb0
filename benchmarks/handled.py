"""How soon events are handled while orders come in: python -m benchmarks.handled [--workers 2] [--seconds 10].

Orders of three lines are placed over 64 connections. The shop's own log then says how long after its placing each was
mailed about and confirmed; the time until nothing waits says how far the handlers were behind at the end of the load.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rows import CONNECTIONS, ROWS
from benchmarks.shop import settings_of
from benchmarks.versus import HERE, Side, served, wait_until_handled
from stockwright.app import build, close
from stockwright.cli.load import measure

PAGE = 1000


async def delays(folder: Path) -> list[float]:
    """Return how long after its placing each order was confirmed (s)."""
    app = await build(settings_of(folder))
    placed: dict[str, int] = {}
    found: list[float] = []
    position = ""
    try:
        while events := await app.store.tail(position, PAGE):
            position = events[-1].position
            for event in events:
                if event.name == "order.placed":
                    placed[event.subject] = event.at
                elif event.name == "order.confirmed":
                    found.append((event.at - placed[event.subject]) / 1000)
    finally:
        await close(app)
    return found


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.handled", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workers", nargs="+", default=["1", "2"], help="the numbers of workers, one after the other")
    parser.add_argument("--seconds", type=float, default=10, help="how long orders are placed (10)")
    parser.add_argument("--products", type=int, default=1000, help="how many products the shop has (1,000)")
    given = parser.parse_args()
    table = Table("Workers", "Orders/s", "handled after (s): half", "99 of 100", "all", "all, after the load (s)")
    side = Side("this", HERE)
    for workers in given.workers:
        with tempfile.TemporaryDirectory(prefix="stockwright-handled-") as folder:
            ids = side.fill(Path(folder), given.products)
            with served(side, Path(folder), ids, workers) as (shop, _):
                load = measure(ROWS["order"].load(shop), CONNECTIONS, given.seconds)
                ended = time.monotonic()
                wait_until_handled(shop.url)
                behind = time.monotonic() - ended
            took = asyncio.run(delays(Path(folder)))
        cut = statistics.quantiles(took, n=100)
        figures = [cut[49], cut[98], max(took), behind]
        table.add_row(workers, f"{load.rate:,.0f}", *[f"{each:.2f}" for each in figures])
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
