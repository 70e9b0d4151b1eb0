"""A rush of orders on DynamoDB's published limits: `python -m benchmarks.dynamodb_simulation --seed 7`.

Time is virtual: what a run shows does not depend on the machine.

The shop's own code places and confirms orders through the real engine; the client behind it is `SimulatedClient`.
CONTAINERS functions serve one order at a time each, as Lambda does, and each knows only what it has seen itself.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.simulated_dynamodb import READ_UNITS, WRITE_UNITS, SimulatedClient
from benchmarks.virtual_time import virtual_time
from stockwright.adapters.clock import SystemClock
from stockwright.adapters.ids import SystemIds
from stockwright.base.actor import Actor
from stockwright.base.errors import Busy, InsufficientStock
from stockwright.catalog.first_start import ensure_shop
from stockwright.config import Settings
from stockwright.context import App
from stockwright.orders.usecases import PlaceOrder, confirm_order, place_order
from stockwright.products.model import Product
from stockwright.products.records import claim_sku, put_product
from stockwright.request import BY_SYSTEM, Idempotency, Request
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.model import Level, Stock
from stockwright.stock.records import load_stocks, put_stock
from stockwright.store.batch import Batch
from stockwright.store.dynamodb.codec import image_of_put
from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.dynamodb.layout import LAYOUT, Layout, body_of_layout
from stockwright.store.dynamodb.parts import COUNT
from stockwright.store.port import ABSENT, Put

CONTAINERS: Final = 400
CONFIRM_AFTER_SECONDS: Final = 1.0
CONFIRM_TRIES: Final = 5
"""A message is delivered again after a while; the queue, not a person, waits."""


@dataclass(frozen=True)
class Rush:
    """So many orders a second, of so many lines each, over so many products with so many units each."""

    name: str
    rate: int
    lines: int
    products: int
    units: int
    seconds: float
    shards: int = 64


@dataclass
class Outcome:
    """What became of the orders, and of the stock."""

    rush: Rush
    counts: Counter[str] = field(default_factory=Counter)
    false_sold_out: int = 0
    """Refused as sold out though units were left the whole time."""
    drift: int = 0
    """Units that the orders and the stock do not account for."""
    waits: list[float] = field(default_factory=list)
    parts: int = 1
    busiest: float = 0.0
    """Write units a second of the busiest partition."""
    units: Counter[str] = field(default_factory=Counter)

    @property
    def busy_share(self) -> float:
        """The share of the orders that were refused as busy."""
        answered = sum(self.counts[each] for each in ("placed", "sold out", "busy"))
        return self.counts["busy"] / max(1, answered)


class Simulation:
    """One rush, and what becomes of it."""

    def __init__(self, rush: Rush, folder: Path) -> None:
        self.rush, self.outcome = rush, Outcome(rush)
        self.client = SimulatedClient()
        self.apps = [make_app(self.client, folder) for _ in range(CONTAINERS)]
        self._idle = deque(self.apps)
        self._confirming: list[asyncio.Task[None]] = []
        self._left = rush.units * rush.products

    async def run(self) -> Outcome:
        """Place all orders, and confirm them; then compare the stock with them."""
        await ensure_shop(self.apps[0])
        _stock_up(self.client, self.rush)
        tasks = []
        for number in range(int(self.rush.rate * self.rush.seconds)):
            tasks.append(asyncio.ensure_future(self._order(number)))
            await asyncio.sleep(random.expovariate(self.rush.rate))
        await asyncio.gather(*tasks)
        self.outcome.units.update({name: int(count) for name, count in self.client.counted.items()})
        self.outcome.busiest = max(self.client.units.values()) / (time.monotonic() or 1)
        await asyncio.gather(*self._confirming)
        await self._compare()
        return self.outcome

    async def _order(self, number: int) -> None:
        """Place one order in a container that has nothing else to do."""
        began, outcome = time.monotonic(), self.outcome
        app = self._idle.popleft() if self._idle else random.choice(self.apps)  # noqa: S311
        actor = Actor(f"usr_{number}", "account", "customer", f"{number}@example.com")
        key = Idempotency(f"k{number}", f"h{number}", lambda made: {"id": made.id})
        products = random.sample(range(self.rush.products), min(self.rush.lines, self.rush.products))
        lines = [LineWanted(random.choice((1, 1, 1, 2)), f"p{each:05d}") for each in products]  # noqa: S311
        try:
            placed = await place_order(app, Request(actor, f"req_{number}", key), PlaceOrder(lines))
        except Busy:
            outcome.counts["busy"] += 1
        except InsufficientStock:
            outcome.counts["sold out"] += 1
            outcome.false_sold_out += _available(self.client, products) >= sum(line.quantity for line in lines)
        else:
            outcome.counts["placed"] += 1
            self._left -= sum(line.quantity for line in placed.lines)
            outcome.waits.append(time.monotonic() - began)
            self._confirming.append(asyncio.ensure_future(self._confirm(placed.id)))
        finally:
            self._idle.append(app)

    async def _confirm(self, order_id: str) -> None:
        """Confirm an order as its queue does: again later where it was busy."""
        for attempt in range(CONFIRM_TRIES):
            await asyncio.sleep(CONFIRM_AFTER_SECONDS * random.uniform(0.5, 2) * (attempt + 1))  # noqa: S311
            try:
                await confirm_order(random.choice(self.apps), BY_SYSTEM, order_id)  # noqa: S311
            except Busy:
                self.outcome.counts["confirmations tried again"] += 1
            else:
                return
        self.outcome.counts["confirmations given up"] += 1

    async def _compare(self) -> None:
        """Compare the numbers of the stock with what was sold and confirmed, to the unit."""
        products = [f"p{each:05d}" for each in range(self.rush.products)]
        stocks = list((await load_stocks(self.apps[0].store, products)).values())
        reserved = sum(stock.reserved for stock in stocks)
        self.outcome.drift = abs(sum(stock.available for stock in stocks) - self._left)
        self.outcome.drift += abs(sum(stock.total for stock in stocks) - self._left - reserved)
        self.outcome.parts = max(
            (int(image[COUNT]["N"]) for image in self.client.items.values() if COUNT in image), default=1
        )


def make_app(client: SimulatedClient, folder: Path) -> App:
    """Make the shop as one function has it."""
    nothing: Any = None
    clock = SystemClock(lambda: time.time_ns(), lambda: int(time.monotonic() * 1e9))  # noqa: PLW0108 - looked up late
    return App(
        settings=Settings(data_dir=folder, rate_limit=False),
        store=DynamoDbStore("simulated", client),
        clock=clock,
        ids=SystemIds(clock),
        mail=nothing,
        sms=nothing,
        topics=nothing,
        outbound=nothing,
        files=nothing,
        pictures=nothing,
        identity=nothing,
        log=nothing,
    )


def _stock_up(client: SimulatedClient, rush: Rush) -> None:
    """Put the products where they belong, without waiting for that."""
    layout = Layout(read=rush.shards, written=rush.shards)
    puts = [Put(LAYOUT, body_of_layout(rush.shards, rush.shards, 0, entries=True), ABSENT)]
    for number in range(rush.products):
        batch, name = Batch(), f"p{number:05d}"
        put_product(batch, Product(name, name.upper(), "Thing", "A thing.", price_cents=1000, created_at=1))
        put_stock(batch, Stock(name, name.upper(), {"default": Level.of(rush.units)}))
        claim_sku(batch, name.upper(), name)
        puts += [write for write in batch.writes if isinstance(write, Put)]
    for put in puts:
        image = image_of_put(put, layout)
        key = (image["pk"]["S"], image["sk"]["S"])
        client.items[key] = image
        client.partitions[key[0]].add(key)


def _available(client: SimulatedClient, products: list[int]) -> int:
    """Return how many units of the scarcest of these products there are now, in all of its parts."""
    found = []
    for number in products:
        partition = f"PRODUCT#p{number:05d}"
        images = [
            image for (pk, sk), image in client.items.items() if sk == "STOCK" and pk.partition("\x1f")[0] == partition
        ]
        found.append(sum(int(each["b"]["M"]["levels"]["M"]["default"]["M"]["available"]["N"]) for each in images))
    return min(found)


def run(rush: Rush, seed: int) -> Outcome:
    """Run one rush."""
    with tempfile.TemporaryDirectory() as folder, virtual_time() as loop:
        random.seed(seed)
        return loop.run_until_complete(Simulation(rush, Path(folder)).run())


def shown(outcome: Outcome) -> str:
    """Return an outcome in words."""
    rush, counts = outcome.rush, outcome.counts
    waits = sorted(outcome.waits) or [0.0]
    return (
        f"{rush.name}: {rush.rate:,} orders/s of {rush.lines} over {rush.products:,} SKUs for {rush.seconds:g} s\n"
        f"  placed {counts['placed']:,}, sold out {counts['sold out']:,}, busy {counts['busy']:,} "
        f"({outcome.busy_share:.2%}), false sold out {outcome.false_sold_out}, drift {outcome.drift}\n"
        f"  an order takes {waits[len(waits) // 2] * 1000:.0f} ms (median), "
        f"{waits[int(len(waits) * 0.99)] * 1000:.0f} ms (p99); parts of an item: {outcome.parts}; "
        f"confirmations tried again {counts['confirmations tried again']:,}, "
        f"given up {counts['confirmations given up']:,}\n"
        f"  {dict(sorted(outcome.units.items()))}, busiest partition {outcome.busiest:,.0f} write units/s\n"
    )


def rushes(seconds: float, rate: int) -> list[Rush]:
    """Return what is simulated: many SKUs; one SKU with enough for everybody; one that is sold out on the way."""
    orders = int(seconds * rate)
    return [
        Rush("many SKUs", rate, 3, 5000, 1000, seconds),
        Rush("one SKU", rate, 1, 1, orders * 2, seconds),
        Rush("one SKU, sold out", rate, 1, 1, orders // 2, seconds),
    ]


def main() -> None:
    """Run all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=int, default=1000)
    given = parser.parse_args()
    print(
        f"limits: {WRITE_UNITS:,.0f} write and {READ_UNITS:,.0f} read units a second and partition; seed {given.seed}"
    )
    for rush in rushes(given.seconds, given.rate):
        print(shown(run(rush, given.seed)), flush=True)


if __name__ == "__main__":
    main()
