"""Every figure: what is done, what it is held against, and the goal."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from msgspec.structs import replace

from benchmarks import by_hand, reports, write_units
from benchmarks import cold_start as cold
from benchmarks.shop import Served, add_movements, add_orders, command, fill, serving, serving_a_constant
from stockwright.app import build, close
from stockwright.base.actor import Actor
from stockwright.cli.load import Load, Measured, connected, measure
from stockwright.config import Settings
from stockwright.orders.usecases import PlaceOrder, place_order
from stockwright.request import Request
from stockwright.sales.load_lines import LineWanted

CONNECTIONS = 64
BUYER = Request(Actor("usr_buyer", "account", "customer", "buyer@example.com"))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `ratio` is to `reference`, where there is one."""

    name: str
    value: str
    reference: str = ""
    goal: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Run:
    """What the figures share: how long each takes, and what was served as a constant."""

    seconds: float
    products: int
    large: bool
    folder: Path
    constant: float = 0.0

    def orders(self, ids: list[str], lines: int = 3, count: int = 2000) -> list[str]:
        """Make the bodies of orders of that many lines, spread over the products."""
        return [
            json.dumps(
                {
                    "items": [
                        {"productId": ids[(number * 7 + part * 31) % len(ids)], "quantity": 1} for part in range(lines)
                    ]
                }
            )
            for number in range(count)
        ]


Bench = Callable[[Run], Iterator[Figure]]


def rate(name: str, measured: Measured, run: Run, goal: tuple[float, float, float] | None = None) -> Figure:
    """Return a rate beside the constant's; `goal` is (per second, part of the constant, p99 in ms)."""
    part = measured.rate / run.constant if run.constant else 0
    value = f"{measured.rate:,.0f}/s, p99 {measured.p99_ms:.0f} ms"
    if measured.refused:
        value += f" ({measured.refused} refused)"
    met, wanted = None, ""
    if goal is not None:
        least, share, p99 = goal
        met = measured.rate >= least and part >= share and (not p99 or measured.p99_ms <= p99)
        found = [
            f"{least:,.0f}/s" if least else "",
            f"{share:.2f} of it" if share else "",
            f"{p99:.0f} ms" if p99 else "",
        ]
        wanted = ", ".join(each for each in found if each)
    return Figure(name, value, f"{part:.2f} of a constant's {run.constant:,.0f}/s" if run.constant else "", wanted, met)


def _writes(served: Served, path: str | list[str], bodies: list[str], *, keys: bool = True) -> Load:
    paths = [path] if isinstance(path, str) else path
    return Load(served.url, paths, "POST", served.headers, bodies, f"{secrets.token_hex(6)}-" if keys else "")


def over_http(run: Run) -> Iterator[Figure]:
    """Everything that is asked over HTTP with 64 connections, of one shop."""
    with serving_a_constant() as url:
        headers = {"Authorization": f"Bearer {'x' * 600}"}
        run.constant = measure(
            Load(url, ["/x"], "POST", headers, ['{"quantity":1,"orderId":"x"}'], "k-"), 64, run.seconds
        ).rate
    ids = fill(run.folder / "shop", run.products)
    hot = ids[0]
    with serving(run.folder / "shop") as served:

        def get(paths: list[str], **headers: str) -> Load:
            return Load(served.url, paths, headers={**served.headers, **headers})

        measure(_writes(served, f"/api/inventory/product/{hot}/reserve", ['{"quantity":1,"orderId":"x"}']), 64, 1)
        reserve = _writes(served, f"/api/inventory/product/{hot}/reserve", ['{"quantity":1,"orderId":"x"}'])
        yield rate("Reserve, one line, one hot SKU", measure(reserve, CONNECTIONS, run.seconds), run, (8000, 0.5, 35))
        order = _writes(served, "/api/orders", run.orders(ids))
        yield rate(
            f"Order of 3 lines, {run.products:,} SKUs", measure(order, CONNECTIONS, run.seconds), run, (4000, 0.25, 50)
        )
        yield _time_until_handled(served)
        bulk = [
            json.dumps(
                {"items": [{"productId": product_id, "quantity": 1} for product_id in [hot, *ids[at : at + 49]]]}
            )
            for at in range(1, min(1000, run.products - 50), 50)
        ]
        reserved = measure(_writes(served, "/api/reservations", bulk), CONNECTIONS, run.seconds)
        lines = reserved.rate * 50
        yield Figure(
            "Reservations of 50 lines, one of them hot",
            f"{lines:,.0f} lines/s, p99 {reserved.p99_ms:.0f} ms",
            goal="30,000 lines/s",
            met=lines >= 30_000,
        )
        yield _time_until_handled(served)
        some = [f"/api/products/{each}" for each in ids[:500]]
        yield rate("GET product", measure(get(some), CONNECTIONS, run.seconds), run, (0, 0.6, 0))
        etag = httpx2.get(f"{served.url}{some[0]}", headers=served.headers).headers["etag"]
        unchanged = get(some[:1], **{"If-None-Match": etag})
        yield rate(
            "GET product with If-None-Match (304)", measure(unchanged, CONNECTIONS, run.seconds), run, (0, 0.6, 0)
        )
        yield rate(
            "GET 20 products", measure(get(["/api/products?limit=20"]), CONNECTIONS, run.seconds), run, (0, 0.4, 0)
        )
        asked = json.dumps({"items": [{"productId": each, "quantity": 1} for each in ids[:50]]})
        check = _writes(served, "/api/inventory/check-availability", [asked], keys=False)
        yield rate("Availability of 50 items", measure(check, CONNECTIONS, run.seconds), run, (4000, 0, 0))
        peak = measure(order, CONNECTIONS, run.seconds)
        over = measure(replace(order, keys=f"{secrets.token_hex(6)}-"), CONNECTIONS * 16, run.seconds)
        yield Figure(
            "Orders with 16 × the connections",
            f"{over.rate:,.0f}/s, {over.refused} answered 503",
            f"{over.rate / peak.rate:.2f} of {peak.rate:,.0f}/s",
            "0.90 of it",
            over.rate >= 0.9 * peak.rate,
        )
        yield _time_until_handled(served)


def _time_until_handled(served: Served) -> Figure:
    """Wait until every event is handled."""
    begun = time.perf_counter()
    while httpx2.get(f"{served.url}/api/health/ready", timeout=30).json()["data"]["outboxLag"]:
        time.sleep(0.02)
    waited = time.perf_counter() - begun
    return Figure("  … every event handled after", f"{waited:.1f} s", goal="2 s", met=waited <= 2)


def in_process(run: Run) -> Iterator[Figure]:
    """Orders without HTTP, against the same written by hand."""
    by_hand_rate, by_hand_p99 = by_hand.run(run.folder, CONNECTIONS, run.seconds)
    ids = fill(run.folder / "in-process", run.products)

    async def place() -> tuple[float, float]:
        app = await build(Settings(data_dir=run.folder / "in-process", log_level="error"))
        took: list[float] = []
        until = time.perf_counter() + run.seconds

        async def caller(number: int) -> None:
            at = number
            while (begun := time.perf_counter()) < until:
                lines = [LineWanted(1, ids[(at * 7 + part * 31) % len(ids)]) for part in range(3)]
                await place_order(app, BUYER, PlaceOrder(lines))
                took.append(time.perf_counter() - begun)
                at += CONNECTIONS

        begun = time.perf_counter()
        await asyncio.gather(*[caller(number) for number in range(CONNECTIONS)])
        elapsed = time.perf_counter() - begun
        await close(app)
        took.sort()
        return len(took) / elapsed, took[len(took) * 99 // 100] * 1000

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        placed, p99 = runner.run(place())
    yield Figure(
        "Order of 3 lines, in process, 64 callers",
        f"{placed:,.0f}/s, p99 {p99:.0f} ms",
        f"{placed / by_hand_rate:.1f} × one transaction per order by hand "
        f"({by_hand_rate:,.0f}/s, p99 {by_hand_p99:.0f} ms)",
        "4 ×, 1/10 of its p99",
        placed >= 4 * by_hand_rate and p99 <= by_hand_p99 / 10,
    )


def whole_life(run: Run) -> Iterator[Figure]:
    """Orders from placing to delivery, each with its mail, over HTTP."""
    ids = fill(run.folder / "life", 200)
    with serving(run.folder / "life") as served:
        done, seconds = asyncio.run(_live(served, run.orders(ids), run.seconds))
        yield Figure(
            "Order from placing to delivery, mailed at each step",
            f"{done / seconds:,.0f}/s",
            goal="800/s",
            met=done / seconds >= 800,
        )
        yield _time_until_handled(served)


async def _live(served: Served, bodies: list[str], seconds: float) -> tuple[int, float]:
    done = 0
    begun = time.perf_counter()

    async def buyer(number: int) -> None:
        nonlocal done
        async with connected(served.url) as ask:
            while time.perf_counter() - begun < seconds:
                body = bodies[(done + number) % len(bodies)]
                _, placed = await ask(Load(served.url, ["/api/orders"], "POST", served.headers, [body]))
                order_id = json.loads(placed)["data"]["id"]
                for step in ("pack", "deliver"):
                    status, _ = await ask(Load(served.url, [f"/api/orders/{order_id}/{step}"], "POST", served.headers))
                    if status != 200:
                        raise RuntimeError(f"{step} was answered {status}")
                done += 1

    await asyncio.gather(*[buyer(number) for number in range(CONNECTIONS)])
    return done, time.perf_counter() - begun


def large_shop(run: Run) -> Iterator[Figure]:
    """Search, start and memory with many products and a long ledger."""
    products, movements = (100_000, 1_000_000) if run.large else (2_000, 5_000)
    ids = fill(run.folder / "large", products)
    add_movements(run.folder / "large", ids, movements)
    with serving(run.folder / "large") as served:
        memory = served.memory_mb()
        size = f"{products:,} SKUs and {movements:,} movements"
        yield Figure(f"Start with {size}", f"{served.start_seconds:.2f} s", goal="1 s", met=served.start_seconds <= 1)
        yield Figure("  … idle memory", f"{memory:.0f} MB", goal="120 MB", met=memory <= 120)
        words = ["chair 77", "oak table 1", "clay", "BENCH-19", "basket 500"]
        load = Load(
            served.url, [f"/api/products?search={each.replace(' ', '+')}" for each in words], headers=served.headers
        )
        found = measure(load, 8, run.seconds)
        yield Figure(
            f"Search among {products:,} SKUs, 8 connections",
            f"{found.rate:,.0f}/s, p99 {found.p99_ms:.0f} ms",
            goal="p99 25 ms",
            met=found.p99_ms <= 25,
        )


def growth(run: Run) -> Iterator[Figure]:
    """The rate of orders with ever more of them stored."""
    sizes = (1_000, 10_000, 100_000, 1_000_000) if run.large else (1_000, 5_000)
    ids = fill(run.folder / "growth", 1000)
    first, stored = 0.0, 0
    for size in sizes:
        add_orders(run.folder / "growth", ids, size - stored, stored)
        stored = size
        with serving(run.folder / "growth") as served:
            placed = measure(_writes(served, "/api/orders", run.orders(ids)), CONNECTIONS, run.seconds)
            _time_until_handled(served)
        first = first or placed.rate
        last = size == sizes[-1]
        yield Figure(
            f"Order of 3 lines with {size:,} orders stored",
            f"{placed.rate:,.0f}/s",
            f"{placed.rate / first:.2f} of the first",
            "0.85 of the first" if last else "",
            placed.rate >= 0.85 * first if last else None,
        )


def cold_start(run: Run) -> Iterator[Figure]:
    """The import of the cloud form's API function, without and with AWS's SDK."""
    times = cold.TIMES if run.large else 3
    nothing = cold.quickest_ms(cold.NOTHING, times)
    for name, code, budget in (
        ("Import of the API's Lambda function", cold.API, cold.BUDGET_MS),
        ("  … with AWS's SDK and its first client", cold.WITH_CLIENT, None),
    ):
        over = cold.quickest_ms(code, times) - nothing
        goal = "" if budget is None else f"{budget} ms over it"
        met = None if budget is None else over <= budget
        yield Figure(name, f"{over:.0f} ms over it", f"python -c pass: {nothing:.0f} ms", goal, met)


def spreadsheets(run: Run) -> Iterator[Figure]:
    """Stock in from a spreadsheet, the ledger out to one, by the commands that people use."""
    products, rows, movements = (5000, 50_000, 100_000) if run.large else (200, 400, 500)
    ids = fill(run.folder / "sheets", products)
    sheet = run.folder / "stock.csv"
    sheet.write_text(
        "sku,quantity\n" + "".join(f"BENCH-{number % products},{number % 50 + 1}\n" for number in range(rows))
    )
    seconds, _ = command(run.folder / "sheets", "import", "stock", str(sheet))
    yield Figure(f"Import of {rows:,} stock rows", f"{seconds:.1f} s", goal="20 s", met=seconds <= 20)
    add_movements(run.folder / "sheets", ids, movements)
    ledger = run.folder / "ledger.csv"
    seconds, memory = command(run.folder / "sheets", "export", "movements", str(ledger))
    written = ledger.read_bytes().count(b"\r\n") - 1
    yield Figure(
        f"Export of {written:,} movements",
        f"{seconds:.1f} s, {memory:.0f} MB at most",
        goal="5 s for 100,000, flat memory",
        met=seconds <= 5 * max(1, written / 100_000),
    )


def many_reports(run: Run) -> Iterator[Figure]:
    """Reports of a shop with many orders, which follow from its rollups."""
    orders, products = (1_000_000, 1000) if run.large else (2000, 100)
    seconds = reports.make_shop(run.folder / "reports", orders, products)
    yield Figure(
        f"Rollups of {orders:,} orders filled, in processor time",
        f"{seconds:.0f} s, {seconds / orders * 1e6:.0f} µs an order",
    )
    for cost in reports.measure(run.folder / "reports"):
        yield Figure(
            f"Report with {orders:,} orders: {cost.name}",
            f"{cost.cpu_ms:.1f} ms CPU, answered in {cost.answered_ms:.1f} ms, first in {cost.first_ms:.1f} ms",
            goal="" if "366" in cost.name else "20 ms CPU",
            met=None if "366" in cost.name else cost.cpu_ms <= 20,
        )


def dynamodb(run: Run) -> Iterator[Figure]:
    """What an order takes on DynamoDB, by what DynamoDB Local says was consumed."""
    if shutil.which("java") is None:
        yield Figure("DynamoDB Local: what an order takes", "not measured: it needs Java")
        return
    sizes = write_units.LINES if run.large else write_units.LINES[:2]
    bill = asyncio.run(write_units.measure(sizes))
    for lines in sizes:
        placing = next(each for each in bill.costs if each.lines == lines)
        whole = write_units.whole_life(bill.costs, lines)
        counted = "1 line" if lines == 1 else f"{lines} lines"
        yield Figure(
            f"DynamoDB Local: an order of {counted}",
            f"placed in {_units(placing)}; delivered, with its handlers, in {_units(whole)}",
        )


def _units(cost: write_units.Cost) -> str:
    transactions = "1 transaction" if cost.transactions == 1 else f"{cost.transactions} transactions"
    return f"{transactions}, {cost.write:,.0f} write units, {cost.read:,.0f} read units"


BENCHES: dict[str, Bench] = {
    "http": over_http,
    "in-process": in_process,
    "life": whole_life,
    "large": large_shop,
    "growth": growth,
    "spreadsheets": spreadsheets,
    "reports": many_reports,
    "cold": cold_start,
    "dynamodb": dynamodb,
}


def run_all(names: list[str], seconds: float, *, large: bool) -> Iterator[Figure]:
    """Run the figures of these names, each in a folder that is gone afterwards."""
    for name in names:
        with tempfile.TemporaryDirectory(prefix="stockwright-bench-") as folder:
            yield from BENCHES[name](Run(seconds, 5000 if large else 500, large, Path(folder)))
