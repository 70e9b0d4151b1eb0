"""What the worst reader does to others: python -m benchmarks.worst_reader.

Beside each kind of long work one client asks `GET /health/live` and another places orders of one line, each one
request after the other. Where the machine is shared, the rows say most beside the first one, in which nothing else
runs. `worst wait` is the longest of all answers, and `memory` the most that the server's processes took together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks.shop import EMAIL, PASSWORD, fill, free_port, inherited, process, settings_of
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close
from stockwright.audit.rollups import rebuild
from stockwright.base.event import Event
from stockwright.base.ids import first_id
from stockwright.cli.load import Load, connected
from stockwright.context import App
from stockwright.events.catalogue import OrderConfirmed, OrderDelivered, OrderPlaced
from stockwright.events.records import load_cursors, put_cursor
from stockwright.handlers import reactions_for
from stockwright.orders.model import Order, Step
from stockwright.orders.records import put_order
from stockwright.request import BY_SYSTEM
from stockwright.sales.lines import OrderLine
from stockwright.stock.model import Movement
from stockwright.stock.records import put_movement
from stockwright.store.batch import Batch
from stockwright.store.port import ABSENT

ADMINS: Final = (EMAIL, "second@example.com", "third@example.com")
"""Each has one place for reports and one for exports."""
PAUSE_SECONDS: Final = 0.005
YEAR_MS: Final = 365 * 86_400_000
LINES: Final = 3
STREAMS: Final = 50
GOAL_MS: Final = 30.0
EVENTS: Final = (OrderPlaced, OrderConfirmed, OrderDelivered)
STATUSES: Final = ("PENDING", "CONFIRMED", "DELIVERED")


class Waits(Struct):
    """How long one client waited for each of its answers (ms)."""

    took: list[float]

    def share(self, part: float) -> float:
        """Return what this part of the answers took at most."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


class Row(Struct, frozen=True):
    """What both clients saw beside one kind of work, and what that took."""

    name: str
    live: Waits
    orders: Waits
    memory_mb: float
    seconds: float


class Served(Struct, frozen=True):
    """A running server, and what its clients need."""

    url: str
    tokens: Sequence[str]
    pid: int
    folder: Path
    products: Sequence[str]
    position: str
    """Of an event from which a stream may be continued."""


# ---- the shop --------------------------------------------------------------------------------


def make_shop(folder: Path, products: int, orders: int) -> list[str]:
    """Make a shop with delivered orders of the last year, each with its movements and events; all is handled."""
    ids = fill(folder, products)

    async def within() -> None:
        app = await build(settings_of(folder))
        try:
            for email in ADMINS[1:]:
                await add_account(app, BY_SYSTEM, SignUp(email, PASSWORD, "Bench"), "admin")
            now, batch = app.clock.now(), Batch()
            for number in range(orders):
                _add_order(batch, ids, number, now - YEAR_MS + YEAR_MS * number // orders)
                if len(batch.writes) >= 2000:
                    await batch.commit(app.store)
                    batch = Batch()
            await batch.commit(app.store)
            await _mark_as_handled(app)
            await rebuild(app)
        finally:
            await close(app)

    asyncio.run(within())
    return ids


def _add_order(batch: Batch, ids: Sequence[str], number: int, at: int) -> None:
    order_id = f"{first_id('ord', at)[:-16]}{number:016d}"
    bought = [ids[(number * 7 + part * 31) % len(ids)] for part in range(LINES)]
    order = Order(
        id=order_id,
        user_id=f"usr_{number % 1000}",
        user_email=f"buyer{number % 1000}@example.com",
        lines=tuple(OrderLine(each, "BENCH", "Oak chair", 1000, 1) for each in bought),
        allocations={each: {"default": 1} for each in bought},
        currency="USD",
        total_cents=1000 * LINES,
        status="DELIVERED",
        timeline=tuple(Step(status, at, "system", "") for status in STATUSES),
        created_at=at,
        updated_at=at,
        reference="",
    )
    put_order(batch, order)
    for part, product_id in enumerate(bought):
        for way, units in enumerate((1, -1)):
            movement = Movement(
                id=f"{first_id('mov', at)[:-16]}{number * 8 + part * 2 + way:016d}",
                product_id=product_id,
                sku="BENCH",
                location="default",
                type="RESTOCK" if units > 0 else "SALE",
                quantity=units,
                at=at,
                actor="system",
                reason="",
                reference=order_id,
                request_id="",
            )
            put_movement(batch, movement)
    for step, kind in enumerate(EVENTS):
        data = kind(
            user_id=order.user_id,
            user_email=order.user_email,
            total_amount=order.total_cents,
            currency="USD",
            products=bought,
        )
        batch.append(Event(f"evt_{number:024d}{step:02d}", kind.event_name, order_id, at, data.as_dict()))


async def _mark_as_handled(app: App) -> None:
    """Put every handler behind the last event: what was written here is not mailed."""
    (last,) = await app.store.tail(limit=1, reverse=True)
    cursors, batch = await load_cursors(app.store), Batch()
    for name in {*cursors, *(each.name for each in reactions_for(app.settings))}:
        put_cursor(batch, name, last.position, cursors[name][1] if name in cursors else ABSENT)
    await batch.commit(app.store)


# ---- what runs beside ------------------------------------------------------------------------


def _readers(served: Served, seconds: float, *of: Sequence[str], last: str = "") -> list[list[str]]:
    """Start one process for clients that read these paths again and again, the first with the first admin's token."""
    clients = [
        {
            "headers": {"Authorization": f"Bearer {served.tokens[number % len(ADMINS)]}"}
            | ({"Last-Event-ID": last} if last else {}),
            "paths": paths,
        }
        for number, paths in enumerate(of)
    ]
    host, _, port = served.url.removeprefix("http://").partition(":")
    return [[sys.executable, "-m", "benchmarks.readers", str(seconds), host, port, json.dumps(clients)]]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stockwright.cli.main", *arguments]


def _stock_file(served: Served) -> str:
    path = served.folder.parent / f"stock-{time.monotonic_ns()}.csv"
    rows = [f"BENCH-{number % len(served.products)},1,{number}" for number in range(2 * len(served.products))]
    path.write_text("\n".join(["sku,quantity,reason", *rows]))
    return str(path)


def _product_file(served: Served) -> str:
    path = served.folder.parent / f"products-{time.monotonic_ns()}.csv"
    rows = [f"BENCH-{number},Oak chair {number},{1000 + time.monotonic_ns() % 999}" for number in range(1000)]
    path.write_text("\n".join(["sku,name,price", *rows]))
    return str(path)


Work = Callable[[Served, float], list[list[str]]]
_TOP: Final = "/api/reports/top-products?from={year}"
_REPORTS: Final = ("/api/reports/summary", "/api/reports/sales?from={year}", _TOP, "/api/reports/stock-history")


def _reports(served: Served, seconds: float) -> list[list[str]]:
    year = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 365 * 86_400))
    paths = [each.format(year=year) for each in _REPORTS]
    return _readers(served, seconds, paths, paths[1:] + paths[:1], paths[2:] + paths[:2])


def _exports(*kinds: str) -> Work:
    return lambda served, seconds: _readers(served, seconds, *([f"/api/{kind}/export"] for kind in kinds))


WORK: Final[dict[str, tuple[str, Work]]] = {
    "nothing": ("nothing else", lambda _, __: []),
    "reports": ("three clients with reports", _reports),
    "movements": ("two exports of movements", _exports("movements", "movements")),
    "orders": ("two exports of orders", _exports("orders", "orders")),
    "products": ("exports of products and stock", _exports("products", "inventory")),
    "explain": (
        "two clients with explain",
        lambda served, seconds: _readers(
            served, seconds, *[[f"/api/inventory/product/{served.products[each]}/explain"] for each in (0, 1)]
        ),
    ),
    "replay": (
        f"{STREAMS} streams that continue from 1,000 events ago",
        lambda served, seconds: _readers(served, seconds, *[["/api/events/stream"]] * STREAMS, last=served.position),
    ),
    "audit": ("stockwright audit", lambda _, __: [_command("audit")]),
    "export": ("stockwright export movements", lambda _, __: [_command("export", "movements")]),
    "backup": (
        "stockwright backup",
        lambda served, _: [_command("backup", str(served.folder.parent / f"{time.monotonic_ns()}.backup"))],
    ),
    "stock": ("stockwright import stock", lambda served, _: [_command("import", "stock", _stock_file(served))]),
    "import": (
        "stockwright import products",
        lambda served, _: [_command("import", "products", _product_file(served))],
    ),
    "rollups": ("stockwright rollups rebuild", lambda _, __: [_command("rollups", "rebuild")]),
    "erase": ("stockwright users erase", lambda _, __: [_command("users", "erase", "erased@example.com")]),
}


# ---- measuring -------------------------------------------------------------------------------


@contextmanager
def serving(folder: Path, products: Sequence[str], workers: str) -> Iterator[Served]:
    """Serve a filled shop as it is shipped, but for the rate limit."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = _env(folder) | {
        "STOCKWRIGHT_PORT": str(port),
        "STOCKWRIGHT_RATE_LIMIT": "off",
        "STOCKWRIGHT_WORKERS": workers,
    }
    with process(_command("serve"), f"{url}/api/health/ready", env) as (pid, _):
        tokens = []
        for email in ADMINS:
            signed_in = httpx2.post(f"{url}/api/signin", json={"email": email, "password": PASSWORD}, timeout=30)
            tokens.append(signed_in.json()["data"]["token"])
        yield Served(url, tokens, pid, folder, products, asyncio.run(_position(folder)))


async def _position(folder: Path) -> str:
    app = await build(settings_of(folder), reading=True)
    try:
        events = await app.store.tail(limit=1000, reverse=True)
        return events[-1].position
    finally:
        await close(app)


def _env(folder: Path) -> dict[str, str]:
    return inherited() | {"STOCKWRIGHT_DATA_DIR": str(folder), "STOCKWRIGHT_DEMO": "off"}


async def _ask(load: Load, waits: Waits, ended: asyncio.Event) -> None:
    number = 0
    async with connected(load.url) as ask:
        while not ended.is_set():
            begun = time.perf_counter()
            status, body = await ask(load, number)
            waits.took.append((time.perf_counter() - begun) * 1000)
            if status >= 400:
                raise RuntimeError(f"{load.paths[0]} was answered {status}: {body[:200]!r}")
            number += 1
            await asyncio.sleep(PAUSE_SECONDS)


async def measure(served: Served, name: str, work: Work, seconds: float) -> Row:
    """Run the work, and both clients beside it until it ends (nothing: for that many seconds)."""
    live, orders, ended, most = Waits([]), Waits([]), asyncio.Event(), 0.0
    headers = {"Authorization": f"Bearer {served.tokens[0]}"}
    bodies = [json.dumps({"items": [{"productId": each, "quantity": 1}]}) for each in served.products[:500]]
    asking = asyncio.gather(
        _ask(Load(served.url, ["/api/health/live"]), live, ended),
        _ask(
            Load(served.url, ["/api/orders"], "POST", headers, bodies, f"worst-{time.monotonic_ns()}-"), orders, ended
        ),
    )
    begun = time.perf_counter()
    commands = work(served, seconds)
    running = [
        await asyncio.create_subprocess_exec(*each, env=_env(served.folder), stdout=subprocess.DEVNULL)
        for each in commands
    ]
    ends = [asyncio.create_task(each.wait()) for each in running] or [asyncio.create_task(asyncio.sleep(seconds))]
    while not all(each.done() for each in ends):
        most = max(most, sum(_resident_mb(pid) for pid in _family(served.pid)))
        await asyncio.wait([asyncio.gather(*ends), asking], timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            break
    ended.set()
    await asking
    failed = [command for command, each in zip(commands, running, strict=True) if each.returncode]
    if failed:
        raise RuntimeError(f"{failed[0][:6]} failed beside {name}")
    return Row(name, live, orders, most, time.perf_counter() - begun)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return [pid]
    return [pid, *(each for child in children for each in _family(int(child)))]


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _table(rows: Sequence[Row], size: str) -> Table:
    table = Table("Beside", "Live p50", "p99", "worst", "Order p50", "p99", "worst", "Memory", "Took", title=size)
    for row in rows:
        table.add_row(
            row.name,
            *[f"{each:.1f} ms" for each in (row.live.share(0.5), row.live.share(0.99), row.live.share(1))],
            *[f"{each:.1f} ms" for each in (row.orders.share(0.5), row.orders.share(0.99), row.orders.share(1))],
            f"{row.memory_mb:.0f} MB",
            f"{row.seconds:.1f} s",
        )
    return table


def _kept_shop(folder: Path, given: argparse.Namespace) -> list[str]:
    """Make a shop, or take the one that is there."""
    names = folder / "products.json"
    if not names.exists():
        ids = make_shop(folder / "data", given.products, given.orders)
        names.write_text(json.dumps(ids))
    found: list[str] = json.loads(names.read_text())
    return found


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.worst_reader", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"beside what: {', '.join(WORK)} (all)")
    parser.add_argument("--seconds", type=float, default=8, help="how long each client reads at least (8)")
    parser.add_argument("--products", type=int, default=5000)
    parser.add_argument("--orders", type=int, default=25_000)
    parser.add_argument("--workers", default="1")
    parser.add_argument("--folder", type=Path, help="keep the shop here, and take it from here if it is there")
    given = parser.parse_args()
    names = given.names or list(WORK)
    with tempfile.TemporaryDirectory(prefix="stockwright-worst-") as made:
        folder: Path = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        ids = _kept_shop(folder, given)
        rows = []
        with serving(folder / "data", ids, given.workers) as served:
            for name in names:
                title, work = WORK[name]
                row = asyncio.run(measure(served, title, work, given.seconds))
                rows.append(row)
                Console().print(
                    f"{title}: live p99 {row.live.share(0.99):.1f} ms, order {row.orders.share(0.99):.1f} ms"
                )
    movements = 2 * LINES * given.orders + given.products
    size = f"{given.products:,} products, {given.orders:,} orders, {movements:,} movements, {given.workers} workers"
    Console(width=160).print(_table(rows, size))


if __name__ == "__main__":
    main()
