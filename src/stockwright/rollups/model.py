"""What orders, sales and dead letters add to the rollups, and how rollups change by a difference.

A rollup is an item of nested maps that end in lists of whole numbers (a cell, without the zeros at its end). What a
subject adds follows from the subject and from what was last counted of it (`Counted`), so counting it again takes the
old part away and adds the new one: counted twice, late or out of order, it comes out the same.

Sales belong to the quarter hour in which an order was placed or a sale made. Days begin on a quarter hour in every
time zone, so that a report by any of them sums whole quarter hours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, Literal, assert_never

from msgspec import UNSET, Struct, field

from stockwright.orders.amounts import kept_discounts
from stockwright.orders.status import ROWS, OrderStatus
from stockwright.sales.model import Sale

if TYPE_CHECKING:
    from stockwright.orders.model import Order
    from stockwright.sales.lines import OrderLine


RollupId = tuple[str, str]
"""Partition and sort key of a rollup, without the generation."""
Path = tuple[str, ...]
"""The names that lead to a cell in a rollup."""
Cells = dict[RollupId, dict[Path, list[int]]]
"""By how much cells change."""
Body = Mapping[str, Any]

QUARTER_MS: Final = 900_000
DAY_QUARTERS: Final = 96
DAY_MS: Final = DAY_QUARTERS * QUARTER_MS
HOUR_QUARTERS: Final = 4
BUCKETS: Final = 16
"""The products of a day or an hour are spread over so many items: DynamoDB takes 400 KB in one."""
STATE_PARTITION: Final = "STATE"
ORDERS: Final[RollupId] = (STATE_PARTITION, "ORDERS")
"""How many orders each status has."""
DEAD_LETTERS: Final[RollupId] = (STATE_PARTITION, "DEAD_LETTERS")
WAITING: Final[Path] = ("waiting",)
HOUR: Final = "HOUR#"
VARIANT: Final = "\x1f"
"""Between a product's id and a variant's."""
TOTALS: Final = "TOTALS"
"""The sums of each quarter hour: TOTAL_NUMBERS."""
TOTAL_NUMBERS: Final = 8
"""Orders, cancelled orders, sales, units, returned units, minor units; those of them whose cost is known, the cost."""
SOLD_NUMBERS: Final = 4
"""Of what a product sold: units, minor units; those of them whose cost is known, the cost."""


class Counted(Struct, frozen=True, omit_defaults=True):
    """What was counted of a subject: the status of an order, and the units that came back by the line's number."""

    status: OrderStatus | None = None
    returned: dict[str, int] = field(default_factory=dict)


def counted_of_order(order: Order) -> Counted | None:
    """Return what counts of an order as it is now; None while it is not shown to anyone."""
    if not order.row.is_shown:
        return None
    return Counted(order.status, _returned_of(order))


def add_order(cells: Cells, order: Order, before: Counted | None, after: Counted | None) -> None:
    """Add what an order changes in the rollups, from what was counted of it to what counts now."""
    same_sale = before is not None and after is not None and _sold_alike(before, after)
    for counted, sign in ((before, -1), (after, 1)):
        if counted is None or counted.status is None:
            continue
        _add(cells, ORDERS, (counted.status,), (sign,))
        if not same_sale:
            _add_order_sale(cells, order, counted, ROWS[counted.status].counted, sign)


def _add_order_sale(
    cells: Cells, order: Order, counted: Counted, kind: Literal["sold", "cancelled", "no"], sign: int
) -> None:
    match kind:
        case "sold":
            return _add_sold(cells, order, counted.returned, (sign, 0, 0))
        case "cancelled":
            return _add_totals(cells, order, (0, sign, 0, 0, 0, 0, 0, 0))
        case "no":
            return None
    assert_never(kind)


def add_sale(cells: Cells, sale: Sale, before: Counted | None, after: Counted | None) -> None:
    """Add what a sale at the till changes in the rollups."""
    for counted, sign in ((before, -1), (after, 1)):
        if counted is not None:
            _add_sold(cells, sale, _returned_of(sale), (0, 0, sign))


def add_dead_letter(cells: Cells, before: Counted | None, after: Counted | None) -> None:
    """Add what a dead letter changes: whether it waits."""
    _add(cells, DEAD_LETTERS, WAITING, (int(after is not None) - int(before is not None),))


def _returned_of(sold: Order | Sale) -> dict[str, int]:
    return {str(number): line.returned for number, line in enumerate(sold.lines) if line.returned}


def _sold_alike(before: Counted, after: Counted) -> bool:
    """Whether two states of an order count alike in the sales."""
    kinds = [None if each.status is None else ROWS[each.status].counted for each in (before, after)]
    return kinds[0] == kinds[1] and before.returned == after.returned


def _add_sold(cells: Cells, sold: Order | Sale, returned: Mapping[str, int], counts: tuple[int, int, int]) -> None:
    """Add sold lines, less what came back; `counts` are the orders, cancelled orders and sales."""
    sign = sum(counts)
    quarter = quarter_of(sold.created_at)
    day, hour = partition_of_day(quarter // DAY_QUARTERS), quarter % DAY_QUARTERS // HOUR_QUARTERS
    in_hour = str(quarter % HOUR_QUARTERS)
    units = back = cents = costed = cost = 0
    less = _discounts(sold, returned)
    for number, line in enumerate(sold.lines):
        gone_back = returned.get(str(number), 0)
        units_sold = sign * (line.quantity - gone_back)
        amount = units_sold * line.unit_price_cents - (sign * less[number] if less else 0)
        units, back, cents = units + units_sold, back + sign * gone_back, cents + amount
        of_costed, of_cost = (0, 0) if line.cost_cents is UNSET else (amount, units_sold * line.cost_cents)
        costed, cost = costed + of_costed, cost + of_cost
        rollup = day, hour_sort(hour, bucket_of(line.product_id))
        _add(cells, rollup, (in_hour, sold.currency, sold_as(line)), (units_sold, amount, of_costed, of_cost))
    _add_totals(cells, sold, (*counts, units, back, cents, costed, cost))


def _discounts(sold: Order | Sale, returned: Mapping[str, int]) -> list[int]:
    """Return the discount on what was kept of each line; nothing where there is no discount."""
    if isinstance(sold, Sale) or sold.amounts is UNSET or not sold.amounts.discount:
        return []
    kept = [line.quantity - returned.get(str(number), 0) for number, line in enumerate(sold.lines)]
    return kept_discounts(sold.lines, sold.amounts.discount, kept)


def sold_as(line: OrderLine) -> str:
    """Name what a line sold: a product, or a variant with an id of its own behind its product's."""
    return line.product_id if line.own_variant is UNSET else f"{line.product_id}{VARIANT}{line.own_variant}"


def _add_totals(cells: Cells, sold: Order | Sale, numbers: tuple[int, ...]) -> None:
    quarter = quarter_of(sold.created_at)
    rollup = partition_of_day(quarter // DAY_QUARTERS), TOTALS
    _add(cells, rollup, (str(quarter % DAY_QUARTERS), sold.currency), numbers)


def _add(cells: Cells, rollup: RollupId, path: Path, numbers: Sequence[int]) -> None:
    of_rollup = cells.get(rollup)
    if of_rollup is None:
        of_rollup = cells[rollup] = {}
    known = of_rollup.get(path)
    if known is None:
        of_rollup[path] = list(numbers)
    else:
        for position, number in enumerate(numbers):
            known[position] += number


def completed(cells: Cells) -> Cells:
    """Add what the days of products change by to what their hours do, and leave out what comes to nothing."""
    whole = {rollup: dict(of_rollup) for rollup, of_rollup in cells.items()}
    for (partition, sort), of_hour in cells.items():
        if sort.startswith(HOUR):
            rollup = partition, day_sort(bucket_of_hour(sort))
            for (_, currency, product_id), numbers in of_hour.items():
                _add(whole, rollup, (currency, product_id), numbers)
    changed = {rollup: {path: trimmed(each) for path, each in of.items() if any(each)} for rollup, of in whole.items()}
    return {rollup: of for rollup, of in changed.items() if of}


def applied(body: Body, changes: Mapping[Path, list[int]]) -> dict[str, Any]:
    """Return a rollup after its cells have changed; a cell that comes to nothing is left out.

    Only the maps on the way to a changed cell are copied: a stored body is shared.
    """
    after: dict[str, Any] = dict(body)
    copied: dict[Path, dict[str, Any]] = {(): after}
    for path, numbers in changes.items():
        inner = after
        for depth in range(1, len(path)):
            way = path[:depth]
            found = copied.get(way)
            if found is None:
                found = copied[way] = inner[way[-1]] = dict(inner.get(way[-1], {}))
            inner = found
        known = inner.get(path[-1])
        total = trimmed(numbers if known is None else [a + b for a, b in zip_longest(known, numbers, fillvalue=0)])
        if total:
            inner[path[-1]] = total
        else:
            inner.pop(path[-1], None)
    for way in sorted(copied, key=len, reverse=True):
        if way and not copied[way]:
            copied[way[:-1]].pop(way[-1])
    return after


def trimmed(numbers: Sequence[int]) -> list[int]:
    """Return the numbers of a cell without the zeros at its end."""
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return list(numbers[:end])


def padded(numbers: Sequence[int], count: int) -> Sequence[int]:
    """Return the numbers of a cell with the zeros that its end lacks."""
    return numbers if len(numbers) == count else [*numbers, *[0] * (count - len(numbers))]


def cells_in(body: Body, way: Path = ()) -> Iterable[tuple[Path, list[int]]]:
    """Go through the cells of a rollup."""
    for name, inner in body.items():
        if isinstance(inner, Mapping):
            yield from cells_in(inner, (*way, name))
        else:
            yield (*way, name), inner


# ---- keys -------------------------------------------------------------------------------------


def quarter_of(at: int) -> int:
    """Return the quarter hour that an instant (ms) falls into, counted since 1970 (UTC)."""
    return at // QUARTER_MS


@lru_cache(maxsize=1024)
def partition_of_day(day: int) -> str:
    """Return the partition of a UTC day, counted since 1970."""
    return f"SALES#{(date(1970, 1, 1) + timedelta(days=day)).isoformat()}"


@lru_cache(maxsize=65_536)
def bucket_of(product_id: str) -> int:
    """Return which of a day's items a product is in: the same in every process."""
    return zlib.crc32(product_id.encode()) % BUCKETS


def day_sort(bucket: int) -> str:
    """Name the item that holds what products sold in a day."""
    return _DAY_SORTS[bucket]


def hour_sort(hour: int, bucket: int) -> str:
    """Name the item that holds what products sold in each quarter of an hour."""
    return _HOUR_SORTS[hour][bucket]


def bucket_of_hour(sort: str) -> int:
    """Return the bucket that an hour's item is of."""
    return int(sort[-1], 16)


_DAY_SORTS: Final = [f"DAY#{bucket:x}" for bucket in range(BUCKETS)]
_HOUR_SORTS: Final = [[f"{HOUR}{hour:02d}#{bucket:x}" for bucket in range(BUCKETS)] for hour in range(24)]
