"""The table of order statuses: every member has its row, and the rows agree with each other."""

from __future__ import annotations

from typing import get_args

import pytest

from stockwright.events.catalogue import ORDER_EVENTS
from stockwright.orders.status import (
    NOTICES,
    OPEN,
    RESERVING,
    ROWS,
    STATUSES,
    STEP_OF,
    UNFINISHED,
    OrderStatus,
    StepName,
)


def test_every_status_has_a_row() -> None:
    assert tuple(ROWS) == get_args(OrderStatus) == ("PLACING", *STATUSES)
    assert [status for status, row in ROWS.items() if row.is_shown] == list(STATUSES)


def test_the_rows_equal_the_documented_rules() -> None:
    assert list(STATUSES) == ["PENDING", "CONFIRMED", "PACKED", "DELIVERED", "CANCELLED"]
    assert [ROWS[status].fulfillment for status in ROWS] == [
        "placed",
        "placed",
        "placed",
        "packed",
        "delivered",
        "cancelled",
    ]
    assert OPEN == ("PENDING", "CONFIRMED", "PACKED")
    assert ("PLACING", *OPEN) == UNFINISHED
    assert RESERVING == ("PENDING",)
    assert [status for status, row in ROWS.items() if row.may_be_cancelled(as_admin=False)] == ["PENDING", "CONFIRMED"]
    assert [status for status, row in ROWS.items() if row.may_be_cancelled(as_admin=True)] == list(OPEN)
    assert [status for status, row in ROWS.items() if row.returnable] == ["PACKED", "DELIVERED"]
    assert [status for status, row in ROWS.items() if row.is_cancelled] == ["CANCELLED"]


@pytest.mark.parametrize("status", ROWS)
def test_an_order_goes_only_to_later_statuses_step_by_step(status: OrderStatus) -> None:
    order = list(ROWS)
    for to, steps in ROWS[status].next.items():
        assert steps[-1] == to
        for before, after in zip((status, *steps), steps, strict=False):
            assert ROWS[before].next[after] == (after,)
            assert order.index(before) < order.index(after)


@pytest.mark.parametrize("status", ROWS)
def test_an_order_is_open_while_it_has_further_steps_and_only_then_reserves(status: OrderStatus) -> None:
    row = ROWS[status]
    assert row.is_open == bool(row.next)
    assert row.is_open or (row.reserves, row.cancellable_by, row.waits_for) == ("none", "nobody", "nobody")


def test_every_step_has_its_own_event() -> None:
    assert set(NOTICES) == set(get_args(StepName))
    events = [notices.event.event_name for notices in NOTICES.values()]
    assert sorted(events) == sorted(STEP_OF) == sorted(ORDER_EVENTS)
    assert all(NOTICES[step].event.event_name == event for event, step in STEP_OF.items())


@pytest.mark.parametrize("step", NOTICES)
def test_the_stock_watch_handles_every_step_that_moves_stock(step: StepName) -> None:
    """A step that changes what is reserved must be an event of the handler that watches the stock."""
    if step in {"CANCELLED", "RETURNED"}:
        assert NOTICES[step].moves_stock
        return
    before = [row.reserves for row in ROWS.values() if (step,) in row.next.values()]
    assert NOTICES[step].moves_stock == any(each != ROWS[step].reserves for each in before)  # type: ignore[index]
