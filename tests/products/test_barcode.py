"""Barcodes: GTINs by their check digit, in every length one number; any other code as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockwright.base.errors import Invalid
from stockwright.products.barcode import (
    BARCODE_MAX,
    barcode_key,
    check_barcode,
    check_digit,
    clean_barcode,
    is_gtin,
    same_barcode,
)

GTINS = ("4006381333931", "036000291452", "96385074", "10036000291459", "9783161484100")
"""EAN-13, UPC-A, EAN-8, GTIN-14, and the number of a book."""
digits = st.text("0123456789", min_size=7, max_size=13).filter(lambda each: len(each) in {7, 11, 12, 13})


@pytest.mark.parametrize("gtin", GTINS)
def test_numbers_that_are_printed_on_goods_are_right(gtin: str) -> None:
    check_barcode(gtin)
    assert is_gtin(gtin)


@given(digits, st.integers(0, 12), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found(number: str, place: int, digit: str) -> None:
    gtin = number + check_digit(number)
    place %= len(gtin)
    other = gtin[:place] + digit + gtin[place + 1 :]
    assert is_gtin(other) == (other == gtin)


@given(digits)
def test_a_gtin_is_one_number_in_all_its_lengths(number: str) -> None:
    gtin = number + check_digit(number)
    for length in (12, 13, 14):
        if length >= len(gtin):
            assert is_gtin(gtin.zfill(length))
            assert same_barcode(gtin, gtin.zfill(length))
    assert len(barcode_key(gtin)) == 14


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("4 006381 333931", "4006381333931"),
        ("978-3-16-148410-0", "9783161484100"),
        (" 0 36000 29145 2 ", "036000291452"),
        ("A-1  b", "A-1 b"),
        ("12-34", "12-34"),
        ("12345678", "12345678"),
    ],
)
def test_blanks_and_hyphens_are_left_out_of_a_gtin_alone(written: str, kept: str) -> None:
    assert clean_barcode(written) == kept
    check_barcode(written)


def test_the_case_of_a_code_does_not_matter() -> None:
    assert same_barcode("abc-1", "ABC-1")
    assert not same_barcode("abc-1", "abc-2")
    assert not same_barcode("4006381333931", None)
    assert same_barcode(None, None)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("4006381333932", "4006381333931"),
        ("036000291453", "036000291452"),
        ("10036000291450", "10036000291459"),
        ("4 006381 333932", "4006381333931"),
    ],
)
def test_a_mistyped_number_is_refused_with_the_right_one(wrong: str, right: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_barcode(wrong)
    assert right in refused.value.details[0]["message"]


@pytest.mark.parametrize("code", ["", " ", "x" * (BARCODE_MAX + 1), "A\x00B", "A\u202eB"])
def test_what_no_scanner_reads_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        check_barcode(code, "variants[0].barcode")


@pytest.mark.parametrize("code", ["1", "12345678", "(01)04006381333931", "https://id.gs1.org/01/04006381333931"])
def test_any_other_code_is_taken_as_it_is(code: str) -> None:
    check_barcode(code)
    assert clean_barcode(code) == code
