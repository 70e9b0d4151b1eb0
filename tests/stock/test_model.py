"""Stock arithmetic, judged by itself: no store, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockwright.base.errors import Conflict, InsufficientStock, Invalid
from stockwright.stock.allocating import allocate, allocate_or_refuse, counted, spread, summed
from stockwright.stock.model import (
    QUANTITY_MAX,
    Level,
    Location,
    Shift,
    Stock,
    Wanted,
    by_priority,
    check_change,
    check_quantity,
    receive,
    release,
    reserve,
    sell,
    shifted,
    ship,
)

units = st.integers(0, 50)


def stock(product_id: str = "chair", *, active: Sequence[str] | None = None, **available: int) -> Stock:
    levels = {place: Level.of(count) for place, count in available.items()}
    return Stock(product_id, product_id.upper(), levels, tuple(available) if active is None else active)


@given(st.integers(1, 10**6))
def test_every_kind_of_change_changes_the_total_by_its_units(quantity: int) -> None:
    assert reserve(quantity).total == release(quantity).total == 0
    assert receive(quantity).total == quantity
    assert ship(quantity).total == sell(quantity).total == -quantity
    assert reserve(quantity) + release(quantity) == Shift()
    assert reserve(quantity) + ship(quantity) == sell(quantity)


@given(st.lists(units, min_size=1, max_size=4), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_an_allocation_takes_exactly_the_wanted_units_or_reports_the_shortage(
    shelves: list[int], asked: list[int]
) -> None:
    places = [f"place-{number}" for number in range(len(shelves))]
    have = stock(**{place.replace("-", "_"): count for place, count in zip(places, shelves, strict=True)})
    allocations, short = allocate([Wanted("chair", quantity) for quantity in asked], {"chair": have})
    allocation = allocations.get("chair", {})
    assert all(0 < count <= have.levels[place].available for place, count in allocation.items())
    if sum(asked) <= have.available:
        assert not short
        assert sum(allocation.values()) == sum(asked)
    else:
        assert short == {Wanted("chair", sum(asked)): have.available}


def test_units_are_allocated_in_the_order_of_locations() -> None:
    allocations = allocate_or_refuse([Wanted("chair", 5)], {"chair": stock(front=2, back=9)})
    assert allocations == {"chair": {"front": 2, "back": 3}}


def test_a_line_with_a_location_is_allocated_first_and_only_there() -> None:
    have = {"chair": stock(front=3, back=3)}
    allocations = allocate_or_refuse([Wanted("chair", 3), Wanted("chair", 3, "front")], have)
    assert allocations == {"chair": {"front": 3, "back": 3}}
    with pytest.raises(InsufficientStock) as refused:
        allocate_or_refuse([Wanted("chair", 4, "front")], have)
    assert refused.value.details["lines"][0] == {
        "productId": "chair",
        "sku": "CHAIR",
        "requested": 4,
        "available": 3,
        "location": "front",
    }


def test_units_at_an_inactive_location_are_not_available() -> None:
    with pytest.raises(InsufficientStock) as refused:
        allocate_or_refuse([Wanted("chair", 4)], {"chair": stock(active=["front"], front=3, closed=9)})
    assert refused.value.details["available"] == 3


def test_units_at_an_inactive_location_count_only_in_their_own_sum() -> None:
    levels = {"front": Level.of(3, 1), "closed": Level.of(9, 2)}
    have = Stock("chair", "CHAIR", levels, ["front", "elsewhere"], 5, 20, 5)
    assert (have.available, have.reserved, have.inactive, have.total) == (3, 3, 9, 15)
    assert (have.available_at("front"), have.available_at("closed"), have.available_at("elsewhere")) == (3, 0, 0)
    assert (have.status, have.is_low, have.suggested_reorder, have.sources) == ("LOW", True, 20, ["front"])
    assert allocate([Wanted("chair", 1, "closed")], {"chair": have}) == ({}, {Wanted("chair", 1, "closed"): 0})
    check_change(have, "closed", -9)
    with pytest.raises(InsufficientStock) as refused:
        check_change(have, "closed", -1, selling=True)
    assert refused.value.details["available"] == 0


def test_units_arrive_at_the_first_active_location_and_leave_active_ones() -> None:
    assert spread(stock(active=["back", "front"], front=3, back=4), 5) == {"back": 5}
    assert spread(stock(active=["new", "front"], front=3), 5) == {"front": 5}
    assert spread(stock(active=["new"], closed=3), 5) == {"new": 5}
    assert spread(stock(active=["back", "front"], front=3, back=4, closed=9), -6) == {"back": -4, "front": -2}
    with pytest.raises(InsufficientStock):
        spread(stock(active=["front"], front=3, closed=9), -4)
    with pytest.raises(Conflict):
        spread(stock(active=[], closed=9), 1)


def test_a_count_of_all_locations_takes_from_active_ones_first() -> None:
    have = Stock("chair", "CHAIR", {"closed": Level.of(9), "front": Level.of(3, 1)}, ["front"])
    assert counted(have, 13) == {}
    assert counted(have, 15) == {"front": 2}
    assert counted(have, 11) == {"front": -2}
    assert counted(have, 6) == {"front": -3, "closed": -4}
    with pytest.raises(Conflict):
        counted(have, 0)


def test_lines_of_one_product_are_summed() -> None:
    lines = [Wanted("a", 1), Wanted("b", 2), Wanted("a", 3), Wanted("a", 1, "front")]
    assert summed(lines) == [Wanted("a", 4), Wanted("b", 2), Wanted("a", 1, "front")]


def test_active_locations_come_by_priority_and_then_by_name() -> None:
    places = [Location("z", "", 5), Location("b", "", 9), Location("a", "", 9), Location("x", "", 1, active=False)]
    assert by_priority(places) == ("z", "a", "b")


def test_an_adjustment_below_zero_available_is_refused() -> None:
    have = Stock("chair", "CHAIR", {"front": Level.of(3, 4)}, ["front"])
    check_change(have, "front", -3)
    with pytest.raises(InsufficientStock) as short:
        check_change(have, "front", -4)
    line = {"productId": "chair", "sku": "CHAIR", "requested": 4, "available": 3, "location": "front"}
    assert short.value.details == {"requested": 4, "available": 3, "lines": [line]}
    check_change(have, "front", QUANTITY_MAX - 7)
    with pytest.raises(Invalid) as refused:
        check_change(have, "front", QUANTITY_MAX - 6)
    found = "would raise the stock level above 1000000000"
    assert refused.value.details == [{"field": "quantity", "message": found}]


def test_a_count_below_the_reserved_units_is_refused() -> None:
    have = Stock("chair", "CHAIR", {"front": Level.of(3, 4)}, ["front"])
    assert counted(have, 10, "front") == {"front": 3}
    assert counted(have, 4, "front") == {"front": -3}
    assert counted(have, 7, "front") == {}
    with pytest.raises(Conflict) as refused:
        counted(have, 3, "front")
    assert refused.value.message == "4 units are reserved; the count cannot be lower"
    assert refused.value.details == {"counted": 3, "reserved": 4, "available": 3}
    assert counted(have, 3, "moon") == {"moon": 3}


@pytest.mark.parametrize(
    ("available", "status", "low"), [(0, "OUT", True), (1, "LOW", True), (9, "LOW", True), (10, "IN_STOCK", False)]
)
def test_the_status_follows_the_threshold(available: int, status: str, low: bool) -> None:
    have = stock(front=available)
    assert (have.status, have.is_low) == (status, low)


@pytest.mark.parametrize(("available", "suggested"), [(21, 0), (20, 50), (0, 50), (1000, 0)])
def test_reorders_come_in_whole_lots(available: int, suggested: int) -> None:
    assert stock(front=available).suggested_reorder == suggested


def test_a_reorder_has_as_many_lots_as_reach_the_reorder_point() -> None:
    have = Stock("chair", "CHAIR", {"front": Level.of(0)}, ["front"], 10, 20, 5)
    assert have.suggested_reorder == 25


def test_shifting_keeps_the_other_levels() -> None:
    before = Stock(
        "chair", "CHAIR", {"front": Level.of(3), "back": Level.of(4)}, ["front", "back"], 1, 2, 3, 99, version=7
    )
    after = shifted(before, {"back": reserve(2)})
    assert (after.product_id, after.sku, after.low_stock, after.reorder_point, after.reorder_quantity) == (
        "chair",
        "CHAIR",
        1,
        2,
        3,
    )
    assert (after.version, after.created_at) == (7, 99)
    assert after.levels == {"front": Level.of(3), "back": Level.of(2, 2)}
    assert (after.available, after.reserved, after.total) == (5, 2, 7)


@pytest.mark.parametrize("quantity", [0, -1, QUANTITY_MAX + 1])
def test_quantities_are_at_least_one_and_not_absurd(quantity: int) -> None:
    with pytest.raises(Invalid) as refused:
        check_quantity(quantity)
    found = "must be a whole number from 1 to 1000000000"
    assert refused.value.details == [{"field": "quantity", "message": found}]


def test_some_quantities_may_be_zero() -> None:
    check_quantity(1)
    check_quantity(QUANTITY_MAX)
    check_quantity(0, "count", least=0)
    with pytest.raises(Invalid) as refused:
        check_quantity(-1, "count", least=0)
    found = "must be a whole number from 0 to 1000000000"
    assert refused.value.details == [{"field": "count", "message": found}]


def test_a_location_without_the_product_allocates_none() -> None:
    allocations, short = allocate([Wanted("chair", 1, "moon")], {"chair": stock(front=3)})
    assert (allocations, short) == ({}, {Wanted("chair", 1, "moon"): 0})


def test_lines_with_and_without_a_location_share_the_same_units() -> None:
    wanted = [Wanted("chair", 1), Wanted("chair", 2, "front")]
    assert allocate(wanted, {"chair": stock(front=3)}) == ({"chair": {"front": 3}}, {})
    with pytest.raises(InsufficientStock) as refused:
        allocate_or_refuse([*wanted, Wanted("chair", 1)], {"chair": stock(front=3)})
    line = {"productId": "chair", "sku": "CHAIR", "requested": 2, "available": 1}
    assert refused.value.details["lines"] == [line]


def test_shifts_add_up() -> None:
    assert Shift(1, 2) + Shift(3, 5) == Shift(4, 7)
