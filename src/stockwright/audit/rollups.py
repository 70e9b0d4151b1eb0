"""The audit of the rollups: each equals a recount, day by day.

What was counted of each order and sale is compared with the order as it is; one that is behind is a drift only
where the handler has nothing more to do. The rollups of a day must be the sum of what was counted of its orders and
sales. Memory grows with one day's products, not with the orders.

Work goes on meanwhile: a cell that changed while its day was read is looked at again, and where it changes
each time, nothing is reported of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from stockwright.audit.counts import LOOK_SECONDS, is_handled
from stockwright.base.long_work import STEP_ROWS
from stockwright.events.records import count_dead_letters
from stockwright.orders.records import count_orders, page_of_orders
from stockwright.orders.status import STATUSES
from stockwright.rollups import model, records
from stockwright.rollups.fill import HANDLER, PLACING_MS, begin, finish, next_day_with_sales
from stockwright.rollups.model import DAY_MS, DEAD_LETTERS, ORDERS, STATE_PARTITION, WAITING, Cells, partition_of_day
from stockwright.rollups.usecases import subjects_of_orders, subjects_of_sales
from stockwright.sales.records import page_of_sales
from stockwright.store.paging import pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stockwright.context import App
    from stockwright.rollups.model import Body, Path, RollupId
    from stockwright.rollups.records import SubjectKind
    from stockwright.rollups.usecases import Subjects


RULE: Final = "a rollup equals a recount"
LOOKS_MAX: Final = 5
RollupDrift = tuple[str, int, int]
"""The cell or the subject, its number in store, the number by a recount."""
Numbers = dict[str, int]


async def rollup_drifts(app: App) -> list[RollupDrift]:
    """Return each number of a rollup that is not what a recount makes of it."""
    generation = (await records.load_state(app.store)).active
    if generation is None:
        return []
    drifts: list[RollupDrift] = []
    before = await _stored(app, generation, STATE_PARTITION)
    statuses: Counter[str] = Counter()
    day = await next_day_with_sales(app, 0)
    while day is not None:
        found, of_day = await _drifts_of_day(app, generation, day)
        drifts += found
        statuses.update(of_day)
        day = await next_day_with_sales(app, day + 1)
    after = await _stored(app, generation, STATE_PARTITION)
    if before == after:
        # No order was counted meanwhile.
        wrong = {name: (after.get(name, 0), number) for name, number in statuses.items()}
        drifts += [(name, *numbers) for name, numbers in sorted(wrong.items()) if numbers[0] != numbers[1]]
    return drifts or await _drifts_of_state(app, generation)


async def rebuild(app: App) -> None:
    """Build all rollups again beside the present ones, and make these the ones that reports read."""
    await begin(app)
    await finish(app)


async def _drifts_of_day(app: App, generation: int, day: int) -> tuple[list[RollupDrift], Numbers]:
    """Look at a day until nothing is wrong, or the same is wrong at two looks; also return its orders by status."""
    wrong: dict[str, tuple[int, int]] = {}
    for look in range(LOOKS_MAX):
        before = await _load(app, generation, partition_of_day(day))
        recounted, statuses, behind = await _recount(app, generation, day)
        after = await _load(app, generation, partition_of_day(day))
        found: dict[str, tuple[int, int]] = {}
        for rollup in before.keys() | after.keys() | recounted.keys():
            found |= _differences(rollup, before.get(rollup, {}), after.get(rollup, {}), recounted.get(rollup, {}))
        if behind and await is_handled(app, HANDLER):
            found |= dict.fromkeys(behind, (0, 1))
        same = {name: numbers for name, numbers in found.items() if wrong.get(name) == numbers}
        if same == found:
            return [(name, *numbers) for name, numbers in sorted(same.items())], statuses
        wrong = found
        await asyncio.sleep(LOOK_SECONDS * look)
    return [], statuses


async def _drifts_of_state(app: App, generation: int) -> list[RollupDrift]:
    """Compare the counts of orders and dead letters with their lists, while all events are handled."""
    for look in range(LOOKS_MAX):
        before = await _stored(app, generation, STATE_PARTITION)
        expected = {_name(ORDERS, (status,), 0): await count_orders(app.store, status) for status in STATUSES}
        expected[_name(DEAD_LETTERS, WAITING, 0)] = await count_dead_letters(app.store)
        after = await _stored(app, generation, STATE_PARTITION)
        names = sorted(before.keys() | expected.keys())
        if all(before.get(name, 0) == expected.get(name, 0) for name in names):
            return []
        if look and before == after and await is_handled(app, HANDLER):
            return [
                (name, after.get(name, 0), expected.get(name, 0))
                for name in names
                if after.get(name, 0) != expected.get(name, 0)
            ]
        await asyncio.sleep(LOOK_SECONDS * look)
    return []


async def _load(app: App, generation: int, partition: str) -> dict[RollupId, Body]:
    found = await records.load_partition(app.store, generation, partition)
    return {rollup: body for rollup, (body, _) in found.items()}


async def _stored(app: App, generation: int, partition: str) -> Numbers:
    """Load a small partition by the names of its numbers."""
    found = await _load(app, generation, partition)
    return {name: number for rollup, body in found.items() for name, number in _numbers(rollup, body).items()}


def _differences(rollup: RollupId, before: Body, after: Body, recounted: Body) -> dict[str, tuple[int, int]]:
    """Return each number of a rollup that stood still and is not that of the recount; most rollups have none."""
    if before == after == recounted:
        return {}
    was, now, expected = (_numbers(rollup, each) for each in (before, after, recounted))
    return {
        name: (now.get(name, 0), expected.get(name, 0))
        for name in was.keys() | now.keys() | expected.keys()
        if was.get(name, 0) == now.get(name, 0) != expected.get(name, 0)
    }


async def _recount(app: App, generation: int, day: int) -> tuple[dict[RollupId, Body], Numbers, list[str]]:
    """Sum what was counted of a day's orders and sales; also return its orders by status, and what is behind."""
    cells: Cells = {}
    behind: list[str] = []
    async for kind, subjects in _subjects_of(app, day):
        keys = {subject_id: records.contribution_key(kind, subject_id) for subject_id in subjects.now}
        found = await app.store.get(list(keys.values()))
        for subject_id, key in keys.items():
            counted = records.contribution_of(found.get(key)).counted.get(str(generation))
            subjects.add(cells, subject_id, None, counted)
            if counted != subjects.now[subject_id]:
                behind.append(f"{kind} {subject_id}")
    statuses = _numbers(ORDERS, model.applied({}, cells.pop(ORDERS, {})))
    bodies: dict[RollupId, Body] = {
        rollup: model.applied({}, changes) for rollup, changes in model.completed(cells).items()
    }
    return bodies, statuses, behind


def _numbers(rollup: RollupId, body: Body) -> Numbers:
    """Return the numbers of a rollup by their names."""
    return {
        _name(rollup, path, number): value
        for path, numbers in model.cells_in(body)
        for number, value in enumerate(numbers)
    }


async def _subjects_of(app: App, day: int) -> AsyncIterator[tuple[SubjectKind, Subjects]]:
    """Go through the orders and sales of a day, each once, though an order may take a step meanwhile."""
    low, high = day * DAY_MS, (day + 1) * DAY_MS
    seen: set[str] = set()
    for status in STATUSES:
        orders = partial(
            page_of_orders,
            app.store,
            status=status,
            low=app.ids.first("ord", low - PLACING_MS),
            high=app.ids.first("ord", high),
            limit=STEP_ROWS,
            reverse=False,
        )
        async for page in pages(orders):
            placed = {each.id: each for each in page if low <= each.created_at < high and each.id not in seen}
            seen.update(placed)
            yield "ORDER", subjects_of_orders(placed)
    sales = partial(
        page_of_sales,
        app.store,
        low=app.ids.first("sal", low),
        high=app.ids.first("sal", high),
        limit=STEP_ROWS,
        reverse=False,
    )
    async for sold in pages(sales):
        yield "SALE", subjects_of_sales({sale.id: sale for sale in sold})


def _name(rollup: RollupId, path: Path, number: int) -> str:
    """Name one number of a rollup."""
    return " ".join([*rollup, *path, str(number)])
