"""Orders: what is frozen at placing, the steps there are, and where units go back to."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import Invalid, InvalidTransition
from stockwright.orders.model import Order, ReturnedLine, Step, advance, cancel, place, still_out, take_back
from stockwright.orders.status import OrderStatus
from stockwright.sales.lines import LINES_MAX, OrderLine, check_lines

NOW = 1_700_000_000_000
BUYER = ("usr_alice", "alice@example.com")


def line(product: str = "chair", units: int = 2, price: int = 1000, **options: Any) -> OrderLine:
    return OrderLine(product, product.upper(), f"A {product}", price, units, options)


def order(*lines: OrderLine, status: OrderStatus = "PENDING", allocations: Any = None) -> Order:
    lines = lines or (line(),)
    allocations = allocations or {each.product_id: {"default": each.quantity} for each in lines}
    placed = place("ord_1", BUYER, lines, allocations, "EUR", NOW, "ref")
    for step in {"PENDING": (), "CONFIRMED": ("CONFIRMED",), "PACKED": ("PACKED",)}.get(status, ("PACKED", status)):
        placed = advance(placed, step, "usr_admin", NOW + 1) or placed  # type: ignore[arg-type]
    return placed


def test_an_order_has_the_requested_lines() -> None:
    lines = (line("chair", 2, 1000), line("desk", 1, 25_000, color="oak"))
    placed = place("ord_1", BUYER, lines, {"chair": {"default": 2}, "desk": {"cellar": 1}}, "EUR", NOW, "ref")
    assert (placed.id, placed.user_id, placed.user_email) == ("ord_1", *BUYER)
    assert placed.lines == lines
    assert [each.total_cents for each in placed.lines] == [2000, 25_000]
    assert (placed.total_cents, placed.currency, placed.reference) == (27_000, "EUR", "ref")
    assert placed.allocations == {"chair": {"default": 2}, "desk": {"cellar": 1}}
    assert (placed.status, placed.created_at, placed.updated_at) == ("PENDING", NOW, NOW)
    assert placed.timeline == (Step("PENDING", NOW, "usr_alice"),)
    assert (placed.version, placed.has_pending_work) == (0, False)
    assert place("ord_1", BUYER, lines, {}, "EUR", NOW).reference == ""
    assert Step("PENDING", NOW, "usr_alice").note == ""
    assert (OrderLine("chair", "CHAIR", "A chair", 1, 1).options, line().returned) == ({}, 0)


def test_an_order_whose_total_is_too_large_is_refused() -> None:
    with pytest.raises(Invalid, match="Validation failed"):
        order(line("chair", 9008, 10**12))
    assert order(line("chair", 9007, 10**12)).total_cents == 9007 * 10**12


@pytest.mark.parametrize("count", [0, LINES_MAX + 1])
def test_no_lines_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(Invalid) as refused:
        check_lines([line()] * count)
    assert refused.value.details == [{"field": "items", "message": f"must hold 1 to 1000 lines, not {count}"}]
    with pytest.raises(Invalid):
        place("ord_1", BUYER, (line(),) * count, {}, "EUR", NOW)


def test_one_to_a_thousand_lines_are_accepted() -> None:
    check_lines([line()])
    check_lines([line()] * LINES_MAX)


STEPS: dict[tuple[OrderStatus, OrderStatus], list[str]] = {
    ("PENDING", "CONFIRMED"): ["CONFIRMED"],
    ("PENDING", "PACKED"): ["CONFIRMED", "PACKED"],
    ("CONFIRMED", "PACKED"): ["PACKED"],
    ("PACKED", "DELIVERED"): ["DELIVERED"],
}
ALL: tuple[OrderStatus, ...] = ("PENDING", "CONFIRMED", "PACKED", "DELIVERED", "CANCELLED")


@pytest.mark.parametrize("to", ["CONFIRMED", "PACKED", "DELIVERED"])
@pytest.mark.parametrize("status", ALL)
def test_no_other_steps_exist(status: OrderStatus, to: OrderStatus) -> None:
    before = order() if status != "CANCELLED" else cancel(order(), "usr_alice", NOW, as_admin=False)
    assert before is not None
    before = before if status == "CANCELLED" else order(status=status)
    assert before.status == status
    if status == to:
        assert advance(before, to, "usr_admin", NOW + 5) is None
    elif (status, to) in STEPS:
        after = advance(before, to, "usr_admin", NOW + 5, "by hand")
        assert after is not None
        assert (after.status, after.updated_at, after.created_at) == (to, NOW + 5, NOW)
        added = after.timeline[len(before.timeline) :]
        assert [step.status for step in added] == STEPS[status, to]
        assert {(step.at, step.actor) for step in added} == {(NOW + 5, "usr_admin")}
        assert [step.note for step in added] == [""] * (len(added) - 1) + ["by hand"]
        assert after.timeline[: len(before.timeline)] == before.timeline
    else:
        with pytest.raises(InvalidTransition, match=f"An order that is {status} cannot become {to}") as refused:
            advance(before, to, "usr_admin", NOW)
        assert refused.value.details == {"from": status, "to": to}


@pytest.mark.parametrize("as_admin", [False, True])
@pytest.mark.parametrize("status", ALL)
def test_the_owner_cancels_until_it_is_packed_and_an_admin_until_it_is_delivered(
    status: OrderStatus, as_admin: bool
) -> None:
    before = cancel(order(), "x", NOW, as_admin=True) if status == "CANCELLED" else order(status=status)
    assert before is not None
    if status == "CANCELLED":
        assert cancel(before, "usr_alice", NOW, as_admin=as_admin) is None
    elif status in {"PENDING", "CONFIRMED"} or (as_admin and status == "PACKED"):
        after = cancel(before, "usr_alice", NOW + 7, as_admin=as_admin, note="too late")
        assert after is not None
        assert (after.status, after.updated_at) == ("CANCELLED", NOW + 7)
        assert after.timeline == (*before.timeline, Step("CANCELLED", NOW + 7, "usr_alice", "too late"))
    else:
        with pytest.raises(InvalidTransition) as refused:
            cancel(before, "usr_alice", NOW, as_admin=as_admin)
        assert refused.value.details == {"from": status, "to": "CANCELLED"}


def test_steps_without_a_note_have_an_empty_one() -> None:
    after = cancel(order(), "usr_alice", NOW, as_admin=False)
    assert after is not None
    assert after.timeline[-1].note == ""
    stepped = advance(order(), "CONFIRMED", "system", NOW)
    assert stepped is not None
    assert stepped.timeline[-1].note == ""


def test_the_units_of_an_order_are_reserved_until_it_is_confirmed() -> None:
    assert [order(status=status).is_reserving for status in ALL[:4]] == [True, False, False, False]


def test_an_order_that_is_still_being_placed_is_not_shown() -> None:
    assert order().placed_status == "PENDING"
    with pytest.raises(ValueError, match="order ord_1 is still being placed"):
        _ = replace(order(), status="PLACING").placed_status


@pytest.mark.parametrize("status", ["PENDING", "CONFIRMED"])
def test_only_shipped_units_can_be_returned(status: OrderStatus) -> None:
    with pytest.raises(InvalidTransition) as no:
        take_back(order(status=status), [ReturnedLine(0, 1)], "usr_admin", NOW)
    assert no.value.message == "Only a packed or delivered order can be returned; cancel it instead"
    assert no.value.details == {"from": status, "to": "RETURNED"}


@pytest.mark.parametrize("status", ["PACKED", "DELIVERED"])
def test_returned_units_go_to_their_locations_up_to_the_ordered_number(status: OrderStatus) -> None:
    allocations = {"chair": {"default": 2, "cellar": 3}, "desk": {"attic": 1}}
    before = order(line("chair", 4), line("chair", 1), line("desk", 1), status=status, allocations=allocations)

    after, back = take_back(before, [ReturnedLine(0, 1)], "usr_admin", NOW + 9, "scratched")
    assert back == {"chair": {"default": 1}}
    assert [each.returned for each in after.lines] == [1, 0, 0]
    assert (after.status, after.updated_at) == (status, NOW + 9)
    assert after.timeline == (*before.timeline, Step("RETURNED", NOW + 9, "usr_admin", "1 × CHAIR: scratched"))
    assert still_out(after) == {"chair": {"default": 1, "cellar": 3}, "desk": {"attic": 1}}

    after, back = take_back(after, [ReturnedLine(0, 2), ReturnedLine(1, 1)], "usr_admin", NOW)
    assert back == {"chair": {"default": 1, "cellar": 2}}
    assert after.timeline[-1].note == "2 × CHAIR, 1 × CHAIR"

    with pytest.raises(Invalid) as refused:
        take_back(after, [ReturnedLine(0, 2)], "usr_admin", NOW)
    found = "CHAIR: 1 of 4 can still be returned, not 2"
    assert refused.value.details == [{"field": "items", "message": found}]

    after, back = take_back(after, [ReturnedLine(0, 1), ReturnedLine(2, 1)], "usr_admin", NOW)
    assert back == {"chair": {"cellar": 1}, "desk": {"attic": 1}}
    assert still_out(after) == {}


def test_a_return_of_many_lines_has_a_short_summary() -> None:
    lines = tuple(line(f"thing-{number}", 1) for number in range(7))
    before = order(*lines, status="PACKED")
    five, _ = take_back(before, [ReturnedLine(number, 1) for number in range(5)], "usr_admin", NOW)
    assert five.timeline[-1].note == ", ".join(f"1 × THING-{number}" for number in range(5))
    six, _ = take_back(before, [ReturnedLine(number, 1) for number in range(6)], "usr_admin", NOW)
    assert six.timeline[-1].note == f"{five.timeline[-1].note} and 1 more"
    seven, _ = take_back(before, [ReturnedLine(number, 1) for number in range(7)], "usr_admin", NOW)
    assert seven.timeline[-1].note == f"{five.timeline[-1].note} and 2 more"
