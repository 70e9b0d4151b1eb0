"""A line's options: what the product offers, written as the product writes it."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.base.errors import Invalid
from stockwright.products.options import choose_options, describe_options, same_choice

PHONE: dict[str, Any] = {"color": ["midnight", "ivory", "coral"], "storage": [64, 128]}


@pytest.mark.parametrize(
    ("chosen", "written"),
    [
        ({}, {}),
        ({"color": "ivory"}, {"color": "ivory"}),
        ({"Color": " IVORY "}, {"color": "ivory"}),
        ({"storage": "128"}, {"storage": 128}),
        ({"storage": 64, "color": "coral"}, {"storage": 64, "color": "coral"}),
        ({"color": None}, {}),
        ({"colour": "coral"}, {"color": "coral"}),
    ],
)
def test_a_choice_is_stored_in_the_spelling_of_the_product(chosen: dict[str, Any], written: dict[str, Any]) -> None:
    assert choose_options(PHONE, chosen) == written


@pytest.mark.parametrize(
    ("chosen", "field", "message"),
    [
        ({"color": "purple"}, "items[2].options.color", "must be one of midnight, ivory, coral"),
        ({"color": "1"}, "items[2].options.color", "must be one of midnight, ivory, coral"),
        ({"storage": True}, "items[2].options.storage", "must be one of 64, 128"),
        ({"color": ["ivory"]}, "items[2].options.color", "must be one of midnight, ivory, coral"),
        ({"size": "M"}, "items[2].options.size", "is not an option of this product; choose from color, storage"),
    ],
)
def test_an_unknown_option_is_refused_with_the_choices(chosen: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        choose_options(PHONE, chosen, field="items[2].")
    assert refused.value.details == [{"field": field, "message": message}]


def test_all_wrong_options_are_reported_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        choose_options(PHONE, {"color": "purple", "storage": 1, "size": "M"}, 9)
    assert [each["field"] for each in refused.value.details] == [
        "options.color",
        "options.storage",
        "options.size",
        "color",
    ]


def test_a_product_without_options_takes_none_but_keeps_a_color() -> None:
    with pytest.raises(Invalid) as refused:
        choose_options({}, {"size": "M"})
    assert refused.value.details[0]["message"] == "is not an option of this product; it has none"
    assert choose_options({}, {}, "1") == {"color": "1"}
    assert choose_options({"size": ["S", "M"]}, {"size": "s"}, "red") == {"size": "S", "color": "red"}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ({"engraving": "up to 20 letters"}, {"engraving": "Mia"}),
        ({"engraving": "up to 20 letters"}, {"gift": {"paper": True}}),
        ({"color": []}, {"color": "any"}),
        ({"color": {"front": "red"}}, {"color": "blue"}),
    ],
)
def test_free_form_options_accept_any_value(offered: dict[str, Any], chosen: dict[str, Any]) -> None:
    assert choose_options(offered, chosen) == chosen


def test_a_free_form_option_beside_choices_takes_any_value_but_no_other_name() -> None:
    offered = {"engraving": "up to 20 letters", "color": ["red"]}
    assert choose_options(offered, {"engraving": "Mia", "color": "red"}) == {"engraving": "Mia", "color": "red"}
    with pytest.raises(Invalid, match="Validation failed"):
        choose_options(offered, {"size": "M"})


@pytest.mark.parametrize("name", ["color", "colors", "colour", "Colours"])
@pytest.mark.parametrize(("color", "written"), [("ivory", "ivory"), ("1", "midnight"), (3, "coral"), (" 2 ", "ivory")])
def test_the_color_of_s3_is_a_value_or_else_a_position(name: str, color: Any, written: str) -> None:
    assert choose_options({name: ["midnight", "ivory", "coral"]}, {}, color) == {name: written}


def test_a_color_that_is_a_number_is_not_a_position() -> None:
    assert choose_options({"color": ["3", "2", "1"]}, {}, "1") == {"color": "1"}


@pytest.mark.parametrize("color", ["0", "4", -1, 1.5, True, "²", "1" * 30, ["ivory"], {"a": 1}])
def test_an_unknown_color_is_refused_with_the_choices(color: Any) -> None:
    with pytest.raises(Invalid) as refused:
        choose_options(PHONE, {}, color, "items[0].")
    message = "must be one of midnight, ivory, coral, or a position from 1 to 3"
    assert refused.value.details == [{"field": "items[0].color", "message": message}]


def test_a_color_and_an_option_that_contradict_each_other_are_refused() -> None:
    assert choose_options(PHONE, {"color": "ivory"}, "2") == {"color": "ivory"}
    with pytest.raises(Invalid) as refused:
        choose_options(PHONE, {"color": "ivory"}, "1")
    assert refused.value.details[0]["field"] == "color"


def test_a_long_list_of_choices_is_shortened_in_the_message() -> None:
    with pytest.raises(Invalid) as refused:
        choose_options({"size": [f"s{number}" for number in range(40)]}, {"size": "x"})
    assert refused.value.details[0]["message"].endswith("s28, s29 and 10 more")


def test_choices_are_compared_without_regard_to_case_and_type() -> None:
    assert same_choice("Red ", "red")
    assert same_choice(1, "1")
    assert same_choice([1], [1])
    assert not same_choice(True, 1)
    assert not same_choice([1], "1")
    assert describe_options({"color": "red", "size": 4}) == "color: red, size: 4"
