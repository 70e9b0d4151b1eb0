"""What was sold is counted to the unit, in each currency by itself."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from stockwright.orders.model import place
from stockwright.reports.revenue import SalesTotals, SoldProduct, add_lines
from stockwright.sales.lines import OrderLine
from stockwright.sales.model import Sale

CHAIRS = OrderLine("chair", "CHAIR", "A chair", 1000, 3, returned=1)
DESK = OrderLine("desk", "DESK", "A desk", 25_000, 2)


def order(*lines: OrderLine, currency: str = "EUR", **changed: Any) -> Any:
    return replace(place("ord_1", ("usr", "mail"), lines, {}, currency, 1), **changed)


def sale(*lines: OrderLine, currency: str = "EUR") -> Sale:
    return Sale("sal_1", lines, {}, currency, 0, "usr", 1)


def test_orders_and_sales_are_counted_without_returned_units() -> None:
    totals = SalesTotals()
    assert (totals.orders, totals.cancelled, totals.sales, totals.units, totals.returned) == (0, 0, 0, 0, 0)
    totals.add_order(order(CHAIRS, DESK))
    totals.add_order(order(DESK, currency="USD"))
    totals.add_sale(sale(DESK))
    totals.add_sale(sale(CHAIRS))
    assert (totals.orders, totals.cancelled, totals.sales) == (2, 0, 2)
    assert (totals.units, totals.returned) == (2 + 2 + 2 + 2 + 2, 2)
    assert totals.cents == {"EUR": 2 * 2000 + 2 * 50_000, "USD": 50_000}


def test_a_cancelled_order_counts_only_as_cancelled() -> None:
    totals = SalesTotals()
    totals.add_order(order(CHAIRS, status="CANCELLED"))
    totals.add_order(order(CHAIRS, status="CANCELLED"))
    assert (totals.orders, totals.cancelled, totals.units, totals.returned, totals.cents) == (0, 2, 0, 0, {})


def test_each_product_has_its_own_totals() -> None:
    products: dict[str, SoldProduct] = {}
    add_lines(products, order(CHAIRS, DESK))
    add_lines(products, sale(replace(CHAIRS, name="Another name"), currency="USD"))
    add_lines(products, sale(CHAIRS))
    assert list(products) == ["chair", "desk"]
    chair, desk = products["chair"], products["desk"]
    assert (chair.product_id, chair.sku, chair.name, chair.units) == ("chair", "CHAIR", "A chair", 6)
    assert chair.cents == {"EUR": 4000, "USD": 2000}
    assert (desk.units, desk.cents) == (2, {"EUR": 50_000})
    assert SoldProduct("chair", "CHAIR", "A chair").units == 0
