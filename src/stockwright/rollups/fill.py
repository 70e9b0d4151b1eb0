"""Filling a generation of rollups beside live traffic: for a shop that has none yet, and for a rebuild.

From the commit that begins it, every handled event is counted in the new generation as well, and the walk through
all subjects counts the rest. An order only goes on to a later status, and the statuses are walked in that order:
one that takes a step meanwhile is met later, or counted by the event of its step. The last step makes the new
generation the one that reports read, and the former one is then removed day by day.

Each step is a commit of its own; it can end at any point and goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.events.log import stable_position
from stockwright.events.records import load_cursors, page_of_dead_letters, put_cursor
from stockwright.orders.records import page_of_orders
from stockwright.orders.status import STATUSES
from stockwright.rollups import records
from stockwright.rollups.model import DAY_MS, STATE_PARTITION, partition_of_day
from stockwright.rollups.records import Progress, State, SubjectKind
from stockwright.rollups.usecases import count
from stockwright.sales.records import page_of_sales
from stockwright.store.batch import Batch, Stale, retried
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.context import App


HANDLER: Final = "rollups"
STEPS_MAX: Final = 100
"""For each call: what is left is for the next one."""
DELETED_AT_ONCE: Final = 90
PLACING_MS: Final = 600_000
"""An order may bear an id this much older than its time: its placing was tried again."""
WALKS: Final = len(STATUSES) + 2
"""The orders of each status, the sales, the dead letters."""


async def fill_rollups(app: App) -> bool:
    """Go on with what is under way, or begin the first generation of a shop; returns whether all is done."""
    for _ in range(STEPS_MAX):
        state = await records.load_state(app.store)
        if state.active is None and state.building is None:
            await begin(app)
        elif not await step(app):
            return True
    return False


async def finish(app: App) -> None:
    """Take all steps that are left."""
    while await step(app):
        pass


async def begin(app: App) -> None:
    """Begin the next generation, unless one is being built."""

    async def attempt() -> None:
        state = await records.load_state(app.store)
        if state.building is not None:
            return
        progress = await records.load_progress(app.store)
        generation = max(state.active or 0, state.former or 0, progress.generation if progress else 0) + 1
        batch = Batch()
        if HANDLER not in await load_cursors(app.store):
            # A handler without a cursor begins with new events: what happens until it runs would not be counted.
            put_cursor(batch, HANDLER, await stable_position(app), ABSENT)
        records.put_state(batch, replace(state, building=generation))
        records.put_progress(batch, Progress(generation, version=progress.version if progress else 0))
        await batch.commit(app.store)

    await retried(attempt)


async def step(app: App) -> bool:
    """Count the next subjects, or remove the next day of a former generation; False where nothing is left to do.

    Another process may do the same step: what it has done is not done again.
    """
    await give_way()
    state = await records.load_state(app.store)
    progress = await records.load_progress(app.store)
    if progress is None:
        return False
    try:
        if state.building is not None and progress.generation == state.building:
            await _count_step(app, state, progress)
        elif state.former is not None:
            await _remove_step(app, state, progress)
        else:
            return False
    except Stale:
        # Another process was faster.
        return True
    return True


async def _count_step(app: App, state: State, progress: Progress) -> None:
    batch = Batch()
    if progress.walk == WALKS:
        records.put_state(batch, replace(state, active=state.building, building=None, former=state.active))
        records.put_progress(batch, replace(progress, walk=0, after=None))
        await batch.commit(app.store)
        return
    kind, ids, following = await _read(app, progress)
    await count(app, kind, ids)
    walk = progress.walk if following is not None else progress.walk + 1
    records.put_progress(batch, replace(progress, walk=walk, after=following))
    await batch.commit(app.store)


async def _read(app: App, progress: Progress) -> tuple[SubjectKind, list[str], str | None]:
    """Read the next page of the list that a rebuild is at, the oldest first."""
    if progress.walk < len(STATUSES):
        status = STATUSES[progress.walk]
        orders, following = await page_of_orders(
            app.store, status=status, after=progress.after, limit=STEP_ROWS, reverse=False
        )
        return "ORDER", [order.id for order in orders], following
    if progress.walk == len(STATUSES):
        sales, following = await page_of_sales(app.store, after=progress.after, limit=STEP_ROWS, reverse=False)
        return "SALE", [sale.id for sale in sales], following
    letters, following = await page_of_dead_letters(app.store, after=progress.after, limit=STEP_ROWS)
    return "DEADLETTER", [letter.id for letter in letters], following


async def _remove_step(app: App, state: State, progress: Progress) -> None:
    """Remove a day of the former generation; after the last day, what is of no day."""
    if state.former is None:
        return
    day = await next_day_with_sales(app, int(progress.after) + 1 if progress.after is not None else 0)
    partition = STATE_PARTITION if day is None else partition_of_day(day)
    found = await records.load_partition(app.store, state.former, partition)
    for start in range(0, len(found), DELETED_AT_ONCE):
        batch = Batch()
        for rollup, (_, version) in list(found.items())[start : start + DELETED_AT_ONCE]:
            records.delete_rollup(batch, state.former, rollup, version)
        await batch.commit(app.store)
    batch = Batch()
    if day is None:
        records.put_state(batch, replace(state, former=None))
    else:
        records.put_progress(batch, replace(progress, after=str(day)))
    await batch.commit(app.store)


async def next_day_with_sales(app: App, day: int) -> int | None:
    """Return the first UTC day from a day on on which something was sold; None: there is none.

    It may be a day without any where the day before ended with a sale.
    """
    since = max(0, day * DAY_MS - PLACING_MS)
    times: list[int] = []
    for status in STATUSES:
        orders, _ = await page_of_orders(
            app.store, status=status, low=app.ids.first("ord", since), limit=1, reverse=False
        )
        times += [order.created_at for order in orders]
    sales, _ = await page_of_sales(app.store, low=app.ids.first("sal", since), limit=1, reverse=False)
    times += [sale.created_at for sale in sales]
    # An id that contains no time sorts after all others, whatever day is asked for.
    times = [at for at in times if at >= since]
    return max(day, min(times) // DAY_MS) if times else None
