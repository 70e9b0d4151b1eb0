"""This release beside another one: python -m benchmarks.versus FOLDER, where FOLDER is a checkout of the other.

Each is started from its own folder with its own environment (`.venv`), on shops of its own that its own
`benchmarks.shop.fill` has made. They are loaded in turn, other, this, other, this, in one run, since a shared machine
has quick quarters of an hour and slow ones; and in each turn the server that carries this release answers a constant,
with as many workers. Beside each rate is the processor time per request of all of the server's processes, its
handlers' work included. Every figure is the median of all turns, with the smallest and the largest beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks.reports import make_shop
from benchmarks.rows import CONNECTIONS, LARGE, ORDERS, READERS, ROWS, Row, Shop, prepare_large
from benchmarks.shop import EMAIL, PASSWORD, free_port, inherited, process
from stockwright.cli.load import Load, measure

TICKS = os.sysconf("SC_CLK_TCK")
HERE = Path(__file__).parent.parent
CONSTANT = "constant"
HANDLED_SECONDS_MAX = 600


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


class Turn(Struct, frozen=True):
    """What one load gave: answers per second, their 99th percentile, processor time per answer."""

    rate: float
    p99_ms: float
    cpu_ms: float


Turns = dict[str, dict[str, list[Turn]]]
"""Row → release (or CONSTANT) → its turns."""


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


def _busy_seconds(pid: int) -> float:
    """Return the processor time of a server's processes until now (Linux)."""
    return sum(_ticks(each) for each in _family(pid)) / TICKS


@contextmanager
def served(side: Side, folder: Path, ids: list[str], workers: str) -> Iterator[tuple[Shop, int]]:
    """Serve a shop as it is shipped, but for the rate limit; yields it, and the server's process."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = inherited() | {
        "STOCKWRIGHT_DATA_DIR": str(folder),
        "STOCKWRIGHT_PORT": str(port),
        "STOCKWRIGHT_RATE_LIMIT": "off",
        "STOCKWRIGHT_DEMO": "off",
        **({"STOCKWRIGHT_WORKERS": workers} if workers and side.folder == HERE else {}),
    }
    arguments = [side.python, "-m", "stockwright.cli.main", "serve"]
    with process(arguments, f"{url}/api/health/ready", env) as (pid, _):
        body = httpx2.post(f"{url}/api/signin", json={"email": EMAIL, "password": PASSWORD}, timeout=30).json()
        yield Shop(url, {"Authorization": f"Bearer {body['data']['token']}"}, ids), pid


def wait_until_handled(url: str) -> None:
    """Wait until every event is handled."""
    until = time.monotonic() + HANDLED_SECONDS_MAX
    while httpx2.get(f"{url}/api/health/ready", timeout=60).json()["data"]["outboxLag"]:
        if time.monotonic() > until:
            raise RuntimeError("the handlers do not finish")
        time.sleep(0.05)


def _turn(row: Row, shop: Shop, pid: int, seconds: float) -> Turn:
    """Load a server once, while others read where the row wants it."""
    load = row.load(shop)
    measure(load, row.connections, 1)
    with ExitStack() as stack:
        if row.beside is not None:
            others = threading.Thread(target=measure, args=(row.beside(shop), READERS, seconds + 2))
            others.start()
            stack.callback(others.join)
            time.sleep(1)
        before, begun = _busy_seconds(pid), time.perf_counter()
        found = measure(row.load(shop), row.connections, seconds)
        asked = found.rate * (time.perf_counter() - begun)
    wait_until_handled(shop.url)
    if found.refused:
        raise RuntimeError(f"{found.refused} requests of {load.paths[0]} were refused")
    # Of what others read meanwhile nothing is this row's.
    used = 0.0 if row.beside is not None else _busy_seconds(pid) - before
    return Turn(found.rate, found.p99_ms, used * 1000 / max(1, asked))


def _constant(workers: int, seconds: float) -> Turn:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with process([sys.executable, "-m", "benchmarks.constant", str(port), str(workers)], url) as (pid, _):
        load = Load(url, ["/x"], headers={"Authorization": f"Bearer {'x' * 600}"})
        measure(load, CONNECTIONS, 1)
        before, begun = _busy_seconds(pid), time.perf_counter()
        found = measure(load, CONNECTIONS, seconds)
        asked = found.rate * (time.perf_counter() - begun)
        return Turn(found.rate, found.p99_ms, (_busy_seconds(pid) - before) * 1000 / max(1, asked))


def _make_shop(side: Side, folder: Path, kind: str, given: argparse.Namespace) -> list[str]:
    if kind == "orders":
        make_shop(folder, given.orders, given.products)
        return []
    return side.fill(folder, given.large if kind == "large" else given.products)


def run(sides: list[Side], names: list[str], given: argparse.Namespace) -> Turns:
    """Load both in turn, and a constant; returns the turns."""
    turns: Turns = {name: {side.name: [] for side in sides} for name in [*names, CONSTANT]}
    turns[CONSTANT][CONSTANT] = []
    workers = int(given.workers) if given.workers.isdecimal() else len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="stockwright-versus-") as folder:
        for kind in dict.fromkeys(ROWS[name].kind for name in names):
            of_kind = [name for name in names if ROWS[name].kind == kind]
            asked = [side for side in sides if side.folder == HERE or not all(ROWS[name].only_this for name in of_kind)]
            shops = {side.name: Path(folder) / f"{kind}-{side.name}" for side in asked}
            ids = {side.name: _make_shop(side, shops[side.name], kind, given) for side in asked}
            for turn in range(given.turns):
                turns[CONSTANT][CONSTANT].append(_constant(workers, given.seconds))
                for side in asked:
                    with served(side, shops[side.name], ids[side.name], given.workers) as (shop, pid):
                        if kind == "large" and turn == 0:
                            prepare_large(shop)
                            wait_until_handled(shop.url)
                        for name in of_kind:
                            if side.folder == HERE or not ROWS[name].only_this:
                                turns[name][side.name].append(_turn(ROWS[name], shop, pid, given.seconds))
    return turns


def _shown(values: list[float], form: str) -> str:
    if not values:
        return ""
    middle = statistics.median(values)
    return f"{middle:{form}} ({min(values):{form}}–{max(values):{form}})"


def _ratio(after: list[Turn], before: list[Turn], name: str) -> str:
    if not after or not before:
        return ""
    middles = [statistics.median(float(getattr(each, name)) for each in turns) for turns in (after, before)]
    return f"{middles[0] / middles[1]:.2f}" if middles[1] else ""


def table_of(turns: Turns, names: list[str], other: str, this: str) -> Table:
    """Write the table: the two releases beside each other, and the part of a constant's rate."""
    table = Table(
        *("", "other, per second", "this, per second", "ratio", "p99 ms, other", "this", "ratio"),
        *("CPU ms, other", "this", "ratio", "of a constant"),
    )
    constant = turns[CONSTANT][CONSTANT]
    for name in names:
        before, after = turns[name][other], turns[name][this]
        columns = [
            (
                _shown([getattr(each, what) for each in before], form),
                _shown([getattr(each, what) for each in after], form),
            )
            for what, form in (("rate", ",.0f"), ("p99_ms", ",.1f"), ("cpu_ms", ".3f"))
        ]
        ratios = [_ratio(after, before, what) for what in ("rate", "p99_ms", "cpu_ms")]
        cells = [cell for pair, ratio in zip(columns, ratios, strict=True) for cell in (*pair, ratio)]
        table.add_row(ROWS[name].title, *cells, _ratio(after, constant, "rate"))
    shown = [
        _shown([getattr(each, what) for each in constant], form)
        for what, form in (("rate", ",.0f"), ("p99_ms", ",.1f"), ("cpu_ms", ".3f"))
    ]
    table.add_row("A constant, by the same server", "", shown[0], "", "", shown[1], "", "", shown[2], "", "")
    return table


def arguments() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    parser = argparse.ArgumentParser(prog="benchmarks.versus", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="the other release's checkout, with its .venv")
    parser.add_argument("names", nargs="*", help=f"which rows: {', '.join(ROWS)} (all)")
    parser.add_argument("--seconds", type=float, default=5, help="how long each load goes on (5)")
    parser.add_argument("--turns", type=int, default=3, help="how many turns each release has (3)")
    parser.add_argument("--products", type=int, default=5000, help="products in the small shop (5,000)")
    parser.add_argument("--large", type=int, default=LARGE, help="products in the large shop (100,000)")
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders in the reports' shop (1,000,000)")
    parser.add_argument("--workers", default="", help="STOCKWRIGHT_WORKERS of this release (as shipped)")
    return parser


def main() -> None:
    """Read the arguments, run, print."""
    parser = arguments()
    given = parser.parse_intermixed_args()
    names = given.names or list(ROWS)
    if unknown := set(names) - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    other, this = Side("other", given.folder.resolve()), Side("this", HERE)
    turns = run([other, this], names, given)
    Console(width=240).print(table_of(turns, names, other.name, this.name))


if __name__ == "__main__":
    main()
