"""What was sold is summed to the unit, in each currency by itself."""

from __future__ import annotations

from stockwright.reports.revenue import Margin, SalesTotals


def test_quarter_hours_are_added_in_each_currency_by_itself() -> None:
    taken = SalesTotals()
    assert (taken.orders, taken.cancelled, taken.sales, taken.units, taken.returned) == (0, 0, 0, 0, 0)
    taken.add("EUR", (2, 0, 1, 9, 2, 700, 500, 300))
    taken.add("EUR", (1, 3, 4, 5, 6, 77, 50, 70))
    taken.add("USD", (1, 0, 0, 3, 0, 5, 0, 0))
    assert (taken.orders, taken.cancelled, taken.sales, taken.units, taken.returned) == (4, 3, 5, 17, 8)
    assert taken.cents == {"EUR": 777, "USD": 5}
    assert taken.margins == {"EUR": Margin(550, 370)}
    assert taken.margins["EUR"].amount == 180


def test_a_currency_is_named_where_something_was_sold_in_it_though_all_came_back() -> None:
    taken = SalesTotals()
    taken.add("EUR", (0, 2, 0, 0, 0, 0, 0, 0))
    assert dict(taken.cents) == {}
    taken.add("USD", (1, 0, 0, 0, 4, 0, 0, 0))
    taken.add("GBP", (0, 0, 1, 0, 4, 0, 0, 0))
    assert dict(taken.cents) == {"USD": 0, "GBP": 0}
