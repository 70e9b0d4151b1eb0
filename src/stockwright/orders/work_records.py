"""Access patterns of stock work: what is left to be moved for an order that is larger than one commit."""

from __future__ import annotations

from typing import Literal

from stockwright.base.movements import MovementType
from stockwright.base.record import Record
from stockwright.orders.model import Order
from stockwright.orders.records import order_key
from stockwright.stock.model import Allocations
from stockwright.store.batch import Batch
from stockwright.store.port import Key, Store

StepName = Literal["reserve", "release", "ship", "receive"]


class Work(Record, frozen=True):
    """Units that still have to move for an order: `left`, the way `step` says, in the name of `actor`.

    `booked` is the movement that each leaves in the ledger (none where nothing comes or goes), `events`
    the events (name, variants whose stock moved) of the end. Past `due_at` (ms) the sweeper takes it over.
    """

    KIND = "WORK"
    order_id: str
    step: StepName
    left: Allocations
    actor: str
    due_at: int
    booked: MovementType | None = None
    reason: str = ""
    events: tuple[tuple[str, list[str]], ...] = ()
    request_id: str = ""
    """Of the request that began it: what it moves later is that request's doing as well."""


def work_key(order_id: str) -> Key:
    """The item beside the order."""
    return (f"ORDER#{order_id}", "WORK")


async def load_with_work(store: Store, order_id: str) -> tuple[Order | None, Work | None]:
    """Load an order, even one that is being placed, and its work, in one call."""
    keys = order_key(order_id), work_key(order_id)
    order, work = map((await store.get(keys)).get, keys)
    return order.read(Order) if order else None, work.read(Work) if work else None


async def page_of_works(store: Store, *, after: str | None = None, limit: int = 100) -> tuple[list[Work], str | None]:
    """Read all work that is not finished."""
    page = await store.query("WORK", index="list", after=after, limit=limit)
    return [item.read(Work) for item in page.items], page.next


async def due_works(store: Store, now: int, limit: int = 100) -> list[Work]:
    """Read the work whose time is over, the longest due first."""
    page = await store.query("WORK", index="due", high=f"{now + 1:013d}", limit=limit)
    return [item.read(Work) for item in page.items]


def put_work(batch: Batch, work: Work) -> None:
    """Write work, expecting the version that it was loaded with."""
    batch.put(
        work_key(work.order_id),
        work,
        work.version,
        {"list": ("WORK", work.order_id), "due": ("WORK", f"{work.due_at:013d}#{work.order_id}")},
    )


def delete_work(batch: Batch, work: Work) -> None:
    """End work, expecting the version that it was loaded with."""
    batch.delete(work_key(work.order_id), work.version)
