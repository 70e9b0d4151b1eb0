"""`python -m benchmarks.whole_shop`: what reads a whole shop at once: backup, restore and audit, each as a command.

Processor time of each command, and the most memory that it took for itself (Linux), in a shop of many products with
a long ledger. Wall-clock time says little where the machine is shared.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.shop import fill, inherited, settings_of
from stockwright.app import build, close
from stockwright.stock.model import Movement
from stockwright.stock.records import put_movement
from stockwright.store.batch import Batch

WRITES = 4000
LOOK_SECONDS = 0.02
START_MS = 1_700_000_000_000


def main() -> None:
    """Make the shop, run each command once, and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.whole_shop", description=__doc__)
    parser.add_argument("--products", type=int, default=100_000, help="how many products (100,000)")
    parser.add_argument("--movements", type=int, default=9, help="movements of each product, an odd number (9)")
    given = parser.parse_args()
    table = Table("command", "processor s", "wall clock s", "memory MB")
    with tempfile.TemporaryDirectory() as place:
        shop, copy, archive = Path(place) / "shop", Path(place) / "copy", Path(place) / "shop.backup"
        asyncio.run(_lengthen(shop, fill(shop, given.products), given.movements - 1))
        for name, folder, arguments in (
            ("audit", shop, ["audit"]),
            ("backup", shop, ["backup", str(archive)]),
            ("restore", copy, ["restore", str(archive)]),
        ):
            table.add_row(name, *(f"{figure:.1f}" for figure in _run(folder, arguments)))
    Console().print(table)


async def _lengthen(folder: Path, product_ids: Sequence[str], count: int) -> None:
    """Give each product as many movements that come to nothing: a unit in, a unit out."""
    app = await build(settings_of(folder))
    try:
        batch, number = Batch(), 0
        for turn in range(count):
            for product_id in product_ids:
                number += 1
                movement = Movement(
                    id=f"mov_{number:026d}",
                    product_id=product_id,
                    sku="BENCH",
                    location="default",
                    type="ADJUSTMENT",
                    quantity=-1 if turn % 2 else 1,
                    at=START_MS + number,
                    actor="system",
                    reason="",
                )
                put_movement(batch, movement)
                if len(batch.writes) >= WRITES:
                    await batch.commit(app.store)
                    batch = Batch()
        await batch.commit(app.store)
    finally:
        await close(app)


def _run(folder: Path, arguments: Sequence[str]) -> tuple[float, float, float]:
    """Run a command to its end: processor seconds, seconds, MB."""
    began, most = time.monotonic(), 0
    running = subprocess.Popen(
        [sys.executable, "-m", "stockwright.cli.main", *arguments],
        env=inherited() | {"STOCKWRIGHT_DATA_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
    )
    while not (ended := os.wait4(running.pid, os.WNOHANG))[0]:
        most = max(most, _own_kb(running.pid))
        time.sleep(LOOK_SECONDS)
    _, status, used = ended
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"stockwright {arguments[0]} failed")
    return used.ru_utime + used.ru_stime, time.monotonic() - began, most / 1024


def _own_kb(pid: int) -> int:
    """Return what a process has taken for itself; pages of the shop's file, which others may have back, left out."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
            if line.startswith("Anonymous:"):
                return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
