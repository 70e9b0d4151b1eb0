"""Which lines a return means."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.base.errors import Invalid
from stockwright.orders.model import Order, ReturnedLine, advance, place, take_back
from stockwright.orders.returns import ReturnItem, find_returned_lines
from stockwright.sales.lines import OrderLine, line_id

NOW = 1_700_000_000_000


def cup(units: int, price: int = 400, product: str = "cup", **options: Any) -> OrderLine:
    return OrderLine(product, product.upper(), f"A {product}", price, units, options)


def order(*lines: OrderLine) -> Order:
    allocations: dict[str, dict[str, int]] = {}
    for line in lines:
        allocations.setdefault(line.product_id, {"default": 0})["default"] += line.quantity
    placed = place("ord_1", ("usr_alice", ""), lines, allocations, "EUR", NOW)
    return advance(placed, "PACKED", "usr_admin", NOW) or placed


def found(of: Order, *items: ReturnItem, **skus: str) -> list[tuple[int, int]]:
    return [(each.line, each.quantity) for each in find_returned_lines(of, items, skus)]


def message(of: Order, *items: ReturnItem) -> str:
    with pytest.raises(Invalid) as refused:
        find_returned_lines(of, items, {})
    [entry] = refused.value.details
    text: str = entry["message"]
    return text


TWO = order(cup(2, color="red"), cup(1, color="blue"))


def test_a_line_can_be_named_by_its_position() -> None:
    assert [line_id(number) for number in range(3)] == ["line_1", "line_2", "line_3"]
    assert found(TWO, ReturnItem(1, line_id="line_2")) == [(1, 1)]
    assert found(TWO, ReturnItem(1, "CUP", "line_2", {"color": "Blue"})) == [(1, 1)]


@pytest.mark.parametrize("name", ["cup", "CUP", "Cup "])
def test_options_distinguish_lines_of_one_product(name: str) -> None:
    assert found(TWO, ReturnItem(1, name, options={"color": "BLUE"})) == [(1, 1)]
    assert found(order(cup(1), cup(1, color="red")), ReturnItem(1, name, options={})) == [(0, 1)]


@pytest.mark.parametrize(
    "lines",
    [
        (cup(2, color="red"), cup(1, color="blue")),
        (cup(2, 400), cup(2, 100)),
        (cup(1), cup(1, product="other")),
    ],
    ids=["options", "price", "product"],
)
def test_a_name_of_several_lines_is_refused_with_a_list_of_them(lines: tuple[OrderLine, ...]) -> None:
    lines = (lines[0], OrderLine(lines[1].product_id, "CUP", "A cup", lines[1].unit_price_cents, 2, lines[1].options))
    found = message(order(*lines), ReturnItem(1, "CUP"))
    assert "line_1 = " in found
    assert "line_2 = " in found
    assert "lineId" in found


def test_an_ambiguous_name_stays_so_when_one_of_its_lines_is_fully_returned() -> None:
    """A second return by mistake must not go to the other line."""
    back, _ = take_back(TWO, [ReturnedLine(1, 1)], "usr_admin", NOW)
    assert "lineId" in message(back, ReturnItem(1, "cup"))


def test_equal_lines_are_returned_first_to_last() -> None:
    equal = order(cup(2, color="red"), cup(3, color="red"))
    assert found(equal, ReturnItem(4, "CUP")) == [(0, 2), (1, 2)]
    assert found(equal, ReturnItem(1, "CUP"), ReturnItem(2, "cup")) == [(0, 1), (0, 1), (1, 1)]


def test_the_current_sku_finds_the_line_of_the_former_one() -> None:
    assert found(order(cup(2)), ReturnItem(1, "MUG-NEW"), **{"MUG-NEW": "cup"}) == [(0, 1)]


def test_an_unknown_line_is_refused_with_a_list_of_the_lines() -> None:
    assert message(TWO, ReturnItem(1, "desk")) == (
        "the order has no line of desk; its lines are line_1 = 2 × CUP (color: red) at 400, "
        "line_2 = 1 × CUP (color: blue) at 400"
    )
    assert message(TWO, ReturnItem(1, line_id="line_3")).startswith("the order has no line of line_3")
    assert message(TWO, ReturnItem(1, "desk", "line_1")).startswith("the order has no line of desk")
    assert message(TWO, ReturnItem(1, "cup", options={"color": "green"})).startswith(
        "the order has no line of cup (color: green)"
    )
    assert message(order(*[cup(1)] * 25), ReturnItem(1, "desk")).endswith(" and 5 more")


def test_all_wrong_items_are_reported_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        find_returned_lines(TWO, [ReturnItem(1, "desk"), ReturnItem(1, "cup"), ReturnItem(9, line_id="line_1")], {})
    assert [each["field"] for each in refused.value.details] == ["items[0]", "items[1]", "items[2].quantity"]
    assert refused.value.details[2]["message"] == "only 2 of line_1 can still be returned"
