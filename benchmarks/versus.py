"""This release beside another one: python -m benchmarks.versus FOLDER, where FOLDER is a checkout of the other.

Each is started from its own folder with its own environment (`.venv`), on a shop of its own that its own
`benchmarks.shop.fill` has made. They are loaded in turn, other, this, other, this, in one run, since a shared machine
has quick quarters of an hour and slow ones. Beside each rate is the processor time per request of all of the
server's processes, its handlers' work included. Every figure is the median of all turns, with the smallest and the
largest beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks.shop import EMAIL, PASSWORD, free_port, inherited, process
from stockwright.cli.load import Load, measure

CONNECTIONS = 64
TICKS = os.sysconf("SC_CLK_TCK")
HERE = Path(__file__).parent.parent


class Side(Struct, frozen=True):
    """A release: its name, and where its checkout is."""

    name: str
    folder: Path

    @property
    def python(self) -> str:
        """Its own interpreter."""
        own = self.folder / ".venv/bin/python"
        return str(own if own.is_file() else sys.executable)

    def fill(self, shop: Path, products: int) -> list[str]:
        """Make a shop as this release does; returns the products' ids."""
        code = (
            "import json, sys, pathlib; from benchmarks.shop import fill; "
            "print(json.dumps(fill(pathlib.Path(sys.argv[1]), int(sys.argv[2]))))"
        )
        arguments = [self.python, "-c", code, str(shop), str(products)]
        done = subprocess.run(arguments, cwd=self.folder, env=inherited(), capture_output=True, text=True, check=True)
        ids: list[str] = json.loads(done.stdout.splitlines()[-1])
        return ids


class Server(Struct, frozen=True):
    """A served shop."""

    url: str
    headers: Mapping[str, str]
    pid: int
    ids: list[str]

    def busy_seconds(self) -> float:
        """Return the processor time of the server's processes until now (Linux)."""
        return sum(_ticks(pid) for pid in _family(self.pid)) / TICKS

    def wait_until_handled(self) -> None:
        """Wait until every event is handled."""
        while httpx2.get(f"{self.url}/api/health/ready", timeout=60).json()["data"]["outboxLag"]:
            time.sleep(0.05)


class Turn(Struct, frozen=True):
    """What one load gave: answers per second, their 99th percentile, processor time per answer."""

    rate: float
    p99_ms: float
    cpu_ms: float


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])


def _family(pid: int) -> list[int]:
    """Return a process with its children, and theirs."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return [pid]
    return [pid, *(each for child in children for each in _family(int(child)))]


@contextmanager
def served(side: Side, shop: Path, ids: list[str], workers: str) -> Iterator[Server]:
    """Serve a shop as it is shipped, but for the rate limit."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = inherited() | {
        "STOCKWRIGHT_DATA_DIR": str(shop),
        "STOCKWRIGHT_PORT": str(port),
        "STOCKWRIGHT_RATE_LIMIT": "off",
        "STOCKWRIGHT_DEMO": "off",
        **({"STOCKWRIGHT_WORKERS": workers} if workers and side.folder == HERE else {}),
    }
    arguments = [side.python, "-m", "stockwright.cli.main", "serve"]
    with process(arguments, f"{url}/api/health/ready", env) as (pid, _):
        body = httpx2.post(f"{url}/api/signin", json={"email": EMAIL, "password": PASSWORD}, timeout=30).json()
        token = body["data"]["token"]
        yield Server(url, {"Authorization": f"Bearer {token}"}, pid, ids)


def _turn(server: Server, load: Load, connections: int, seconds: float) -> Turn:
    before = server.busy_seconds()
    begun = time.perf_counter()
    found = measure(load, connections, seconds)
    asked = found.rate * (time.perf_counter() - begun)
    server.wait_until_handled()
    if found.refused:
        raise RuntimeError(f"{found.refused} requests of {load.paths[0]} were refused")
    return Turn(found.rate, found.p99_ms, (server.busy_seconds() - before) * 1000 / max(1, asked))


def _get(server: Server, *paths: str) -> Load:
    return Load(server.url, paths, headers=server.headers)


def _post(server: Server, path: str, bodies: list[str], *, keys: bool = True) -> Load:
    return Load(server.url, [path], "POST", server.headers, bodies, f"{secrets.token_hex(6)}-" if keys else "")


def _orders(server: Server) -> Load:
    ids = server.ids
    bodies = [
        json.dumps({"items": [{"productId": ids[(at * 7 + part * 31) % len(ids)], "quantity": 1} for part in range(3)]})
        for at in range(2000)
    ]
    return _post(server, "/api/orders", bodies)


def _bulk(server: Server) -> Load:
    ids, hot = server.ids, server.ids[0]
    bodies = [
        json.dumps({"items": [{"productId": each, "quantity": 1} for each in [hot, *ids[at : at + 49]]]})
        for at in range(1, min(1000, len(ids) - 50), 50)
    ]
    return _post(server, "/api/reservations", bodies)


def _availability(server: Server) -> Load:
    body = json.dumps({"items": [{"productId": each, "quantity": 1} for each in server.ids[:50]]})
    return _post(server, "/api/inventory/check-availability", [body], keys=False)


def _reserve(server: Server) -> Load:
    path = f"/api/inventory/product/{server.ids[0]}/reserve"
    return _post(server, path, ['{"quantity":1,"orderId":"x"}'])


def _product(server: Server) -> Load:
    return _get(server, *(f"/api/products/{each}" for each in server.ids[:500]))


def _search(text: str) -> Callable[[Server], Load]:
    return lambda server: _get(server, f"/api/products?search={text.replace(' ', '+')}")


ROWS: dict[str, tuple[str, Callable[[Server], Load], int]] = {
    "order": ("Order of 3 lines, mail and confirmation included", _orders, CONNECTIONS),
    "reserve": ("Reserve, one hot product", _reserve, CONNECTIONS),
    "product": ("GET product", _product, CONNECTIONS),
    "list": ("GET 20 products", lambda server: _get(server, "/api/products?limit=20"), CONNECTIONS),
    "availability": ("Availability of 50 items", _availability, CONNECTIONS),
    "bulk": ("Reservations of 50 lines, one product hot", _bulk, CONNECTIONS),
    "rare": ("Search, a rare word", _search("BENCH-191"), 8),
    "two": ("Search, two words", _search("oak 77"), 8),
    "tenth": ("Search, a word in a seventh of all", _search("oak"), 8),
    "none": ("Search, no hit", _search("velvet"), 8),
}


def run(sides: list[Side], names: list[str], given: argparse.Namespace) -> dict[str, dict[str, list[Turn]]]:
    """Load both in turn; returns the turns: row → release → turns."""
    turns: dict[str, dict[str, list[Turn]]] = {name: {side.name: [] for side in sides} for name in names}
    with tempfile.TemporaryDirectory(prefix="stockwright-versus-") as folder:
        shops = {side.name: Path(folder) / str(number) for number, side in enumerate(sides)}
        ids = {side.name: side.fill(shops[side.name], given.products) for side in sides}
        for _ in range(given.turns):
            for side in sides:
                with served(side, shops[side.name], ids[side.name], given.workers) as server:
                    for name in names:
                        _, load, connections = ROWS[name]
                        measure(load(server), connections, 1)
                        turns[name][side.name].append(_turn(server, load(server), connections, given.seconds))
    return turns


def _shown(values: list[float], form: str) -> str:
    middle = statistics.median(values)
    return f"{middle:{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.versus", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="the other release's checkout, with its .venv")
    parser.add_argument("names", nargs="*", help=f"which rows: {', '.join(ROWS)} (all)")
    parser.add_argument("--seconds", type=float, default=5, help="how long each load goes on (5)")
    parser.add_argument("--turns", type=int, default=3, help="how many turns each release has (3)")
    parser.add_argument("--products", type=int, default=5000, help="how many products each shop has (5,000)")
    parser.add_argument("--workers", default="", help="STOCKWRIGHT_WORKERS of this release (as shipped)")
    given = parser.parse_args()
    names = given.names or list(ROWS)
    if unknown := set(names) - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    other, this = Side("other", given.folder.resolve()), Side("this", HERE)
    turns = run([other, this], names, given)
    table = Table("", "other, per second", "this, per second", "ratio", "p99 ratio", "CPU ms, other", "this", "ratio")
    for name in names:
        before, after = turns[name][other.name], turns[name][this.name]
        table.add_row(
            ROWS[name][0],
            _shown([each.rate for each in before], ",.0f"),
            _shown([each.rate for each in after], ",.0f"),
            f"{_ratio(after, before, 'rate'):.2f}",
            f"{_ratio(after, before, 'p99_ms'):.2f}",
            _shown([each.cpu_ms for each in before], ".3f"),
            _shown([each.cpu_ms for each in after], ".3f"),
            f"{_ratio(after, before, 'cpu_ms'):.2f}",
        )
    Console(width=200).print(table)


def _ratio(after: list[Turn], before: list[Turn], name: str) -> float:
    middles = [statistics.median(float(getattr(each, name)) for each in turns) for turns in (after, before)]
    return middles[0] / middles[1]


if __name__ == "__main__":
    main()
