"""Numbers for people: short, one for each numbered id, and read however somebody writes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stockwright.base.ids import (
    ALPHABET,
    BEGIN_LETTERS,
    LONG_NUMBER_LETTERS,
    NUMBER_LETTERS,
    first_id,
    ids_of_number,
    number_of,
    numbered,
    time_text,
)
from tests.conftest import START

LETTERS = st.text(ALPHABET, min_size=2, max_size=2)
TIMES = st.integers(0, 2**48 - 1)


@given(TIMES, LETTERS)
def test_a_number_leads_to_its_one_id(at: int, within: str) -> None:
    made = numbered("ord", time_text(at) + within)
    assert made[: len("ord_") + 10] == first_id("ord", at)[: len("ord_") + 10]
    assert len(made) == len(first_id("ord", at))
    found = ids_of_number("ord", number_of(made))
    assert found == (made, made[: len("ord_") + BEGIN_LETTERS])


def test_a_number_of_now_has_ten_letters_in_two_groups() -> None:
    assert number_of(numbered("ord", time_text(START) + "7k")) == "HF7YAT00-7K".replace("-", "")[:5] + "-T007K"


@given(TIMES, st.text(ALPHABET, min_size=16, max_size=16))
def test_any_other_ulid_has_a_longer_number_that_its_id_begins_with(at: int, rest: str) -> None:
    made = f"ord_{time_text(at)}{rest}"
    number = number_of(made)
    if made != numbered("ord", made[4 : 4 + BEGIN_LETTERS]):
        found = ids_of_number("ord", number)
        assert found is not None
        assert found[0] == ""
        assert made.startswith(found[1])
        assert len(number.replace("-", "")) >= LONG_NUMBER_LETTERS > NUMBER_LETTERS


def test_a_number_is_read_in_any_spelling() -> None:
    made = numbered("ord", time_text(START) + "10")
    number = number_of(made)
    spellings = [number.lower(), number.replace("-", ""), f" #{number} "]
    spellings += [number.replace(digit, letter) for digit, letter in (("1", "I"), ("1", "l"), ("0", "o"))]
    for written in spellings:
        assert ids_of_number("ord", written) == (made, made[:16]), written


def test_what_is_no_number_is_none() -> None:
    for text in ("", "-", "K7QFM", "K7QFM-8K2T", "K7QFM-8K2T\u00fc", "UUUUU-UUUUU", "K7QFM-8K2TB-1"):
        assert ids_of_number("ord", text) is None, text


def test_an_id_that_is_no_ulid_is_its_own_number() -> None:
    assert number_of("ord_1700000000000000001") == "ord_1700000000000000001"
    assert number_of("42") == "42"
