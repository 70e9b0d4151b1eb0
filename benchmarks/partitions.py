"""Which partitions an order writes to, and how many orders a second they take: `python -m benchmarks.partitions`.

One order of LINES lines goes from placing to delivery through the real engine, with all that its handlers do, on
`SimulatedClient`, which charges each partition as DynamoDB does. What is left out are partitions that each order,
person or message has for itself.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.dynamodb_simulation import make_app
from benchmarks.simulated_dynamodb import WRITE_UNITS, SimulatedClient
from benchmarks.virtual_time import virtual_time
from benchmarks.write_units import Bill, place, put_products
from stockwright.adapters.mail import LocalMailbox
from stockwright.adapters.telemetry import make_log
from stockwright.catalog.first_start import ensure_shop
from stockwright.orders.usecases import deliver_order, pack_order
from stockwright.request import BY_SYSTEM
from stockwright.store.dynamodb.layout import LEDGER_SHARDS, Layout, whole_name
from stockwright.store.dynamodb.parts import PARTS
from stockwright.store.port import IndexName

LINES: Final = 3
EVENTS_AT_ONCE: Final = 100
BATCHED: Final = ("TOTALS", "ROLLUP#")
"""What handlers write once for up to EVENTS_AT_ONCE events."""
OWN: Final = re.compile(r"^(ORDER|NOTIFICATION|IDEMPOTENCY|RETRY|DEADLETTER|RESERVATION|ALERTED)#")
OWN_OF_INDEX: Final = re.compile(r"^ORDER#usr_")
PRODUCT: Final = re.compile(r"^PRODUCT#.+")
LOG: Final = re.compile(r"^LOG#\d+#\d+$")
DAY: Final = re.compile(r"#\d{4}-\d\d-\d\d|#\d{8}")


class Row(Struct, frozen=True):
    """A partition: in the table or an index, its name, units per order, over how many it is spread, and its limit."""

    place: str
    name: str
    units: int
    shards: int
    orders: int


async def _measure(folder: Path) -> Counter[tuple[str, str]]:
    client = SimulatedClient()
    app = make_app(client, folder)
    app.mail, app.log = LocalMailbox(), make_log("error")
    await ensure_shop(app)
    products = await put_products(app, LINES)
    bill = Bill(app, metered=False)
    for number in ("first", "second"):
        # The first one makes what all later ones add to.
        before = Counter(client.units)
        order_id = await place(app, products, number)
        await bill.handled("", LINES)
        for step in (pack_order, deliver_order):
            await step(app, BY_SYSTEM, order_id)
            await bill.handled("", LINES)
    return client.units - before


def rows(units: Counter[tuple[str, str]], layout: Layout) -> list[Row]:
    """Sum what was written by partitions, without those of one order alone."""
    summed = Counter[tuple[str, str, int]]()
    for (at, partition), count in units.items():
        name = whole_name(partition)
        if at == "table" and LOG.match(name):
            summed["table", "LOG#<day>", layout.written] += count
        elif at == "table" and PRODUCT.match(name):
            continue
        elif at == "table" and not OWN.match(name):
            summed["table", DAY.sub("#<day>", name), 1] += count
        elif at != "table" and not OWN_OF_INDEX.match(name):
            index: IndexName = at  # type: ignore[assignment]
            summed[at, name, len(layout.partitions(index, name))] += count
    return [
        Row(at, name, count, shards, round(WRITE_UNITS * shards * _at_once(name) / count))
        for (at, name, shards), count in sorted(summed.items())
    ]


def _at_once(name: str) -> int:
    return EVENTS_AT_ONCE if name.startswith(BATCHED) else 1


def product_rows(units: Counter[tuple[str, str]]) -> list[Row]:
    """Return what one product's own partitions take of an order of one line."""
    own = sum(count for (at, name), count in units.items() if at == "table" and PRODUCT.match(name))
    # A movement is as large in the table as in the list of all movements.
    ledger = sum(count for (at, name), count in units.items() if at == "list" and whole_name(name) == "MOVEMENT")
    found = -(-(own - ledger) // LINES), -(-ledger // LINES)
    return [
        Row("table", "PRODUCT#<id>, the stock", found[0], 1, round(WRITE_UNITS / found[0])),
        Row(
            "table", f"PRODUCT#<id>, the stock in {PARTS} parts", found[0], PARTS, round(WRITE_UNITS * PARTS / found[0])
        ),
        Row(
            "table", "PRODUCT#<id>, the ledger", found[1], LEDGER_SHARDS, round(WRITE_UNITS * LEDGER_SHARDS / found[1])
        ),
    ]


def page() -> str:
    """Return the table of docs/aws.md."""
    with tempfile.TemporaryDirectory() as folder, virtual_time() as loop:
        units = loop.run_until_complete(_measure(Path(folder)))
    found = [*rows(units, Layout()), *product_rows(units)]
    head = "| in | partition | units per order | partitions | orders per second |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(
        f"| {each.place} | `{each.name}` | {each.units} | {each.shards} | {each.orders:,} |\n" for each in found
    )


def main() -> None:
    """Print it."""
    print(page())


if __name__ == "__main__":
    main()
