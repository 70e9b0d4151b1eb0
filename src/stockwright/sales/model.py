"""Sales at the till: goods handed over, stock gone at once (S0)."""

from __future__ import annotations

from msgspec import field

from stockwright.base.record import Record
from stockwright.sales.lines import OrderLine
from stockwright.stock.model import Allocations


class Sale(Record, frozen=True):
    """What was sold at the till, by whom, and from which locations it was taken."""

    KIND = "SALE"
    id: str
    lines: tuple[OrderLine, ...]
    allocations: Allocations
    currency: str
    total_cents: int = field(name="total")
    sold_by: str
    created_at: int
    reference: str = ""
