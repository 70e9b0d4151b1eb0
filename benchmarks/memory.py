"""`python -m benchmarks.memory`: the server's memory over time under a load of orders; it must become flat.

`anonymous` is what the process has taken for itself; `resident` also counts pages of files, which the system takes
back when it needs them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.shop import fill, serving
from stockwright.cli.load import Load, measure

PRODUCTS = 2000
CONNECTIONS = 64


def main() -> None:
    """Load in steps, and print the memory after each."""
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long the load goes on (300)")
    parser.add_argument("--every", type=float, default=10, help="seconds between two lines (10)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        ids = fill(data, PRODUCTS)
        with serving(data) as served:
            orders = [
                json.dumps({"items": [{"productId": each, "quantity": 1} for each in ids[at : at + 3]]})
                for at in range(0, PRODUCTS - 3, 7)
            ]
            print("seconds  orders  anonymous MB  resident MB")
            placed = 0.0
            _line(0, placed, served.pid)
            for step in range(1, round(given.seconds / given.every) + 1):
                load = Load(f"{served.url}", ["/api/orders"], "POST", served.headers, orders, keys=f"memory-{step}-")
                placed += measure(load, CONNECTIONS, given.every).rate * given.every
                _line(step * given.every, placed, served.pid)


def _line(seconds: float, placed: float, pid: int) -> None:
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
        name, size = line.split(":")
        sizes[name] = int(size.split()[0]) / 1024
    print(f"{seconds:7.0f} {placed:7.0f} {sizes['Anonymous']:13.0f} {sizes['Rss']:12.0f}", flush=True)


if __name__ == "__main__":
    main()
