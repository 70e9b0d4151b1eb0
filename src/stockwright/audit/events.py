"""The audit of the event log: every step of an order has its event, and every event agrees with its order.

Work goes on while it reads: an order whose events do not match is looked at again, until it was the
same before and after. Memory grows with the number of orders: a count for each.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Permanent
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.orders.model import Order
from stockwright.orders.records import find_order, load_orders, pages_of_every_order
from stockwright.orders.status import NOTICES, STEP_OF
from stockwright.store.port import log_order
from stockwright.store.retention import load_log_start

if TYPE_CHECKING:
    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.store.retention import LogStart


LOOKS_MAX: Final = 20
LOOK_SECONDS: Final = 0.01
NEAR_MS: Final = 3_600_000
"""An event is appended within an hour of its step, also where a large order is finished later."""
RULE: Final = "each step has its event"
EventDrift = tuple[str, str, int, int]
"""What it is about, the rule, what the event says, what the order says."""


async def event_drifts(app: App) -> list[EventDrift]:
    """Return each event that contradicts its order, and each order with a step that has no event."""
    drifts: list[EventDrift] = []
    start = await load_log_start(app.store)
    counted: Counter[str] = Counter()
    after = start.through
    while events := await app.store.tail(after, STEP_ROWS):
        after = events[-1].position
        about_orders = [event for event in events if event.name in STEP_OF]
        orders = await load_orders(app.store, sorted({event.subject for event in about_orders}))
        for event in about_orders:
            counted[event.subject] += 1
            if _drifts_of(event, orders.get(event.subject)):
                # Its commit may have been under way.
                await asyncio.sleep(LOOK_SECONDS)
                drifts += _drifts_of(event, await find_order(app.store, event.subject))
        await give_way()
    async for page in pages_of_every_order(app.store, STEP_ROWS):
        for order in page:
            if not _is_complete(order, counted[order.id], start):
                drifts += await _look_again(app, order.id, counted[order.id], after)
    return drifts


async def _look_again(app: App, order_id: str, counted: int, after: str) -> list[EventDrift]:
    """Count an order's events since the log was read, while the order stays unchanged."""
    for _ in range(LOOKS_MAX):
        await asyncio.sleep(LOOK_SECONDS)
        before = await find_order(app.store, order_id)
        later = await _count_events_since(app, order_id, after)
        await asyncio.sleep(LOOK_SECONDS)
        now = await find_order(app.store, order_id)
        if now is not None and before is not None and now.version == before.version:
            steps = len(now.timeline)
            start = await load_log_start(app.store)
            # The event of a large order's last step is appended when all its units have moved.
            return (
                []
                if now.has_pending_work or _is_complete(now, counted + later, start)
                else [(f"order {order_id}", RULE, counted + later, steps)]
            )
    return []


def _is_complete(order: Order, counted: int, start: LogStart) -> bool:
    """Whether each step has its event; of the steps from before the log begins, any number may have theirs."""
    steps = len(order.timeline)
    if not start.at:
        return counted == steps
    later = sum(step.at > start.at + NEAR_MS for step in order.timeline)
    return later <= counted <= steps


async def _count_events_since(app: App, order_id: str, after: str) -> int:
    """Count an order's events after a position, from the end: the newest cannot be followed forwards yet."""
    count, position = 0, ""
    while events := await app.store.tail(position, STEP_ROWS, reverse=True):
        newer = [event for event in events if log_order(event.position) > log_order(after)]
        count += sum(event.subject == order_id and event.name in STEP_OF for event in newer)
        if len(newer) < len(events):
            break
        position = events[-1].position
    return count


def _drifts_of(event: Event, order: Order | None) -> list[EventDrift]:
    about = f"event {event.id} ({event.name} of {event.subject})"
    if order is None:
        return [(about, "the order of an event is there", 1, 0)]
    found: list[EventDrift] = []
    if not any(step.status == STEP_OF[event.name] for step in order.timeline):
        found.append((about, "the order has taken the step of its event", 1, 0))
    try:
        data = event.read(NOTICES[STEP_OF[event.name]].event)
    except Permanent:
        return [*found, (about, "an event has its data", 0, 1)]
    if data.total_amount != order.total_cents:
        found.append((about, "an event has the order's total", data.total_amount, order.total_cents))
    return found
