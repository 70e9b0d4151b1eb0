"""What an order adds to the rollups: the old part is taken away, the new one added, and nothing is left over."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.orders.model import Order, place
from stockwright.orders.status import STATUSES
from stockwright.rollups.model import (
    BUCKETS,
    Cells,
    Counted,
    add_dead_letter,
    add_order,
    add_sale,
    applied,
    bucket_of,
    cells_in,
    completed,
    counted_of_order,
    partition_of_day,
    quarter_of,
)
from stockwright.sales.lines import OrderLine
from stockwright.sales.model import Sale

CHAIRS = OrderLine("chair", "CHAIR", "A chair", 1000, 3)
DESKS = OrderLine("desk", "DESK", "A desk", 25_000, 2)
AT = 1_700_000_000_000
"""2023-11-14, 22:13:20 UTC: the quarter hour 88 of its day."""
DAY = "SALES#2023-11-14"


def order(*lines: OrderLine, **changed: Any) -> Order:
    made: Order = replace(place("ord_1", ("usr", "mail"), lines, {}, "EUR", AT), **changed)
    return made


def changes(sold: Order, before: Counted | None, after: Counted | None) -> Cells:
    cells: Cells = {}
    add_order(cells, sold, before, after)
    return completed(cells)


def test_an_order_counts_in_its_quarter_hour_and_for_each_product_in_its_hour_and_day() -> None:
    sold = order(CHAIRS, DESKS)
    cells = changes(sold, None, counted_of_order(sold))
    assert cells == {
        ("STATE", "ORDERS"): {("PENDING",): [1]},
        (DAY, "TOTALS"): {("88", "EUR"): [1, 0, 0, 5, 0, 53_000]},
        **{
            (DAY, f"{kind}#{bucket_of(product):x}"): {(*way, "EUR", product): numbers}
            for kind, way in (("DAY", ()), ("HOUR#22", ("0",)))
            for product, numbers in (("chair", [3, 3000]), ("desk", [2, 50_000]))
        },
    }


def test_two_lines_of_a_product_add_up() -> None:
    sold = order(CHAIRS, replace(CHAIRS, unit_price_cents=1, quantity=1))
    assert changes(sold, None, counted_of_order(sold))[DAY, f"DAY#{bucket_of('chair'):x}"] == {
        ("EUR", "chair"): [4, 3001]
    }


def test_a_step_moves_the_count_of_its_status_and_no_sale() -> None:
    sold = order(CHAIRS)
    for before, after in pairwise(STATUSES[:4]):
        assert changes(sold, Counted(before), Counted(after)) == {("STATE", "ORDERS"): {(before,): [-1], (after,): [1]}}


def test_a_return_takes_units_off_and_a_cancellation_everything() -> None:
    back = order(replace(CHAIRS, returned=2), DESKS, status="DELIVERED")
    counted = counted_of_order(back)
    assert counted == Counted("DELIVERED", {"0": 2})
    cells = changes(back, Counted("DELIVERED"), counted)
    assert cells[DAY, "TOTALS"] == {("88", "EUR"): [0, 0, 0, -2, 2, -2000]}
    assert ("STATE", "ORDERS") not in cells
    cells = changes(back, counted, Counted("CANCELLED", {"0": 2}))
    assert cells[DAY, "TOTALS"] == {("88", "EUR"): [-1, 1, 0, -3, -2, -51_000]}
    assert cells[DAY, f"HOUR#22#{bucket_of('desk'):x}"] == {("0", "EUR", "desk"): [-2, -50_000]}


def test_a_cost_counts_where_it_is_known_with_the_revenue_that_it_belongs_to() -> None:
    sold = order(replace(CHAIRS, cost_cents=400), DESKS, replace(CHAIRS, cost_cents=0, quantity=1))
    cells = changes(sold, None, counted_of_order(sold))
    assert cells[DAY, "TOTALS"] == {("88", "EUR"): [1, 0, 0, 6, 0, 54_000, 4000, 1200]}
    assert cells[DAY, f"DAY#{bucket_of('chair'):x}"][("EUR", "chair")] == [4, 4000, 4000, 1200]
    assert cells[DAY, f"DAY#{bucket_of('desk'):x}"][("EUR", "desk")] == [2, 50_000]
    back = replace(sold, lines=(replace(sold.lines[0], returned=3), *sold.lines[1:]))
    cells = changes(back, Counted("PENDING"), counted_of_order(back))
    assert cells[DAY, "TOTALS"] == {("88", "EUR"): [0, 0, 0, -3, 3, -3000, -3000, -1200]}


def test_a_cell_of_a_release_that_counted_no_costs_goes_on() -> None:
    before = {"88": {"EUR": [1, 0, 0, 5, 0, 53_000]}, "89": {"EUR": [0, 1, 0, 0, 0, 0]}}
    after = applied(before, {("88", "EUR"): [1, 0, 0, 1, 0, 900, 900, 400], ("89", "EUR"): [0, 1]})
    assert after == {"88": {"EUR": [2, 0, 0, 6, 0, 53_900, 900, 400]}, "89": {"EUR": [0, 2]}}
    assert applied(after, {("88", "EUR"): [-1, 0, 0, -1, 0, -900, -900, -400]})["88"] == before["88"]


@pytest.mark.parametrize("status", STATUSES)
def test_what_was_counted_is_taken_away_without_a_rest(status: Any) -> None:
    sold = order(CHAIRS, DESKS, status=status)
    cells: Cells = {}
    add_order(cells, sold, None, Counted(status, {"1": 1}))
    add_order(cells, sold, Counted(status, {"1": 1}), None)
    assert completed(cells) == {}


def test_what_nobody_sees_does_not_count() -> None:
    assert counted_of_order(order(CHAIRS, status="PLACING")) is None
    assert changes(order(CHAIRS), None, None) == {}
    assert changes(order(CHAIRS), None, Counted()) == {}
    assert changes(order(CHAIRS), Counted(), Counted("PENDING"))[DAY, "TOTALS"] == {
        ("88", "EUR"): [1, 0, 0, 3, 0, 3000]
    }
    assert changes(order(CHAIRS), None, Counted("PLACING")) == {("STATE", "ORDERS"): {("PLACING",): [1]}}


def test_sales_and_dead_letters_count_while_they_are_there() -> None:
    sale = Sale("sal_1", (CHAIRS,), {}, "USD", 3000, "usr", AT + 900_000)
    cells: Cells = {}
    add_sale(cells, sale, None, Counted())
    assert completed(cells)[DAY, "TOTALS"] == {("89", "USD"): [0, 0, 1, 3, 0, 3000]}
    add_dead_letter(cells, None, Counted())
    add_dead_letter(cells, None, Counted())
    add_dead_letter(cells, Counted(), None)
    assert cells["STATE", "DEAD_LETTERS"] == {("waiting",): [1]}
    add_sale(cells, sale, Counted(), None)
    assert (DAY, "TOTALS") not in completed(cells)


def test_a_rollup_changes_beside_its_former_self_and_keeps_no_zeros() -> None:
    before = {"0": {"EUR": {"chair": [1, 5]}}, "1": {"USD": {"desk": [2, 2]}}}
    after = applied(
        before, {("0", "EUR", "chair"): [-1, -5], ("1", "USD", "desk"): [1, 1], ("2", "EUR", "chair"): [7, 7]}
    )
    assert after == {"1": {"USD": {"desk": [3, 3]}}, "2": {"EUR": {"chair": [7, 7]}}}
    assert before == {"0": {"EUR": {"chair": [1, 5]}}, "1": {"USD": {"desk": [2, 2]}}}
    assert after["1"] is not before["1"]
    assert dict(cells_in(after)) == {("1", "USD", "desk"): [3, 3], ("2", "EUR", "chair"): [7, 7]}
    assert applied({}, {("waiting",): [0]}) == {}
    assert applied({"waiting": [4]}, {("waiting",): [-4]}) == {}


def test_quarter_hours_and_days_are_counted_since_1970() -> None:
    assert (quarter_of(0), quarter_of(899_999), quarter_of(900_000)) == (0, 0, 1)
    assert partition_of_day(0) == "SALES#1970-01-01"
    assert partition_of_day(19_782) == "SALES#2024-02-29"


def test_products_are_spread_over_all_items() -> None:
    assert {bucket_of(f"prd_{number}") for number in range(500)} == set(range(BUCKETS))
