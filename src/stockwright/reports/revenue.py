"""What was sold: orders that were not cancelled, less what came back, and sales at the till."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, field

from stockwright.products.variant import OwnVariant

if TYPE_CHECKING:
    from collections.abc import Sequence


class Margin(Struct):
    """What is left of the revenue of goods whose cost is known, in minor units of one currency.

    The cost is what the product had when it was sold. The tax that is contained in prices is not taken off.
    """

    revenue: int = 0
    cost: int = 0

    @property
    def amount(self) -> int:
        """Revenue without cost."""
        return self.revenue - self.cost

    def add(self, revenue: int, cost: int) -> None:
        """Add what was sold, and what it had cost."""
        self.revenue += revenue
        self.cost += cost


def add_margin(margins: dict[str, Margin], currency: str, revenue: int, cost: int) -> None:
    """Add what was sold in a currency; nothing where no cost is known."""
    if revenue or cost:
        margins.setdefault(currency, Margin()).add(revenue, cost)


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
    margins: dict[str, Margin] = field(default_factory=dict)

    def add(self, currency: str, numbers: Sequence[int]) -> None:
        """Add the sums of a quarter hour in one currency, as the rollups have them."""
        orders, cancelled, sales, units, returned, cents, costed, cost = numbers
        self.orders += orders
        self.cancelled += cancelled
        self.sales += sales
        self.units += units
        self.returned += returned
        if orders or sales:
            self.cents[currency] += cents
        add_margin(self.margins, currency, costed, cost)


class SoldProduct(Struct):
    """One product's part of what was sold."""

    product_id: str
    units: int = 0
    cents: Counter[str] = field(default_factory=Counter)
    margins: dict[str, Margin] = field(default_factory=dict)
    sku: str = ""
    name: str = ""
    variants: list[SoldProduct] = field(default_factory=list)
    """The parts of its variants that have stock of their own, the best first."""
    own_variant: OwnVariant = UNSET
