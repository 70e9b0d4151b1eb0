"""What an order comes to: every part a whole number of minor units, and all of them the total."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from stockwright.base.errors import Invalid
from stockwright.orders.amounts import (
    Discount,
    OrderAmounts,
    Shipping,
    Tax,
    amounts_of,
    kept_discounts,
    spread,
    tax_of,
)
from stockwright.sales.lines import OrderLine

PARCEL = Shipping("shm_1", "Parcel", 490)


def line(price: int, quantity: int = 1, rate: int | None = None) -> OrderLine:
    return OrderLine("p", "P-1", "Thing", price, quantity, tax_rate=UNSET if rate is None else rate)


def known(amounts: object) -> OrderAmounts:
    assert isinstance(amounts, OrderAmounts)
    return amounts


def test_lines_alone_have_no_amounts() -> None:
    assert amounts_of([line(500, 2)], None, None, tax_added=False) is UNSET
    assert amounts_of([line(500, 2)], None, None, tax_added=True) is UNSET


def test_discount_and_shipping_make_the_total() -> None:
    amounts = known(amounts_of([line(500, 2), line(999)], Discount("late", percent=10), PARCEL, tax_added=False))
    assert (amounts.goods, amounts.discount, amounts.shipping_cents, amounts.tax_cents) == (1999, 200, 490, 0)
    assert amounts.total_cents == 1999 - 200 + 490


def test_a_discount_of_more_than_the_goods_is_refused() -> None:
    assert Discount("all", amount_cents=1000).of(1000) == 1000
    with pytest.raises(Invalid):
        Discount("more", amount_cents=1001).of(1000)


def test_contained_tax_changes_no_total_and_added_tax_does() -> None:
    lines = [line(11900, rate=1900), line(10700, rate=700), line(100)]
    contained = known(amounts_of(lines, None, None, tax_added=False))
    assert contained.taxes == (Tax(700, 10700, 700), Tax(1900, 11900, 1900))
    assert contained.total_cents == 22700
    added = known(amounts_of(lines, None, None, tax_added=True))
    assert added.taxes == (Tax(700, 10700, 749), Tax(1900, 11900, 2261))
    assert added.total_cents == 22700 + 749 + 2261


def test_shipping_is_taxed_like_most_of_the_goods_and_a_discount_lowers_the_tax() -> None:
    lines = [line(1000, rate=700), line(3000, rate=1900)]
    amounts = known(amounts_of(lines, Discount("half", percent=50), PARCEL, tax_added=True))
    assert amounts.taxes == (Tax(700, 500, 35), Tax(1900, 1990, 378))


@pytest.mark.parametrize(("base", "rate", "added", "tax"), [
    (100, 1900, True, 19), (3, 1900, True, 1), (50, 100, True, 1), (49, 100, True, 0), (119, 1900, False, 19),
    (100, 1900, False, 16), (0, 1900, False, 0), (100, 0, True, 0), (100, 10_000, False, 50),
])  # fmt: skip
def test_tax_is_rounded_half_up(base: int, rate: int, added: bool, tax: int) -> None:
    assert tax_of(base, rate, added=added) == tax


LINES = st.lists(
    st.builds(line, st.integers(0, 10**7), st.integers(1, 50), st.sampled_from([None, 0, 700, 1900, 2500])),
    min_size=1,
    max_size=9,
)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), max_size=20))
def test_what_is_spread_is_all_of_it_and_no_part_is_out_of_proportion(amount: int, weights: list[int]) -> None:
    parts = spread(amount, weights)
    assert sum(parts) == (amount if sum(weights) else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - (amount * weight / sum(weights) if sum(weights) else 0)) <= 1


@given(LINES, st.integers(0, 100), st.booleans(), st.data())
def test_no_part_is_negative_and_all_of_them_are_the_total(
    lines: list[OrderLine],
    percent: int,
    tax_added: bool,
    chosen: st.DataObject,
) -> None:
    amounts = known(amounts_of(lines, Discount("x", percent=percent), PARCEL, tax_added=tax_added))
    assert 0 <= amounts.discount <= amounts.goods
    assert all(each.amount >= 0 for each in amounts.taxes)
    net = amounts.goods - amounts.discount + 490
    assert amounts.total_cents == net + (amounts.tax_cents if amounts.tax_added else 0)
    whole = kept_discounts(lines, amounts.discount, [each.quantity for each in lines])
    assert sum(whole) == amounts.discount if amounts.goods else True
    kept = [chosen.draw(st.integers(0, each.quantity)) for each in lines]
    for less, most, units, each in zip(kept_discounts(lines, amounts.discount, kept), whole, kept, lines, strict=True):
        assert 0 <= less <= max(most, 0)
        assert units or not less
        assert less <= units * each.unit_price_cents + 1
