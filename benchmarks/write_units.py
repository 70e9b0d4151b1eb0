"""What DynamoDB charges for what a shop does: `python -m benchmarks.write_units`.

Runs each step on DynamoDB Local and sums what it says was consumed (ReturnConsumedCapacity). The writes
of a commit are sent one by one, since Local rounds up a transaction as a whole and AWS each item of
it. Local counts an index entry twice in a transaction, as it does the item; AWS's bill may be lower.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from tests.conftest import ADMIN, ALICE, Clock, bare_app

from stockwright.domain.product import Product
from stockwright.domain.stock import Level, Stock, Wanted
from stockwright.store.records.batch import Batch
from stockwright.store.records.products import claim_sku, put_product
from stockwright.store.records.stock import put_stock
from stockwright.usecases.lines import LineWanted
from stockwright.usecases.orders import PlaceOrder, cancel_order, confirm_order, pack_order, place_order
from stockwright.usecases.reservations import Reserve, confirm_reservation, reserve_stock
from stockwright.usecases.sales import Sell, record_sale

LINES = (1, 3, 10, 40)


class OneByOne:
    """The store, with each write of a commit in a transaction of its own."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Any) -> None:
        """Write one after the other."""
        for each in writes:
            await self._store.commit([each])


class Meter:
    """Sums the units of every answer."""

    def __init__(self, client: Any) -> None:
        self.read = self.write = 0.0
        events = client.meta.events
        events.register("provide-client-params.dynamodb.*", self._ask)
        events.register("after-call.dynamodb.*", self._count)

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "INDEXES"

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        told = parsed.get("ConsumedCapacity") or []
        units = sum(each["CapacityUnits"] for each in (told if isinstance(told, list) else [told]))
        if model.name.startswith(("TransactWrite", "Put", "BatchWrite")):
            self.write += units
        else:
            self.read += units

    def take(self) -> tuple[float, float]:
        """Return (read units, write units) since the last time."""
        taken = self.read, self.write
        self.read, self.write = 0.0, 0.0
        return taken


async def measure() -> list[tuple[str, int, float, float]]:
    """Return (what, lines, read units, write units)."""
    with tempfile.TemporaryDirectory() as folder:
        app = await bare_app(Path(folder), Clock(), "dynamodb")
        products = [f"prd_01hf7yat006sjsyes01xpst{number:03}" for number in range(max(LINES))]
        for product_id in products:
            batch = Batch()
            name = f"Wireless keyboard {product_id[-3:]}"
            put_product(batch, Product(product_id, product_id[-8:], name, name * 5, price_cents=7999))
            claim_sku(batch, product_id[-8:], product_id)
            put_stock(batch, Stock(product_id, product_id[-8:], {"default": Level(1000)}))
            await batch.commit(app.store)
        meter = Meter(app.store.client)  # type: ignore[attr-defined]
        app.store = OneByOne(app.store)  # type: ignore[assignment]
        rows: list[tuple[str, int, float, float]] = []

        def take(what: str, lines: int) -> None:
            rows.append((what, lines, *meter.take()))

        for lines in LINES:
            wanted = [LineWanted(1, each) for each in products[:lines]]
            order = await place_order(app, ALICE, PlaceOrder(wanted))
            take("place an order", lines)
            await confirm_order(app, ADMIN, order.id)
            take("confirm it", lines)
            await pack_order(app, ADMIN, order.id)
            take("pack it", lines)
            await cancel_order(app, ADMIN, order.id)
            take("cancel it", lines)
        await record_sale(app, ADMIN, Sell([LineWanted(1, products[0])]))
        take("sell at the till", 1)
        held = await reserve_stock(app, ALICE, Reserve([Wanted(products[0], 1)]))
        take("reserve", 1)
        await confirm_reservation(app, ALICE, held.id)
        take("confirm a reservation", 1)
        await app.store.close()
        return rows


def main() -> None:
    """Print one table."""
    print(f"{'what':24}{'lines':>6}{'read units':>12}{'write units':>13}")
    for what, lines, read, write in asyncio.run(measure()):
        print(f"{what:24}{lines:>6}{read:>12,.1f}{write:>13,.1f}")


if __name__ == "__main__":
    main()
