"""Stock arithmetic, judged by itself: no store, no clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockwright.domain.errors import Conflict, InsufficientStock, Invalid, NotFound
from stockwright.domain.stock import (
    QUANTITY_MAX,
    Level,
    Location,
    Shift,
    Stock,
    Thresholds,
    Wanted,
    adjusted,
    by_priority,
    check_quantity,
    counted,
    draw,
    draw_or_refuse,
    receive,
    release,
    reserve,
    sell,
    shifted,
    ship,
    summed,
)

units = st.integers(0, 50)


def stock(product_id: str = "chair", **available: int) -> Stock:
    return Stock(product_id, product_id.upper(), {place: Level(count) for place, count in available.items()})


@given(st.integers(1, 10**6))
def test_every_kind_of_change_moves_the_total_by_what_left_or_came(quantity: int) -> None:
    assert reserve(quantity).total == release(quantity).total == 0
    assert receive(quantity).total == quantity
    assert ship(quantity).total == sell(quantity).total == -quantity
    assert reserve(quantity) + release(quantity) == Shift()
    assert reserve(quantity) + ship(quantity) == sell(quantity)


@given(st.lists(units, min_size=1, max_size=4), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_a_draw_takes_exactly_what_is_wanted_or_tells_what_is_short(shelves: list[int], asked: list[int]) -> None:
    places = [f"place-{number}" for number in range(len(shelves))]
    have = stock(**{place.replace("-", "_"): count for place, count in zip(places, shelves, strict=True)})
    order = list(have.levels)
    draws, short = draw([Wanted("chair", quantity) for quantity in asked], {"chair": have}, order)
    drawn = draws.get("chair", {})
    assert all(0 < count <= have.levels[place].available for place, count in drawn.items())
    if sum(asked) <= have.available:
        assert not short
        assert sum(drawn.values()) == sum(asked)
    else:
        assert short == {Wanted("chair", sum(asked)): have.available}


def test_locations_are_drawn_on_in_their_order() -> None:
    draws = draw_or_refuse([Wanted("chair", 5)], {"chair": stock(front=2, back=9)}, ["front", "back"])
    assert draws == {"chair": {"front": 2, "back": 3}}


def test_a_line_that_names_its_location_is_served_first_and_only_there() -> None:
    have = {"chair": stock(front=3, back=3)}
    draws = draw_or_refuse([Wanted("chair", 3), Wanted("chair", 3, "front")], have, ["front", "back"])
    assert draws == {"chair": {"front": 3, "back": 3}}
    with pytest.raises(InsufficientStock) as refused:
        draw_or_refuse([Wanted("chair", 4, "front")], have, ["front", "back"])
    assert refused.value.details["lines"][0] == {
        "productId": "chair",
        "sku": "CHAIR",
        "requested": 4,
        "available": 3,
        "location": "front",
    }


def test_units_at_a_place_that_is_not_drawn_on_are_not_available() -> None:
    with pytest.raises(InsufficientStock) as refused:
        draw_or_refuse([Wanted("chair", 4)], {"chair": stock(front=3, closed=9)}, ["front"])
    assert refused.value.details["available"] == 3


def test_lines_of_one_product_are_summed() -> None:
    lines = [Wanted("a", 1), Wanted("b", 2), Wanted("a", 3), Wanted("a", 1, "front")]
    assert summed(lines) == [Wanted("a", 4), Wanted("b", 2), Wanted("a", 1, "front")]


def test_active_locations_come_by_priority_and_then_by_name() -> None:
    places = [Location("z", "", 5), Location("b", "", 9), Location("a", "", 9), Location("x", "", 1, active=False)]
    assert by_priority(places) == ["z", "a", "b"]


def test_an_adjustment_stops_at_zero_available() -> None:
    level, have = Level(3, reserved=4), stock(front=3)
    assert adjusted(level, -3, have, "front") == Shift(available=-3)
    with pytest.raises(InsufficientStock) as short:
        adjusted(level, -4, have, "front")
    line = {"productId": "chair", "sku": "CHAIR", "requested": 4, "available": 3, "location": "front"}
    assert short.value.details == {"requested": 4, "available": 3, "lines": [line]}
    assert adjusted(level, QUANTITY_MAX - 7, have, "front") == Shift(available=QUANTITY_MAX - 7)
    with pytest.raises(Invalid) as refused:
        adjusted(level, QUANTITY_MAX - 6, have, "front")
    told = "would bring the level above 1000000000"
    assert refused.value.details == [{"field": "quantity", "message": told}]


def test_a_count_stops_at_what_is_reserved() -> None:
    have = Stock("chair", "CHAIR", {"front": Level(3, 4)})
    assert counted(have, 10, "front") == 3
    assert counted(have, 4, "front") == -3
    with pytest.raises(Conflict) as refused:
        counted(have, 3, "front")
    assert refused.value.message == "4 units are reserved; the count cannot be below that"
    assert refused.value.details == {"counted": 3, "reserved": 4, "available": 3}
    with pytest.raises(NotFound) as nowhere:
        counted(have, 3, "moon")
    assert nowhere.value.message == "No stock of CHAIR is kept at location 'moon'"


@pytest.mark.parametrize(
    ("available", "status", "low"), [(0, "OUT", True), (1, "LOW", True), (9, "LOW", True), (10, "IN_STOCK", False)]
)
def test_the_status_follows_the_threshold(available: int, status: str, low: bool) -> None:
    have = stock(front=available)
    assert (have.status, have.is_low) == (status, low)


@pytest.mark.parametrize(("available", "suggested"), [(21, 0), (20, 50), (0, 50), (1000, 0)])
def test_reorders_come_in_whole_lots(available: int, suggested: int) -> None:
    assert stock(front=available).suggested_reorder == suggested


def test_reorders_are_as_many_lots_as_bring_it_above_the_point() -> None:
    have = Stock("chair", "CHAIR", {"front": Level(0)}, Thresholds(10, 20, 5))
    assert have.suggested_reorder == 25


def test_shifting_keeps_the_other_levels() -> None:
    before = Stock("chair", "CHAIR", {"front": Level(3), "back": Level(4)}, Thresholds(1, 2, 3), 7, 99)
    after = shifted(before, {"back": reserve(2)})
    assert (after.product_id, after.sku, after.thresholds) == ("chair", "CHAIR", Thresholds(1, 2, 3))
    assert (after.version, after.created_at) == (7, 99)
    assert after.levels == {"front": Level(3), "back": Level(2, 2)}
    assert (after.available, after.reserved, after.total) == (5, 2, 7)


@pytest.mark.parametrize("quantity", [0, -1, QUANTITY_MAX + 1])
def test_quantities_are_at_least_one_and_not_absurd(quantity: int) -> None:
    with pytest.raises(Invalid) as refused:
        check_quantity(quantity)
    told = "must be a whole number from 1 to 1000000000"
    assert refused.value.details == [{"field": "quantity", "message": told}]


def test_quantities_of_some_fields_may_be_none() -> None:
    check_quantity(1)
    check_quantity(QUANTITY_MAX)
    check_quantity(0, "count", least=0)
    with pytest.raises(Invalid) as refused:
        check_quantity(-1, "count", least=0)
    told = "must be a whole number from 0 to 1000000000"
    assert refused.value.details == [{"field": "count", "message": told}]


def test_a_place_that_keeps_none_of_it_gives_none() -> None:
    draws, short = draw([Wanted("chair", 1, "moon")], {"chair": stock(front=3)}, ["front"])
    assert (draws, short) == ({}, {Wanted("chair", 1, "moon"): 0})


def test_lines_with_and_without_a_place_draw_on_the_same_shelf() -> None:
    wanted = [Wanted("chair", 1), Wanted("chair", 2, "front")]
    assert draw(wanted, {"chair": stock(front=3)}, ["front"]) == ({"chair": {"front": 3}}, {})
    with pytest.raises(InsufficientStock) as refused:
        draw_or_refuse([*wanted, Wanted("chair", 1)], {"chair": stock(front=3)}, ["front"])
    line = {"productId": "chair", "sku": "CHAIR", "requested": 2, "available": 1}
    assert refused.value.details["lines"] == [line]


def test_shifts_add_up() -> None:
    assert Shift(1, 2) + Shift(3, 5) == Shift(4, 7)
