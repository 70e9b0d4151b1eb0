"""Sales at the till: goods handed over, stock gone at once (S0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stockwright.sales.lines import OrderLine
    from stockwright.stock.model import Draws


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold at the till, by whom, and from which locations it was taken."""

    id: str
    lines: tuple[OrderLine, ...]
    draws: Draws
    currency: str
    total_cents: int
    sold_by: str
    created_at: int
    reference: str = ""
