"""Rollups: counting orders, sales and dead letters, each exactly once, and reading the sums."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stockwright.base.errors import Busy
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.events import records as event_records
from stockwright.orders.records import load_orders
from stockwright.orders.status import STATUSES
from stockwright.rollups import model, records
from stockwright.rollups.model import (
    BUCKETS,
    DAY_QUARTERS,
    DEAD_LETTERS,
    HOUR_QUARTERS,
    ORDERS,
    QUARTER_MS,
    SOLD_NUMBERS,
    TOTAL_NUMBERS,
    TOTALS,
    WAITING,
    Cells,
    Counted,
    RollupId,
    day_sort,
    hour_sort,
    padded,
    partition_of_day,
)
from stockwright.rollups.records import Contribution, SubjectKind
from stockwright.sales.records import load_sales
from stockwright.store.batch import Batch, retried
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.orders.model import Order
    from stockwright.orders.status import PlacedStatus
    from stockwright.sales.model import Sale
    from stockwright.store.port import Store


AT_ONCE: Final = STEP_ROWS
"""Subjects that are counted in one commit, if it takes so many writes."""
TOTALS_AT_ONCE: Final = 16
"""Days whose totals a step reads."""
PARTS_AT_ONCE: Final = 4
"""Days, or hours of days, whose products a step reads: BUCKETS rows each."""


class Subjects(Struct, frozen=True):
    """Subjects of one kind as they are now: what counts of each, and what it changes in the rollups."""

    now: Mapping[str, Counted]
    add: Callable[[Cells, str, Counted | None, Counted | None], None]
    versions: Mapping[str, int] | None = None
    """Of subjects that can be deleted: what was read must still be so in the commit."""


async def load_subjects(store: Store, kind: SubjectKind, ids: Sequence[str]) -> Subjects:
    """Load subjects as they are now."""
    match kind:
        case "ORDER":
            return subjects_of_orders(await load_orders(store, ids))
        case "SALE":
            return subjects_of_sales(await load_sales(store, ids))
        case "DEADLETTER":
            found = await event_records.load_dead_letter_versions(store, ids)
            return Subjects(
                dict.fromkeys(found, Counted()),
                lambda cells, _, before, after: model.add_dead_letter(cells, before, after),
                {letter_id: found.get(letter_id, ABSENT) for letter_id in ids},
            )


def subjects_of_orders(orders: Mapping[str, Order]) -> Subjects:
    """Return orders, by their ids, as subjects of the rollups."""
    counted = {order_id: model.counted_of_order(order) for order_id, order in orders.items()}
    return Subjects(
        {order_id: each for order_id, each in counted.items() if each is not None},
        lambda cells, order_id, before, after: model.add_order(cells, orders[order_id], before, after),
    )


def subjects_of_sales(sales: Mapping[str, Sale]) -> Subjects:
    """Return sales, by their ids, as subjects of the rollups."""
    return Subjects(
        dict.fromkeys(sales, Counted()),
        lambda cells, sale_id, before, after: model.add_sale(cells, sales[sale_id], before, after),
    )


async def count(app: App, kind: SubjectKind, ids: Iterable[str]) -> None:
    """Count subjects as they are now, in every generation; counting one again changes nothing."""
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), AT_ONCE):
        await _count(app, kind, wanted[start : start + AT_ONCE])


async def _count(app: App, kind: SubjectKind, ids: Sequence[str]) -> None:
    """Count in one commit, or half by half where the store does not take so many writes, or one cannot be counted.

    One that cannot be counted keeps no other from it; what was wrong with it is raised when all others are.
    """

    async def attempt() -> bool:
        batch = await _counting(app, kind, ids)
        if len(batch.writes) > app.store.writes_max and len(ids) > 1:
            return False
        if batch.writes:
            await batch.commit(app.store)
        return True

    try:
        if await retried(attempt):
            return
    except Busy:
        raise
    except Exception:
        if len(ids) == 1:
            raise
    await _count_halves(app, kind, ids)


async def _count_halves(app: App, kind: SubjectKind, ids: Sequence[str]) -> None:
    fault: Exception | None = None
    for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
        try:
            await _count(app, kind, half)
        except Busy:
            raise
        except Exception as wrong:  # noqa: BLE001 - raised below
            fault = wrong
    if fault is not None:
        raise fault


async def _counting(app: App, kind: SubjectKind, ids: Sequence[str]) -> Batch:
    """Make the commit that counts subjects: their contributions, and the rollups moved by the difference.

    It is held to the contributions. A rebuild that begins meanwhile counts each of these subjects after it has begun,
    and so refuses this commit, or finds what it has written.
    """
    keys = {subject_id: records.contribution_key(kind, subject_id) for subject_id in ids}
    # The contributions first: what is read after them is not older than what was counted.
    found = await app.store.get(list(keys.values()))
    state, subjects = await asyncio.gather(records.load_state(app.store), load_subjects(app.store, kind, ids))
    generations = [str(each) for each in state.counted]
    batch = Batch()
    changes: dict[str, Cells] = {generation: {} for generation in generations}
    for subject_id, key in keys.items():
        contribution = records.contribution_of(found.get(key))
        now = subjects.now.get(subject_id)
        behind = [each for each in generations if contribution.counted.get(each) != now]
        if not behind or (now is None and subjects.versions is None):
            continue
        for generation in behind:
            subjects.add(changes[generation], subject_id, contribution.counted.get(generation), now)
        if now is None:
            records.delete_contribution(batch, kind, subject_id, contribution.version)
        else:
            after = Contribution(counted=dict.fromkeys(generations, now), version=contribution.version)
            records.put_contribution(batch, kind, subject_id, after)
        if subjects.versions is not None:
            batch.check(event_records.dead_letter_key(subject_id), subjects.versions[subject_id])
    for generation, cells in changes.items():
        await _add_changes(app.store, batch, int(generation), model.completed(cells))
    return batch


async def _add_changes(store: Store, batch: Batch, generation: int, cells: Cells) -> None:
    before = await records.load_rollups(store, generation, cells)
    for rollup, changes in cells.items():
        body, version = before.get(rollup, ({}, ABSENT))
        records.put_rollup(batch, generation, rollup, model.applied(body, changes), version)


# ---- reading ---------------------------------------------------------------------------------


async def active_generation(app: App) -> int:
    """Return the generation that reports read; Busy until the first one is complete."""
    state = await records.load_state(app.store)
    if state.active is None:
        raise Busy("The sales of this shop are still being summed up for its reports; try again shortly")
    return state.active


async def each_total(app: App, starts_at: int, ends_at: int) -> AsyncIterator[tuple[int, str, Sequence[int]]]:
    """Go through the sums of each quarter hour of a period: its first instant (ms), the currency, the numbers.

    The numbers are those of TOTALS.
    """
    generation = await active_generation(app)
    first, end = _quarters(starts_at, ends_at)
    days = range(first // DAY_QUARTERS, -(-end // DAY_QUARTERS))
    for start in range(0, len(days), TOTALS_AT_ONCE):
        rollups = {(partition_of_day(day), TOTALS): day for day in days[start : start + TOTALS_AT_ONCE]}
        found = await records.load_rollups(app.store, generation, rollups)
        for rollup, day in rollups.items():
            for name, of_quarter in found.get(rollup, ({}, 0))[0].items():
                quarter = day * DAY_QUARTERS + int(name)
                if first <= quarter < end:
                    for currency, numbers in of_quarter.items():
                        yield quarter * QUARTER_MS, currency, padded(numbers, TOTAL_NUMBERS)
        await give_way()


async def sum_products(app: App, starts_at: int, ends_at: int) -> dict[str, dict[str, list[int]]]:
    """Sum what was sold in a period: currency → product (`sold_as`) → SOLD_NUMBERS."""
    generation = await active_generation(app)
    sums: dict[str, dict[str, list[int]]] = {}
    parts = list(_parts(*_quarters(starts_at, ends_at)))
    for start in range(0, len(parts), PARTS_AT_ONCE):
        some = parts[start : start + PARTS_AT_ONCE]
        wanted = {part.rollup(bucket): part for part in some for bucket in range(BUCKETS)}
        found = await records.load_rollups(app.store, generation, wanted)
        for rollup, (body, _) in found.items():
            part = wanted[rollup]
            for of_currency in [body] if part.quarters is None else [body.get(each, {}) for each in part.quarters]:
                _add_products(sums, of_currency, part.sign)
        await give_way()
    return sums


def _add_products(sums: dict[str, dict[str, list[int]]], of_currency: Mapping[str, Any], sign: int) -> None:
    for currency, products in of_currency.items():
        known = sums.setdefault(currency, {})
        for product_id, numbers in products.items():
            total = known.get(product_id)
            if total is None:
                total = known[product_id] = [0] * SOLD_NUMBERS
            for place, number in enumerate(numbers):
                total[place] += sign * number


class _Part(Struct, frozen=True):
    """A day, or some quarters of an hour of it, that is added to a sum or taken off it."""

    day: int
    hour: int = 0
    quarters: tuple[str, ...] | None = None
    sign: int = 1

    def rollup(self, bucket: int) -> RollupId:
        sort = day_sort(bucket) if self.quarters is None else hour_sort(self.hour, bucket)
        return (partition_of_day(self.day), sort)


def _parts(first: int, end: int) -> Iterable[_Part]:
    """Cut a range of quarter hours into whole days, and hours of the days at both ends.

    Of a day that is more than half in the range, the rest is taken off the whole.
    """
    for day in range(first // DAY_QUARTERS, -(-end // DAY_QUARTERS)):
        begin = day * DAY_QUARTERS
        inside = range(max(first, begin) - begin, min(end, begin + DAY_QUARTERS) - begin)
        if len(inside) > DAY_QUARTERS // 2:
            yield _Part(day)
            yield from _hours(day, [each for each in range(DAY_QUARTERS) if each not in inside], -1)
        else:
            yield from _hours(day, inside, 1)


def _hours(day: int, quarters: Iterable[int], sign: int) -> Iterable[_Part]:
    of_hour: dict[int, list[str]] = {}
    for quarter in quarters:
        of_hour.setdefault(quarter // HOUR_QUARTERS, []).append(str(quarter % HOUR_QUARTERS))
    return [_Part(day, hour, tuple(names), sign) for hour, names in of_hour.items()]


def _quarters(starts_at: int, ends_at: int) -> tuple[int, int]:
    """Return the quarter hours that begin in a period: the first, and the first after it."""
    return -(-starts_at // QUARTER_MS), -(-ends_at // QUARTER_MS)


async def count_orders(app: App) -> dict[PlacedStatus, int]:
    """Return how many orders each status has."""
    generation = await active_generation(app)
    body = (await records.load_rollups(app.store, generation, [ORDERS])).get(ORDERS, ({}, 0))[0]
    return {status: body.get(status, [0])[0] for status in STATUSES}


async def count_dead_letters(app: App) -> int:
    """Return how many dead letters wait for somebody's decision."""
    generation = (await records.load_state(app.store)).active
    if generation is None:
        return await event_records.count_dead_letters(app.store)
    body = (await records.load_rollups(app.store, generation, [DEAD_LETTERS])).get(DEAD_LETTERS, ({}, 0))[0]
    number: int = body.get(WAITING[0], [0])[0]
    return number
