"""A line of an order or a sale, with price and options as they were when it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType, field

from stockwright.base.errors import Invalid
from stockwright.products.variant import OwnVariant, variant_id_of

LINES_MAX: Final = 1000
"""Real carts reach 593 lines (Online Retail, 2010)."""


class OrderLine(Struct, frozen=True, rename="camel"):
    """One line as it was when the order was placed; later changes of the product do not touch it."""

    product_id: str
    sku: str
    name: str
    unit_price_cents: int = field(name="price")
    quantity: int
    options: Mapping[str, Any] = {}
    returned: int = 0
    own_variant: OwnVariant = field(name="variantId", default=UNSET)
    cost_cents: int | UnsetType = field(name="cost", default=UNSET)
    """What a unit had cost the shop, where that was known; only those who work for the shop see it."""
    tax_rate: int | UnsetType = UNSET
    """In hundredths of a percent, where its product had one."""

    @property
    def variant_id(self) -> str:
        """The variant whose units it takes."""
        return variant_id_of(self.product_id, self.own_variant)

    @property
    def total_cents(self) -> int:
        """Price of the line in minor units."""
        return self.unit_price_cents * self.quantity


def line_id(number: int) -> str:
    """Name a line by its position in the order (from 0): lines never move, so that it holds for every order."""
    return f"line_{number + 1}"


def check_lines(lines: Iterable[OrderLine]) -> None:
    """Refuse an order of no lines or of more than LINES_MAX."""
    count = len(tuple(lines))
    if not 1 <= count <= LINES_MAX:
        raise Invalid.field("items", f"must hold 1 to {LINES_MAX} lines, not {count}")
