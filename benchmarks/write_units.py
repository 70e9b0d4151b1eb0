"""What DynamoDB charges for what a shop does: `python -m benchmarks.write_units`.

Runs each step on DynamoDB Local and sums what it says was consumed (ReturnConsumedCapacity). The writes
of a commit are sent one by one, since Local rounds up a transaction as a whole and AWS each item of
it. Local counts an index entry twice in a transaction, as it does the item; AWS's bill may be lower.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from tests.conftest import ADMIN, Clock, bare_app

from stockwright.adapters.mail import LocalMailbox
from stockwright.adapters.telemetry import make_log
from stockwright.base.actor import Actor
from stockwright.base.event import Event
from stockwright.catalog.inventory import CountStock, count_stock
from stockwright.context import App
from stockwright.handlers import REACTIONS
from stockwright.orders.usecases import PlaceOrder, cancel_order, deliver_order, pack_order, place_order
from stockwright.orders.wire import order_view
from stockwright.products.model import Product
from stockwright.products.records import claim_sku, put_product
from stockwright.request import Idempotency, Request
from stockwright.reservations.usecases import Reserve, confirm_reservation, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.model import Level, Stock, Wanted
from stockwright.stock.records import put_stock
from stockwright.stock.totals import count_stocks
from stockwright.store.batch import Batch
from stockwright.store.port import Append, Put

LINES: Final = (1, 3, 10, 50)
BUYER: Final = Request(Actor("usr_01hf7yat006sjsyes01xpst000", "account", "customer", "somebody@example.com"))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step takes: transactions, and units of reading and of writing."""

    what: str
    lines: int
    transactions: int
    read: float
    write: float


class Counted:
    """The store, with each write of a commit in a transaction of its own; it counts commits and items' bytes."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.transactions = 0
        self.events: list[Event] = []
        self.bytes: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Any]) -> None:
        """Write one after the other."""
        self.transactions += 1
        for each in writes:
            await self._store.commit([each])
            if isinstance(each, Append):
                self.events.append(each.event)
                self.bytes[each.event.name] = len(msgspec.json.encode(each.event.data))
            elif isinstance(each, Put):
                self.bytes[each.key[0].partition("#")[0].lower()] = len(msgspec.json.encode(each.body))


class Meter:
    """Sums the units of every answer."""

    def __init__(self, client: Any) -> None:
        self.read = self.write = 0.0
        if client is None:
            return
        events = client.meta.events
        events.register("provide-client-params.dynamodb.*", self._ask)
        events.register("after-call.dynamodb.*", self._count)

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "INDEXES"

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        found = parsed.get("ConsumedCapacity") or []
        units = sum(each["CapacityUnits"] for each in (found if isinstance(found, list) else [found]))
        if model.name.startswith(("TransactWrite", "Put", "BatchWrite")):
            self.write += units
        else:
            self.read += units


class Bill:
    """A shop, and what each thing that is done in it has cost."""

    def __init__(self, app: App, *, metered: bool = True) -> None:
        self.meter = Meter(app.store.client if metered else None)  # type: ignore[attr-defined]
        self.store = Counted(app.store)
        app.store = self.store
        self.app = app
        self.costs: list[Cost] = []
        self.bytes: dict[int, dict[str, int]] = {}

    def take(self, what: str, lines: int) -> None:
        """Write down what was done since the last time."""
        self.costs.append(Cost(what, lines, self.store.transactions, self.meter.read, self.meter.write))
        self.store.transactions, self.meter.read, self.meter.write = 0, 0.0, 0.0

    async def handled(self, what: str, lines: int) -> None:
        """Let every handler hear of what has happened, as its queue does."""
        while self.store.events:
            event = self.store.events.pop(0)
            for reaction in REACTIONS:
                if event.name in reaction.events:
                    await reaction.run(self.app, event)
        self.take(what, lines)


async def measure(sizes: Sequence[int] = LINES) -> Bill:
    """Write down what each step of orders of so many lines costs, and what else is sold."""
    with tempfile.TemporaryDirectory() as folder:
        app = await bare_app(Path(folder), Clock(), "dynamodb")
        app.mail, app.log = LocalMailbox(), make_log("error")
        products = await put_products(app, max(sizes))
        # The first event of a day enters the day in the log.
        await record_sale(app, ADMIN, Sell([LineWanted(1, products[0])]))
        bill = Bill(app)
        for lines in sizes:
            await _sell(bill, products[:lines])
        await record_sale(app, ADMIN, Sell([LineWanted(1, products[0])]))
        bill.take("sell at the till", 1)
        held = await reserve_stock(app, BUYER, Reserve([Wanted(products[0], 1)]))
        bill.take("hold", 1)
        await confirm_reservation(app, BUYER, held.id)
        bill.take("use a hold", 1)
        for lines in sizes:
            await _count(bill, products[:lines])
        await app.store.close()
        return bill


async def put_products(app: App, count: int) -> list[str]:
    """Put so many products with enough stock; returns their ids."""
    return [await _product(app, number) for number in range(count)]


async def _product(app: App, number: int) -> str:
    product_id, sku = f"prd_01hf7yat006sjsyes01xpst{number:03}", f"SKU-{number:04}"
    batch, name = Batch(), f"Wireless keyboard {number:03}"
    put_product(batch, Product(product_id, sku, name, name * 5, price_cents=7999))
    claim_sku(batch, sku, product_id)
    put_stock(batch, Stock(product_id, sku, {"default": Level.of(1000)}, ["default"]))
    await batch.commit(app.store)
    return product_id


async def _sell(bill: Bill, products: list[str]) -> None:
    """Take an order from placing to delivery, and another one back."""
    app, lines = bill.app, len(products)
    order_id = await place(app, products, "first")
    bill.take("place an order, with its Idempotency-Key", lines)
    await bill.handled("… its handlers: mailed, confirmed", lines)
    await pack_order(app, ADMIN, order_id)
    bill.take("pack it", lines)
    await bill.handled("… its handlers: mailed", lines)
    await deliver_order(app, ADMIN, order_id)
    bill.take("deliver it", lines)
    await bill.handled("… its handlers: mailed", lines)
    other_id = await place(app, products, "second")
    await bill.handled("", lines)
    bill.costs.pop()
    bill.bytes[lines] = dict(sorted(bill.store.bytes.items()))
    await cancel_order(app, ADMIN, other_id)
    bill.take("cancel a confirmed one", lines)
    await bill.handled("… its handlers: mailed", lines)


async def _count(bill: Bill, products: list[str]) -> None:
    """Sell one unit of each product, and compute the totals as `stock-watch` does: with enough in stock, then low."""
    for status, units in (("IN_STOCK", 900), ("LOW", 9)):
        for left in (units, units - 1):
            for product_id in products:
                await count_stock(bill.app, ADMIN, CountStock(product_id, left))
            bill.take("", 0)
            bill.costs.pop()
            await count_stocks(bill.app, products)
        bill.take(f"totals of products that are {status}", len(products))


async def place(app: App, products: list[str], key: str) -> str:
    """Place an order of one unit of each product, as the API does; returns its id."""
    idempotency = Idempotency(f"{BUYER.actor.id}#{key}-{len(products)}", "0" * 64, _answered)
    request = Request(BUYER.actor, idempotency=idempotency)
    return (await place_order(app, request, PlaceOrder([LineWanted(1, each) for each in products]))).id


def _answered(order: Any) -> dict[str, Any]:
    """Keep the answer with the key, as the API does."""
    return {"status": 201, "body": msgspec.json.encode(order_view(order)).decode()}


def whole_life(costs: Sequence[Cost], lines: int) -> Cost:
    """Sum an order's steps from placing to delivery, with what its handlers do."""
    steps = [each for each in costs if each.lines == lines][:6]
    return Cost(
        "from placing to delivery",
        lines,
        sum(each.transactions for each in steps),
        sum(each.read for each in steps),
        sum(each.write for each in steps),
    )


def rows(bill: Bill) -> Iterator[str]:
    """Write the tables: what each step costs, and how long its items are (bytes of JSON)."""
    yield f"{'what':44}{'lines':>6}{'transactions':>14}{'read units':>12}{'write units':>13}"
    for each in [*bill.costs, *[whole_life(bill.costs, lines) for lines in bill.bytes]]:
        yield f"{each.what:44}{each.lines:>6}{each.transactions:>14}{each.read:>12,.1f}{each.write:>13,.1f}"
    for lines, found in bill.bytes.items():
        yield f"bytes, {lines} lines: " + ", ".join(f"{kind} {length:,}" for kind, length in found.items())


if __name__ == "__main__":
    print("\n".join(rows(asyncio.run(measure()))))
