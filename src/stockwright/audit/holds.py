"""The audit of customers' limits: what their records count, against a recount of their reservations; and its repair."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.catalog.explain import active_reservations
from stockwright.reservations import customer_hold_records as records
from stockwright.reservations.hold_limits import USED_COUNTS_MS, CustomerHolds
from stockwright.reservations.records import page_of_reservations
from stockwright.store.batch import Batch, retried
from stockwright.store.paging import every

if TYPE_CHECKING:
    from stockwright.context import App


RULE: Final = "a customer's holds are counted as they are"
LOOKS_MAX: Final = 5
MADE_BEFORE_MS: Final = 2 * USED_COUNTS_MS
"""A hold that was confirmed in the last 24 hours was made at most so long ago: none that counts lasts over 24 hours."""


async def miscounted_customers(app: App) -> list[tuple[str, int, int]]:
    """Return the customers whose record is wrong: id, how many holds and uses it counts, and how many there are."""
    now = app.clock.now()
    owners = {each.owner_id async for each in every(partial(records.page_of_customer_holds, app.store))}
    async for held in active_reservations(app):
        if held.counted and now < held.expires_at:
            owners.add(held.owner_id)
    wrong = [(owner, await _compare(app, owner)) for owner in sorted(owners)]
    return [(owner, *counts) for owner, counts in wrong if counts is not None]


async def _compare(app: App, owner_id: str) -> tuple[int, int] | None:
    """Compare until both were read of one moment; in the cloud a list may lag behind single items."""
    for look in range(LOOKS_MAX):
        known = await records.load_customer_holds(app.store, owner_id)
        recounted = await _recount(app, owner_id)
        stored = known.at(app.clock.now())
        if stored.same_as(recounted):
            return None
        later = await records.load_customer_holds(app.store, owner_id)
        if look and later.version == known.version:
            return len(stored.active) + len(stored.used), len(recounted.active) + len(recounted.used)
        await asyncio.sleep(0.02 * (look + 1))
    return None


async def recount_holds(app: App, owner_id: str) -> None:
    """Rewrite a customer's record from their reservations."""

    async def attempt() -> None:
        known = await records.load_customer_holds(app.store, owner_id)
        batch = Batch()
        records.put_customer_holds(batch, replace(await _recount(app, owner_id), version=known.version))
        await batch.commit(app.store)

    await retried(attempt)


async def _recount(app: App, owner_id: str) -> CustomerHolds:
    now = app.clock.now()
    counted = CustomerHolds(owner_id)
    async for held in every(partial(page_of_reservations, app.store, owner_id=owner_id, limit=100)):
        if held.created_at < now - MADE_BEFORE_MS:
            break
        if held.counted and held.row.counts_as == "hold":
            counted = counted.with_hold(held.id, held.expires_at, held.units)
        elif held.counted and held.row.counts_as == "use" and now < held.updated_at + USED_COUNTS_MS:
            counted = counted.with_use(held.id, held.updated_at, held.units)
    return counted.at(now)
