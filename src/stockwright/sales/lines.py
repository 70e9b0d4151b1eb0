"""A line of an order or a sale, with price and options as they were when it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockwright.store.port import Body


LINES_MAX: Final = 1000
"""Real carts reach 593 lines (Online Retail, 2010)."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as it was when the order was placed; later changes of the product do not touch it."""

    product_id: str
    sku: str
    name: str
    unit_price_cents: int
    quantity: int
    options: Mapping[str, Any] = field(default_factory=dict)
    returned: int = 0

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


def line_body(line: OrderLine) -> Body:
    """Write one line of an order or sale."""
    return {
        "productId": line.product_id,
        "sku": line.sku,
        "name": line.name,
        "price": line.unit_price_cents,
        "quantity": line.quantity,
        "options": line.options,
        "returned": line.returned,
    }


def line_of(body: Body) -> OrderLine:
    """Read one line of an order or sale."""
    return OrderLine(
        product_id=body["productId"],
        sku=body["sku"],
        name=body["name"],
        unit_price_cents=body["price"],
        quantity=body["quantity"],
        options=body["options"],
        returned=body["returned"],
    )
