"""What was sold: orders that were not cancelled, less what came back, and sales at the till."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct, field

if TYPE_CHECKING:
    from stockwright.orders.model import Order
    from stockwright.sales.lines import OrderLine
    from stockwright.sales.model import Sale


class SalesTotals(Struct):
    """Counts, units, and minor units of each currency: those are never summed with one another.

    A cancelled order only counts as cancelled. What came back is taken off the order it belongs to,
    and so off the day that was placed on; an order counts though all of it came back.
    """

    orders: int = 0
    cancelled: int = 0
    sales: int = 0
    units: int = 0
    returned: int = 0
    cents: Counter[str] = field(default_factory=Counter)

    def add_order(self, order: Order) -> None:
        """Count an order."""
        match order.row.counted:
            case "sold":
                self.orders += 1
                for line in order.lines:
                    self._add(line, order.currency)
            case "cancelled":
                self.cancelled += 1
            case "no":
                pass
            case other:
                assert_never(other)

    def add_sale(self, sale: Sale) -> None:
        """Count a sale at the till."""
        self.sales += 1
        for line in sale.lines:
            self._add(line, sale.currency)

    def _add(self, line: OrderLine, currency: str) -> None:
        kept = line.quantity - line.returned
        self.units += kept
        self.returned += line.returned
        self.cents[currency] += kept * line.unit_price_cents


class SoldProduct(Struct):
    """One product's part of what was sold, under a name it was sold by."""

    product_id: str
    sku: str
    name: str
    units: int = 0
    cents: Counter[str] = field(default_factory=Counter)


def add_lines(products: dict[str, SoldProduct], sold: Order | Sale) -> None:
    """Count the lines of an order that was not cancelled, or of a sale, for their products."""
    for line in sold.lines:
        product = products.get(line.product_id)
        if product is None:
            product = products[line.product_id] = SoldProduct(line.product_id, line.sku, line.name)
        kept = line.quantity - line.returned
        product.units += kept
        product.cents[sold.currency] += kept * line.unit_price_cents
